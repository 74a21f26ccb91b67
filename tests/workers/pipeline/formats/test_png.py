import io
import struct
import zlib

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom import color
from photochrom.errors import UnreadablePhoto, UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.color.profile import UNREAD
from workers.pipeline.colorizer import colorize
from workers.pipeline.decode import decode
from workers.pipeline.formats.png import read_png, write_png
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.metadata import icc
from workers.pipeline.photo import Metadata


def chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def with_chunks(png: bytes, *chunks: bytes) -> bytes:
    """Put chunks after the header."""
    return png[:33] + b"".join(chunks) + png[33:]


def gamma_chunk(gamma: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000)))


SRGB_CHUNK = chunk(b"sRGB", b"\x00")
PROFILE_CHUNK = chunk(b"iCCP", b"x\x00\x00" + zlib.compress(icc.srgb()))


@pytest.mark.parametrize("gamma", [1.0, 1 / 1.8, 1 / 2.5])
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_the_gamma_chunk_says_which_light_is_meant(gamma, colour, save, predictor, rgb_photo, lightness_of):
    pixels = np.ascontiguousarray(rgb_photo[60:220, 100:340] if colour else rgb_photo[60:220, 100:340, 1])
    light = (pixels / 255) ** (1 / gamma)
    luminance = light @ color.RGB_TO_XYZ[1] if colour else light
    result = colorize(with_chunks(save(pixels, "PNG"), gamma_chunk(gamma)), predictor, ColorizeOptions())
    with Image.open(io.BytesIO(result.data)) as image:
        assert icc.is_srgb(image.info["icc_profile"])
        difference = lightness_of(np.asarray(image)) - color.lightness_of_luminance(luminance)
    assert np.abs(difference).max() < 1.5
    assert np.abs(difference).mean() < 0.2


@pytest.mark.parametrize(
    "chunks",
    [
        (gamma_chunk(1.0), SRGB_CHUNK),
        (PROFILE_CHUNK, gamma_chunk(1.0)),
        (gamma_chunk(0.45455),),
        (gamma_chunk(0),),
        (gamma_chunk(40_000),),
        (chunk(b"gAMA", b"\x01"),),
        (chunk(b"cICP", b"\x01\x0d\x00\x01"), gamma_chunk(1.0)),
    ],
)
def test_numbers_stay_where_gamma_says_nothing_new(chunks, save, predictor, grey_photo):
    data = with_chunks(save(grey_photo, "PNG"), *chunks)
    found = np.asarray(Image.open(io.BytesIO(colorize(data, predictor, ColorizeOptions(strength=0)).data)))
    assert np.abs(found[..., 0].astype(int) - grey_photo).max() <= 1


