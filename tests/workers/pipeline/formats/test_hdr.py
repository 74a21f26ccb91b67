"""Colours that are named by numbers in HEIC, AVIF and JPEG XL: read by them, and HDR is said not to be."""

import io
import struct

import imagecodecs
import numpy as np
import pillow_heif
import pytest

from photochrom.color import encoded, lightness, linear
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.colorizer import colorize
from workers.pipeline.decode import decode
from workers.pipeline.formats.jxl.boxes import codestream_of
from workers.pipeline.formats.jxl.header import read_header
from workers.pipeline.limits import PhotoLimits

FORMATS = {"HEIC": PhotoFormat.HEIC, "AVIF": PhotoFormat.AVIF}


def named(format_: str, pixels: np.ndarray, primaries: int, curve: int) -> bytes:
    """Write a picture whose boxes name these primaries and this curve of ITU-T H.273."""
    if format_ == "AVIF":
        codes = {"primaries": primaries, "transfer": curve}
        return bytes(imagecodecs.avif_encode(pixels, level=100, speed=8, **codes))
    image = pillow_heif.from_bytes("RGB", pixels.shape[1::-1], pixels.tobytes())
    file = io.BytesIO()
    image.save(file, quality=100, chroma=444, color_primaries=primaries, transfer_characteristics=curve)
    return renamed(file.getvalue(), primaries, curve)


def renamed(data: bytes, primaries: int, curve: int) -> bytes:
    """Return the file with these names in every box of colours that names any."""
    parts = data.split(b"colrnclx")
    assert len(parts) > 1
    names = b"colrnclx" + struct.pack(">HH", primaries, curve)
    return parts[0] + b"".join(names + part[4:] for part in parts[1:])


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(("curve", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_said_not_to_be_supported(format_, curve, name, predictor, rgb_photo):
    source = renamed(named(format_, rgb_photo[:64, :96].copy(), 1, 13), 9, curve)
    result = colorize(source, predictor, ColorizeOptions(format="png"))
    assert any(f"HDR colours ({name})" in warning for warning in result.warnings)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("curve", [1, 6, 13, 2])
def test_names_of_video_are_read_as_srgb(format_, curve, rgb_photo):
    plain = named(format_, rgb_photo[:64, :96].copy(), 1, 13)
    photo = decode(renamed(plain, 1, curve), FORMATS[format_], PhotoLimits())
    assert photo.metadata.icc is None
    assert (photo.pixels == decode(plain, FORMATS[format_], PhotoLimits()).pixels).all()


@pytest.mark.parametrize("format_", FORMATS)
def test_linear_light_is_read_as_such(format_, rgb_photo):
    plain = named(format_, rgb_photo[:64, :96].copy(), 1, 13)
    numbers = decode(plain, FORMATS[format_], PhotoLimits()).pixels / 255
    found = decode(renamed(plain, 1, 8), FORMATS[format_], PhotoLimits()).pixels / 255
    assert np.abs(linear(found) - numbers).max() < 0.01


@pytest.mark.parametrize("format_", FORMATS)
def test_colours_of_a_wide_screen_are_read_as_such(format_, rgb_photo):
    plain = named(format_, rgb_photo[:64, :96].copy(), 1, 13)
    numbers = decode(plain, FORMATS[format_], PhotoLimits()).pixels / 255
    found = decode(renamed(plain, 12, 13), FORMATS[format_], PhotoLimits()).pixels / 255
    # Display P3's own row of luminance (SMPTE EG 432-1).
    wanted = linear(numbers) @ np.array([0.2289746, 0.6917385, 0.0792869])
    inside = (found > 0).all(-1) & (found < 1).all(-1)
    assert (
        np.abs(lightness(found)[inside] - lightness(encoded(wanted)[..., None].repeat(3, -1))[inside]).max()
        < 1
    )


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize(("curve", "name"), [(16, "PQ"), (18, "HLG")])
def test_an_hdr_jpeg_xl_says_so(lossless, curve, name, predictor, rgb_photo):
    deep = rgb_photo[:64, :64].astype(np.uint16) * 257
    kind = {"lossless": True} if lossless else {"level": 95}
    source = in_bt2100(codestream_of(bytes(imagecodecs.jpegxl_encode(deep, **kind))), curve)
    result = colorize(source, predictor, ColorizeOptions(format="png"))
    assert any(f"HDR colours ({name})" in warning for warning in result.warnings)


def in_bt2100(codestream: bytes, curve: int) -> bytes:
    """Put BT.2100's primaries and a curve of it in the place of what the header says of colours."""
    header = read_header(codestream)
    start, stop = header.encoding_bits
    assert stop
    # Not as usual, no profile; RGB; D65; primaries; no gamma, the curve; relative. Numbers above 1 as what is above
    # 2 in four bits, those above 17 in six.
    of_curve = ((2, 2), (curve - 2, 4)) if curve < 18 else ((3, 2), (curve - 18, 6))
    word = size = 0
    for value, wide in ((0, 1), (0, 1), (0, 2), (1, 2), (2, 2), (7, 4), (0, 1), *of_curve, (1, 2)):
        word |= value << size
        size += wide
    said = int.from_bytes(codestream[: -(-header.end // 8)], "little") & ((1 << header.end) - 1)
    anew = said & ((1 << start) - 1) | word << start | said >> stop << start + size
    length = header.end - stop + start + size
    return anew.to_bytes(-(-length // 8), "little") + codestream[-(-header.end // 8) :]
