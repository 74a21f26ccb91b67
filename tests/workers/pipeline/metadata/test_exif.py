import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import APP0, JpegFile, Segment
from workers.pipeline.metadata.exif import turned_exif, without_thumbnail

THUMBNAIL = b"\xff\xd8 a small grey picture \xff\xd9"
TURNED_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def stated(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x011A], exif[0x011B] = orientation, 400.0, 300.0
    exif[0x8769] = {0xA002: 96, 0xA003: 64, 0x9003: "1908:05:01 12:00:00"}
    return exif


def loaded(block: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block)
    return exif


def with_thumbnail(order: str, after: bytes = b"") -> bytes:
    """EXIF of one tag, and a directory of a thumbnail that lies at the end, or before other bytes."""
    mark = {"<": b"II*\x00", ">": b"MM\x00*"}[order]
    first = struct.pack(order + "HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 26)
    entries = ((0x0201, 4, 1, 56), (0x0202, 4, 1, len(THUMBNAIL)))
    second = (
        struct.pack(order + "H", 2) + b"".join(struct.pack(order + "HHII", *e) for e in entries) + bytes(4)
    )
    return mark + struct.pack(order + "I", 8) + first + second + THUMBNAIL + after


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_what_is_stated_across_and_down_turns_with_the_picture(
    orientation, format_, save, predictor, rgb_photo
):
    exif = stated(orientation)
    options = {"exif": loaded(exif.tobytes()) if format_ == "TIFF" else exif.tobytes(), "dpi": (400, 300)}
    data = save(np.ascontiguousarray(rgb_photo[:64, :96]), format_, **options)
    across, down = (400, 300) if orientation < 5 else (300, 400)
    for asked in ("same", "tiff"):
        with Image.open(io.BytesIO(colorize(data, predictor, ColorizeOptions(format=asked)).data)) as image:
            exif = image.getexif()
            assert exif.get(0x0112, 1) == 1
            assert np.allclose(image.info.get("dpi") or (exif[282], exif[283]), (across, down), rtol=1e-3)
            nested = exif.get_ifd(0x8769)
            assert (nested[0xA002], nested[0xA003]) == image.size
            assert nested[0x9003] == "1908:05:01 12:00:00"


@pytest.mark.parametrize("format_", ["WEBP", "AVIF", "HEIF"])
def test_xmp_does_not_ask_for_another_turn(format_, save, predictor, rgb_photo):
    pixels = np.ascontiguousarray(rgb_photo[:64, :96])
    data = save(pixels, format_, exif=stated(6).tobytes(), xmp=TURNED_XMP)
    result = colorize(data, predictor, ColorizeOptions())
    assert b'tiff:Orientation="1"' in result.data
    assert b'tiff:Orientation="6"' not in result.data


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("after", [b"", b"other data"])
def test_a_thumbnail_goes_and_nothing_else(order, after):
    block = with_thumbnail(order, after)
    assert dict(loaded(block).get_ifd(ExifTags.IFD.IFD1))
    found = without_thumbnail(block)
    assert THUMBNAIL not in found
    assert not dict(loaded(found).get_ifd(ExifTags.IFD.IFD1))
    assert loaded(found)[0x0112] == 6
    assert found.endswith(after)
    assert len(found) == (len(block) if after else len(block) - len(THUMBNAIL))
    assert without_thumbnail(found) == found


@pytest.mark.parametrize("asked", ["same", "png", "webp", "heic"])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_no_result_shows_the_grey_thumbnail(format_, asked, save, predictor, grey_photo):
    block = with_thumbnail("<")
    data = save(grey_photo[:64, :64].copy(), format_, exif=b"Exif\x00\x00" + block)
    assert THUMBNAIL in data
    assert THUMBNAIL not in colorize(data, predictor, ColorizeOptions(format=asked)).data


def test_nor_does_jfif(pillow_jpeg, predictor, grey_photo):
    plain = JpegFile.read(pillow_jpeg(grey_photo[:64, :64], dpi=(400, 300)))
    jfif = Segment(APP0, plain.metadata[0].payload[:12] + b"\x02\x01" + b"\x10\x20\x30" * 2)
    more = Segment(APP0, b"JFXX\x00\x10" + THUMBNAIL)
    data = bytes(plain.with_metadata((jfif, more, *plain.metadata[1:])))
    result = JpegFile.read(colorize(data, predictor, ColorizeOptions()).data)
    assert [s for s in result.metadata if s.marker == APP0] == [plain.metadata[0]]


@given(
    st.binary(max_size=200), st.sampled_from([b"II*\x00\x08\x00\x00\x00", b"MM\x00*\x00\x00\x00\x08", b""])
)
def test_no_block_is_too_damaged(rest, head):
    block = head + rest
    assert len(turned_exif(block, 6)) == len(block) or len(block) < 12
    assert len(without_thumbnail(block)) <= len(block)
