"""Profiles are used where they can be, and never to ruin a picture."""

import io
import struct

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.color.profile import as_srgb
from workers.pipeline.color.space import space_of
from workers.pipeline.color.spaces import BY_PROFILE, BY_RULE, from_cmyk
from workers.pipeline.colorizer import colorize
from workers.pipeline.metadata import icc
from workers.pipeline.photo import Metadata, Photo

LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


def replaced(profile: bytes, tag: bytes, body: bytes) -> bytes:
    """A profile in which the data of a tag begin otherwise."""
    for at in range(132, 132 + 12 * 20, 12):
        if profile[at : at + 4] == tag:
            start = int.from_bytes(profile[at + 4 : at + 8], "big")
            return profile[:start] + body + profile[start + len(body) :]
    raise AssertionError(tag)


def grey_of(profile: bytes) -> bytes:
    return profile[:16] + b"GRAY" + profile[20:].replace(b"rTRC", b"kTRC", 1)


XYZ_ZERO = b"XYZ \0\0\0\0" + bytes(12)
FLAT = b"curv\0\0\0\0" + struct.pack(">I", 1024) + bytes(2048)
SRGB = icc.srgb()
BLACK = replaced(SRGB, b"rTRC", FLAT)
NO_MATRIX = replaced(replaced(replaced(SRGB, b"rXYZ", XYZ_ZERO), b"gXYZ", XYZ_ZERO), b"bXYZ", XYZ_ZERO)
ONE_COLUMN = replaced(SRGB, b"gXYZ", XYZ_ZERO)
BROKEN = {"no matrix": NO_MATRIX, "one column less": ONE_COLUMN, "flat curves": BLACK, "cut": SRGB[:400]}