def key_png(levels: np.ndarray, depth: int, colour: int, key: bytes) -> bytes:
    """A PNG by the standard, of grey or RGB samples with a transparent key."""
    weights = np.arange(depth - 1, -1, -1)
    rows = levels.reshape(len(levels), -1)
    packed = np.packbits((rows[..., None] >> weights & 1).astype(np.uint8).reshape(len(rows), -1), axis=1)
    lines = np.hstack([np.zeros((len(rows), 1), np.uint8), packed]).tobytes()
    head = struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], depth, colour, 0, 0, 0)
    parts = ((b"IHDR", head), (b"tRNS", key), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_grey_that_is_transparent_is_so_at_every_depth(depth):
    levels = np.random.default_rng(0).integers(0, 2**depth, (32, 40))
    key = int(levels[3, 5])
    photo = read_png(key_png(levels, depth, 0, struct.pack(">H", key)), PhotoLimits())
    top = 255 if depth <= 8 else 65535
    assert_array_equal(photo.pixels, levels * (top // (2**depth - 1)))
    assert_array_equal(photo.alpha, np.where(levels == key, 0, top))


@pytest.mark.parametrize("depth", [8, 16])
def test_a_colour_that_is_transparent_is_so_at_every_depth(depth):
    levels = np.random.default_rng(0).integers(0, 2**depth, (32, 40, 3))
    levels[2, 3, 1:] = levels[5, 5, 1:]  # all but one channel are the key's
    photo = read_png(key_png(levels, depth, 2, struct.pack(">HHH", *levels[5, 5])), PhotoLimits())
    assert_array_equal(photo.pixels, levels)
    assert photo.alpha[5, 5] == 0
    assert (photo.alpha == 0).sum() == 1


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"tRNS"])
def test_a_chunk_that_its_checksum_belies_is_damage(kind, save, grey_photo):
    image = Image.fromarray(grey_photo[:32, :32]).convert("P", palette=Image.Palette.ADAPTIVE)
    file = io.BytesIO()
    image.save(file, "PNG", transparency=bytes([7] * 9))
    data = bytearray(file.getvalue())
    data[data.index(kind) + 4 + 3] ^= 1
    with pytest.raises(UnreadablePhoto, match="save it again"):
        read_png(bytes(data), PhotoLimits())


@pytest.mark.parametrize(
    ("code", "light"),
    [
        (b"\x01\x08\x00\x01", lambda v: v),  # linear
        (b"\x01\x04\x00\x01", lambda v: v**2.2),
        (b"\x09\x05\x00\x01", lambda v: v**2.8),
    ],
    ids=["linear", "2.2", "2.8"],
)
def test_the_code_of_colours_says_which_light_is_meant_before_all_else(code, light, lightness_of):
    pixels = np.linspace(9000, 65535, 40 * 60).astype(np.uint16).reshape(40, 60)
    data = with_chunks(write_png(pixels, None, Metadata()), PROFILE_CHUNK, chunk(b"cICP", code))
    found = decode(data, PhotoFormat.PNG, PhotoLimits())
    assert not found.warnings
    expected = color.lightness_of_luminance(light(pixels / 65535))
    assert np.abs(lightness_of(found.pixels) - expected).max() < 0.5


@pytest.mark.parametrize(
    "code", [b"\x09\x10\x00\x01", b"\x09\x12\x00\x01", b"\x01\x0d\x00\x00", b"\x63\x0d\x00\x01"]
)
def test_a_code_of_colours_that_is_not_read_is_said(code, save, grey_photo):
    photo = read_png(with_chunks(save(grey_photo, "PNG"), chunk(b"cICP", code)), PhotoLimits())
    assert any("cICP" in sentence and "read as sRGB" in sentence for sentence in photo.warnings)


def test_a_profile_that_does_not_unpack_is_said_and_gamma_counts_in_its_place(save, grey_photo):
    data = with_chunks(save(grey_photo, "PNG"), chunk(b"iCCP", b"x\x00\x00nothing"), gamma_chunk(1.0))
    photo = read_png(data, PhotoLimits())
    assert photo.warnings == (UNREAD,)
    assert photo.metadata.icc == icc.power(1.0)


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "LA", "RGBA", "1"])
@pytest.mark.parametrize("rows", [0, 1, 20])
def test_a_picture_that_ends_between_two_rows_is_damaged(mode, rows, save, grey_photo):
    file = io.BytesIO()
    Image.fromarray(grey_photo[:40, :32]).convert(mode).save(file, "PNG")
    data = file.getvalue()
    start = data.index(b"IDAT") - 4
    size = int.from_bytes(data[start : start + 4], "big")
    plain = zlib.decompress(data[start + 8 : start + 8 + size])
    short = chunk(b"IDAT", zlib.compress(plain[: rows * len(plain) // 40]))
    with pytest.raises(UnreadablePhoto, match="damaged"):
        read_png(data[:start] + short + data[start + 12 + size :], PhotoLimits())


def test_a_picture_that_ends_in_black_is_whole(save):
    pixels = np.zeros((40, 32), np.uint8)
    pixels[:9] = 90
    assert_array_equal(read_png(save(pixels, "PNG"), PhotoLimits()).pixels, pixels)


def test_colours_without_their_palette_are_damaged(save, grey_photo):
    data = save(np.asarray(grey_photo[:32, :32]), "PNG")
    head = bytearray(data[16:29])
    head[9] = 3
    with pytest.raises(UnreadablePhoto, match="palette"):
        read_png(data[:8] + chunk(b"IHDR", bytes(head)) + data[33:], PhotoLimits())


# White, red, green, blue (x, y): Adobe RGB (1998), and the row of luminance that they have.
ADOBE = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_LUMINANCE = np.array([0.2973, 0.6274, 0.0753])


def points_chunk(*points: float) -> bytes:
    return chunk(b"cHRM", struct.pack(f">{len(points)}I", *(round(point * 100_000) for point in points)))


@pytest.mark.parametrize("gamma", [1.0, 1 / 1.8, 1 / 2.2])
def test_colours_go_by_their_points_where_no_profile_is(gamma, save, rgb_photo, lightness_of):
    pixels = rgb_photo[60:220, 100:340].copy()
    data = with_chunks(save(pixels, "PNG"), gamma_chunk(gamma), points_chunk(*ADOBE))
    found = decode(data, PhotoFormat.PNG, PhotoLimits()).pixels
    light = color.linear(pixels / 255) if gamma == 1 / 2.2 else (pixels / 255) ** (1 / gamma)
    difference = lightness_of(found) - color.lightness_of_luminance(light @ ADOBE_LUMINANCE)
    inside = (found > 0).all(-1) & (found < 255).all(-1)
    assert np.abs(difference)[inside].max() < 1.5
    assert np.abs(difference)[inside].mean() < 0.3


@pytest.mark.parametrize(
    "points", [(0.0,) * 8, (0.3,) * 8, (0.31, 0.33, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06), ADOBE[:7]]
)
def test_points_that_say_nothing_change_nothing(points, save, rgb_photo):
    pixels = rgb_photo[60:100, 100:140].copy()
    data = with_chunks(save(pixels, "PNG"), gamma_chunk(1 / 2.2), points_chunk(*points))
    assert_array_equal(decode(data, PhotoFormat.PNG, PhotoLimits()).pixels, pixels)


@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_a_transparent_key_of_a_wrong_length_is_passed_over(colour, save, rgb_photo):
    pixels = rgb_photo[60:100, 100:140].copy() if colour else rgb_photo[60:100, 100:140, 1].copy()
    photo = read_png(with_chunks(save(pixels, "PNG"), chunk(b"tRNS", b"\0")), PhotoLimits())
    assert_array_equal(photo.pixels, pixels)
    assert photo.alpha is None


def test_apple_s_own_packing_is_called_by_its_name(save, grey_photo):
    png = save(grey_photo, "PNG")
    with pytest.raises(UnsupportedFormat, match=r"iPhone.*export it"):
        read_png(png[:8] + chunk(b"CgBI", b"\x50\0\x20\x02") + png[8:], PhotoLimits())
