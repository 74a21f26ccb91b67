import io
import time

import numpy as np
import psutil
import pytest
import tifffile
from numpy.testing import assert_array_equal

from photochrom.errors import PhotoRejected, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from security.hostile_photos import large_jpeg, large_jpeg2000, large_tile, long_strip, many_samples
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.tiff.reader import read_tiff
from workers.pipeline.formats.tiff.writer import DEFLATE, LZW, NONE, write_tiff
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.photo import Metadata


def written(pixels: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "lzw"},
        {"compression": "zlib", "predictor": True},
        {"compression": "zstd"},
        {"compression": "packbits"},
        {"tile": (64, 48)},
        {"tile": (64, 48), "compression": "lzw"},
        {"rowsperstrip": 7},
        {"bigtiff": True},
        {"byteorder": ">"},
        {"photometric": "miniswhite"},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_way_to_store_grey(options, dtype, grey_photo):
    pixels = grey_photo[:150, :170].astype(dtype) * (1 if dtype == np.uint8 else 257)
    stored = np.iinfo(dtype).max - pixels if options.get("photometric") == "miniswhite" else pixels
    assert_array_equal(read_tiff(written(stored, **options), PhotoLimits()).pixels, pixels)


@pytest.mark.parametrize("tile", [None, (64, 48)], ids=["strips", "tiles"])
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_jpeg_in_tiff(tile, colour, rgb_photo):
    pixels = np.ascontiguousarray(rgb_photo if colour else rgb_photo[..., 1])
    data = written(pixels, compression="jpeg", compressionargs={"level": 95}, tile=tile)
    found = read_tiff(data, PhotoLimits()).pixels
    assert np.abs(found.astype(int) - pixels).mean() < 3


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colour_by_pixels_and_by_planes(planar, rgb_photo):
    stored = rgb_photo if planar == "contig" else np.moveaxis(rgb_photo, -1, 0)
    data = written(np.ascontiguousarray(stored), photometric="rgb", planarconfig=planar)
    assert_array_equal(read_tiff(data, PhotoLimits()).pixels, rgb_photo)


def test_one_bit_and_palette(grey_photo):
    bits = grey_photo[:64, :64] > 128
    data = written(bits, photometric="minisblack")
    assert_array_equal(read_tiff(data, PhotoLimits()).pixels, bits * np.uint8(255))
    palette = np.random.default_rng(0).integers(0, 65536, (3, 256)).astype(np.uint16)
    data = written(grey_photo[:64, :64], photometric="palette", colormap=palette)
    assert_array_equal(read_tiff(data, PhotoLimits()).pixels, palette.T[grey_photo[:64, :64]])


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_what_is_written_reads_back_equal(compression, dtype, with_alpha):
    random = np.random.default_rng(0)
    pixels = random.integers(0, np.iinfo(dtype).max, (513, 401, 3)).astype(dtype)
    alpha = random.integers(0, np.iinfo(dtype).max, (513, 401)).astype(dtype) if with_alpha else None
    found = tifffile.imread(io.BytesIO(write_tiff(pixels, alpha, Metadata(), compression)))
    assert_array_equal(found[..., :3], pixels)
    if alpha is not None:
        assert_array_equal(found[..., 3], alpha)


@pytest.mark.parametrize(("name", "tag"), [("lzw", LZW), ("none", NONE), ("zlib", DEFLATE)])
def test_a_result_is_packed_as_its_source(name, tag, predictor, grey_photo):
    result = colorize(written(grey_photo, compression=name), predictor, ColorizeOptions())
    with tifffile.TiffFile(io.BytesIO(result.data)) as tiff:
        assert int(tiff.pages.first.compression) == tag


def test_of_many_pages_the_first_is_taken_and_said(predictor, grey_photo):
    pages = np.stack([grey_photo, 255 - grey_photo, grey_photo])
    result = colorize(written(pages, photometric="minisblack"), predictor, ColorizeOptions(strength=0))
    assert any("3 pages" in warning for warning in result.warnings)
    assert_array_equal(tifffile.imread(io.BytesIO(result.data))[..., 0], grey_photo)


@pytest.mark.parametrize(
    ("pixels", "options", "sentence"),
    [
        (np.zeros((8, 8), np.float32), {}, "32-bit"),
        (np.zeros((8, 8), np.uint32), {}, "32-bit"),
        (np.zeros((8, 8), np.int16), {}, "signed"),
        (np.zeros((8, 8, 3), np.int32), {"photometric": "cielab"}, "32-bit"),
    ],
)
def test_kinds_that_are_refused_name_a_way_out(pixels, options, sentence, predictor):
    with pytest.raises(UnsupportedFormat, match=rf"{sentence}.*save it"):
        colorize(written(pixels, **options), predictor, ColorizeOptions())


@pytest.mark.parametrize("bomb", [many_samples, large_tile, large_jpeg, large_jpeg2000])
def test_no_part_of_a_tiff_unpacks_beyond_the_limit(bomb, predictor):
    data = bomb()
    before, start = psutil.Process().memory_info().rss, time.process_time()
    with pytest.raises(PhotoRejected):
        colorize(data, predictor, ColorizeOptions(), limits=PhotoLimits(max_pixels=5_000_000))
    assert time.process_time() - start < 0.5
    assert psutil.Process().memory_info().rss - before < 50e6


def test_a_strip_that_unpacks_to_gigabytes_is_refused_quickly(predictor):
    """A picture of 16 x 16 pixels whose one strip holds a hundred megabytes of zeros."""
    data = long_strip()
    before, start = psutil.Process().memory_info().rss, time.process_time()
    with pytest.raises(UnreadablePhoto):
        colorize(data, predictor, ColorizeOptions())
    assert time.process_time() - start < 1
    assert psutil.Process().memory_info().rss - before < 200e6


def test_directories_that_point_at_themselves_end(predictor, grey_photo):
    data = bytearray(written(grey_photo[:32, :32]))
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    data[first + 2 + 12 * count :][:4] = first.to_bytes(4, "little")
    data = (
        bytes(data[: first + 2 + 12 * count])
        + first.to_bytes(4, "little")
        + bytes(data[first + 6 + 12 * count :])
    )
    assert colorize(data, predictor, ColorizeOptions()).width == 32