@pytest.mark.parametrize("profile", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_broken_profile_is_not_applied_and_that_is_said(dtype, grey, profile):
    levels = LEVELS.astype(dtype) * dtype(1 if dtype == np.uint8 else 257)
    pixels = levels if grey else np.dstack([levels, levels[::-1], levels.T])
    if grey and profile is not BLACK and profile is not BROKEN["cut"]:
        return  # a grey picture has no use for a matrix
    photo = as_srgb(Photo(pixels, PhotoFormat.PNG, Metadata(icc=grey_of(profile) if grey else profile)))
    assert_array_equal(photo.pixels, pixels)
    assert "could not be used" in photo.warnings[0]
    assert icc.is_srgb(photo.metadata.icc)


@pytest.mark.parametrize("profile", BROKEN.values(), ids=BROKEN)
def test_a_jpeg_is_coloured_as_if_it_had_none(profile, grey_photo, pillow_jpeg, predictor):
    assert space_of(profile) is None
    result = colorize(pillow_jpeg(grey_photo, icc_profile=profile), predictor, ColorizeOptions())
    assert any("ICC profile" in warning for warning in result.warnings)


def cmyk_profile() -> bytes:
    """A CMYK profile of tables (ICC.1:2010, mft2): each of the three inks takes a third of the light, black all."""
    corners = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    light = 90 * (1 - corners[:, 3]) * (1 - corners[:, :3].mean(axis=1))
    table = np.stack([light / 100 * 65280, *[np.full(16, 32768)] * 2], axis=-1).astype(">u2").tobytes()
    identity = np.array([0, 65535], ">u2").tobytes()
    unit = np.eye(3).ravel()
    lut = b"mft2\0\0\0\0" + bytes([4, 3, 2, 0]) + struct.pack(">9i", *(round(v * 65536) for v in unit))
    lut += struct.pack(">HH", 2, 2) + identity * 4 + table + identity * 3
    body = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 2) + b"x\0" + bytes(79), b"A2B0": lut, b"A2B1": lut}
    body[b"wtpt"] = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    at, head, data = 132 + 12 * len(body), struct.pack(">I", len(body)), b""
    for tag, value in body.items():
        head += tag + struct.pack(">II", at + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    fixed = struct.pack(">I4s4s", at + len(data), bytes(4), b"\x02\x10\0\0") + b"prtrCMYKLab "
    fixed += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return fixed.ljust(128, b"\0") + head + data


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cmyk_goes_through_its_profile(dtype, lightness_of):
    top = np.iinfo(dtype).max
    inks = np.zeros((1, 3, 4), dtype)
    inks[0, 1, 3], inks[0, 2] = top // 2, (top, top, top, 0)
    found, sentence = from_cmyk(inks, cmyk_profile())
    assert sentence == BY_PROFILE
    assert found.dtype == dtype
    # Relative to its paper, which is the white.
    light = lightness_of(found)[0]
    assert light[0] > light[1] > light[2]
    assert light[2] < 5


@pytest.mark.parametrize(
    "profile", [None, b"nonsense", SRGB, cmyk_profile()[:300]], ids=["none", "noise", "rgb", "cut"]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_without_a_profile_inks_are_ideal(dtype, profile):
    top = np.iinfo(dtype).max
    inks = np.random.default_rng(0).integers(0, top, (40, 30, 4), dtype, endpoint=True)
    found, sentence = from_cmyk(inks, profile)
    assert sentence == BY_RULE
    share = 1 - inks / top
    assert np.abs(found / top - share[..., :3] * share[..., 3:]).max() <= 0.5 / top + 1e-9


@pytest.mark.parametrize("asked", ["same", "png", "tiff"])
@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_a_cmyk_file_comes_back_in_colour(format_, asked, grey_photo, predictor, lightness_of):
    file = io.BytesIO()
    small = np.ascontiguousarray(grey_photo[:96, :96])
    Image.fromarray(small).convert("CMYK").save(
        file, format_, quality=100
    ) if format_ == "JPEG" else tifffile.imwrite(
        file, np.dstack([np.zeros((96, 96, 3), np.uint8), 255 - small]), photometric="separated"
    )
    result = colorize(file.getvalue(), predictor, ColorizeOptions(format=asked, quality=100))
    data = io.BytesIO(result.data)
    found = (
        tifffile.imread(data) if result.extension == ".tif" else np.asarray(Image.open(data).convert("RGB"))
    )
    assert np.abs(lightness_of(found) - lightness_of(small)).mean() < 1.5
    assert any("CMYK" in warning for warning in result.warnings)


@pytest.mark.parametrize("deep", [False, True], ids=["8 bits", "16 bits"])
def test_a_grey_profile_in_cielab_gives_lightness_itself(deep, predictor, grey_photo, lightness_of):
    """Printers' profiles of grey do (QuadTone RIP, for one): ICC.1:2010, table 21 and 8.3.4."""
    pixels = grey_photo.astype(np.uint16) * 257 if deep else grey_photo
    source = imwrite_bytes(pixels, grey_in_lab())
    result = colorize(source, predictor, ColorizeOptions())
    found = lightness_of(tifffile.imread(io.BytesIO(result.data)))
    assert np.abs(found - pixels / np.iinfo(pixels.dtype).max * 100).max() < 0.5


def test_a_jpeg_s_grey_profile_in_cielab_becomes_one_of_light(predictor, save, grey_photo, luma_of):
    source = save(grey_photo, "JPEG", quality=95, icc_profile=grey_in_lab())
    result = colorize(source, predictor, ColorizeOptions())
    assert (luma_of(result.data) == luma_of(source)).all()
    with Image.open(io.BytesIO(result.data)) as image:
        curve = icc.tone_curve(image.info["icc_profile"], b"rTRC")
    wanted = np.linspace(0, 100, len(curve))
    assert np.abs(116 * np.cbrt(curve) - 16 - wanted)[wanted > 8].max() < 0.2


def grey_in_lab() -> bytes:
    linear = b"curv\0\0\0\0\0\0\0\1\1\0\0\0"
    profile = bytearray(icc._profile({b"kTRC": linear}, b"grey in CIELAB", b"GRAY"))
    profile[20:24] = b"Lab "
    return bytes(profile)


def imwrite_bytes(pixels: np.ndarray, profile: bytes) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, photometric="minisblack", iccprofile=profile, metadata=None)
    return file.getvalue()
