"""What a decoded photo carries is fit for every writer, whatever the file said."""

import struct
from hashlib import sha256

import numpy as np
import pytest

from photochrom.errors import UnsupportedFormat
from photochrom.photo.options import ColorizeOptions, OutputFormat
from security.hostile_photos import overlapping_exif, png_chunk
from workers.pipeline.colorizer import colorize


def with_chunk(png: bytes, kind: bytes, payload: bytes) -> bytes:
    return png[:33] + png_chunk(kind, payload) + png[33:]


@pytest.mark.parametrize("asked", [name for name in OutputFormat if name is not OutputFormat.SAME])
@pytest.mark.parametrize("exif", [b"nonsense", overlapping_exif(60_000)], ids=["damaged", "overlapping"])
def test_damaged_exif_is_left_out_with_a_word(asked, exif, save, grey_photo, predictor):
    source = with_chunk(save(np.ascontiguousarray(grey_photo[:64, :64]), "PNG"), b"eXIf", exif)
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert "The photo's EXIF data are damaged; they were left out." in result.warnings
    assert exif not in result.data


@pytest.mark.parametrize("asked", ["tiff", "png", "webp"])
def test_a_resolution_that_nothing_can_have_is_left_out(asked, save, grey_photo, predictor):
    plain = save(np.ascontiguousarray(grey_photo[:64, :64]), "PNG")
    source = with_chunk(plain, b"pHYs", struct.pack(">IIB", 2**32 - 1, 2**32 - 1, 1))
    plainly, result = (
        colorize(data, predictor, ColorizeOptions(format=asked)).data for data in (plain, source)
    )
    # Each note holds the hash of its own original; PNG has a checksum of four bytes over that.
    noted, expected = (sha256(data).hexdigest().encode() for data in (source, plain))
    result = result.replace(noted, expected)
    assert len(result) == len(plainly)
    assert sum(a != b for a, b in zip(result, plainly, strict=True)) <= (4 if asked == "png" else 0)


@pytest.mark.parametrize("asked", ["jpeg", "heic", "avif", "webp"])
def test_what_a_format_cannot_hold_is_refused_with_a_way_out(asked, save, predictor):
    source = save(np.zeros((8, 67_000), np.uint8), "PNG")
    with pytest.raises(UnsupportedFormat, match=r"(?i)" + asked + r".* pixels.*ask for another format"):
        colorize(source, predictor, ColorizeOptions(format=asked))
