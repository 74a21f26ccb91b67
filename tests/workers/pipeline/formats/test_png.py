import io
import struct
import zlib

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom import color
from photochrom.errors import UnreadablePhoto
from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.png import read_png
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.metadata import icc


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
    with pytest.raises(UnreadablePhoto, match="save it anew"):
        read_png(bytes(data), PhotoLimits())
