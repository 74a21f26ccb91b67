import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import APP13, JpegFile, Segment
from workers.pipeline.metadata import photoshop

THUMBNAIL = b"\xff\xd8 a small grey picture \xff\xd9"
RECORDS = b"\x1c\x02\x50\x00\x03Ann"


def resource(kind: int, data: bytes, name: bytes = b"") -> bytes:
    named = bytes([len(name)]) + name + bytes((len(name) + 1) % 2)
    return (
        b"8BIM" + struct.pack(">H", kind) + named + struct.pack(">I", len(data)) + data + bytes(len(data) % 2)
    )


def segment(*resources: bytes) -> Segment:
    return Segment(APP13, b"Photoshop 3.0\x00" + b"".join(resources))


def test_no_result_shows_the_grey_thumbnail(pillow_jpeg, predictor, grey_photo):
    others = resource(0x0404, RECORDS), resource(0x0BB7, b"odd")
    before = segment(resource(0x0409, THUMBNAIL), others[0], resource(0x040C, THUMBNAIL + b"x"), others[1])
    plain = JpegFile.read(pillow_jpeg(grey_photo[:64, :64]))
    data = bytes(plain.with_metadata((*plain.metadata, before)))
    result = JpegFile.read(colorize(data, predictor, ColorizeOptions()).data)
    assert [s for s in result.metadata if s.marker == APP13] == [segment(*others)]


@pytest.mark.parametrize("name", [b"", b"a", b"ab"])
def test_records_are_found_behind_named_resources(name):
    assert photoshop.iptc(resource(0x0BB7, b"odd", name) + photoshop.with_iptc(RECORDS)) == RECORDS
    assert photoshop.iptc(resource(0x0BB7, b"odd", name)) is None


@given(st.binary(max_size=60), st.booleans())
def test_no_resources_are_too_damaged(rest, begun):
    damaged = (b"8BIM\x04\x0c" if begun else b"") + rest
    photoshop.iptc(damaged)
    assert len(photoshop.without_thumbnails(damaged)) <= len(damaged)
