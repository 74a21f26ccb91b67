"""PNGs packed by strips hold the very pixels, whatever their layout and however many threads packed them."""

import io
import time

import imagecodecs
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from workers.pipeline import parallel
from workers.pipeline.formats.png import read_png, write_png
from workers.pipeline.formats.png_strips import packed_by_strips
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.photo import Metadata


def grain(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    share = np.random.default_rng(0).normal(0.5, 0.05, shape).clip(0, 1)
    return (share * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (2,), (3,), (4,)])
@pytest.mark.parametrize("size", [(1, 1), (7, 1), (1, 300), (700, 501)])
def test_the_pixels_come_back(size, channels, dtype, threads, monkeypatch):
    monkeypatch.setattr(parallel, "_threads", threads)
    pixels = grain((*size, *channels), dtype)
    data = packed_by_strips(pixels)
    assert_array_equal(imagecodecs.png_decode(data).reshape(pixels.shape), pixels)
    with Image.open(io.BytesIO(data)) as image:
        image.verify()


def test_the_bytes_do_not_depend_on_the_threads(monkeypatch):
    pixels, found = grain((2000, 800, 3), np.uint8), set()
    for threads in (1, 2, 5):
        monkeypatch.setattr(parallel, "_threads", threads)
        found.add(packed_by_strips(pixels))
    assert len(found) == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_scan_with_grain_goes_this_way_and_is_no_larger(dtype):
    pixels, metadata = grain((900, 700, 3), dtype), Metadata(xmp=b"<x/>", dpi=(300.0, 300.0))
    data = write_png(pixels, None, metadata)
    assert data.count(b"IDAT") > 2
    assert len(data) < 1.02 * len(imagecodecs.png_encode(pixels, level=3, filter=0x10))
    photo = read_png(data, PhotoLimits())
    assert_array_equal(photo.pixels, pixels)
    assert photo.metadata.xmp == b"<x/>"


def test_it_takes_less_cpu_time_than_libpng():
    pixels = grain((1500, 1500, 3), np.uint8)
    ours, theirs = (
        min(cpu_seconds(pack, pixels) for _ in range(3))
        for pack in (packed_by_strips, lambda pixels: imagecodecs.png_encode(pixels, level=3, filter=0x10))
    )
    assert ours < theirs


def cpu_seconds(work, *args) -> float:
    before = time.process_time()
    work(*args)
    return time.process_time() - before
