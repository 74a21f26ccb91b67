"""What a TIFF does not say of its picture is taken as libtiff takes it: never a picture of other light, or of noise."""

import io
import struct

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal
from PIL import Image

from photochrom.errors import UnreadablePhoto
from workers.pipeline.formats.tiff.reader import read_tiff
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.photo import full_range

WIDTH, BITS, PHOTOMETRIC, ROWS, COUNTS, PLANAR, PREDICTOR = 256, 258, 262, 278, 279, 284, 317
NOBODYS = {PHOTOMETRIC: 261, ROWS: 275, COUNTS: 276, PREDICTOR: 316}
"""Numbers that say nothing here, at the same place in the order of tags."""
WITH_ROOM = {"extratags": [(NOBODYS[PREDICTOR], 3, 1, 1, True)]}
DIFFERENCES = 2


@pytest.fixture
def grey(grey_photo) -> np.ndarray:
    return np.ascontiguousarray(grey_photo[:60, :70])


def written(pixels: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, metadata=None, **options)
    return file.getvalue()


def place(data: bytes, tag: int) -> int:
    """Return where a tag's entry lies in the first directory."""
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    places = range(first + 2, first + 2 + 12 * count, 12)
    return next(at for at in places if int.from_bytes(data[at : at + 2], "little") == tag)


def without(data: bytes, tag: int) -> bytes:
    at = place(data, tag)
    return data[:at] + struct.pack("<H", NOBODYS[tag]) + data[at + 2 :]


def changed(data: bytes, tag: int, value: int, was: int | None = None) -> bytes:
    """Return the file with another number in an entry, and another tag where it `was` one."""
    at = place(data, was or tag)
    return data[:at] + struct.pack("<HHIHH", tag, 3, 1, value, 0) + data[at + 12 :]


def pixels_of(data: bytes) -> np.ndarray:
    return read_tiff(data, PhotoLimits()).pixels


@pytest.mark.parametrize("deep", [False, True])
def test_what_does_not_say_what_its_numbers_mean_goes_from_black_to_white(deep, grey, rgb_photo):
    for pixels in (grey, np.ascontiguousarray(rgb_photo[:60, :70])):
        stored = pixels.astype(np.uint16) * np.uint16(257) if deep else pixels
        kind = "minisblack" if pixels.ndim == 2 else "rgb"
        assert_array_equal(pixels_of(without(written(stored, photometric=kind), PHOTOMETRIC)), stored)


def test_a_fax_that_does_not_say_it_is_black_on_white(grey):
    file = io.BytesIO()
    Image.fromarray(grey).convert("1").save(file, "TIFF", compression="group4")
    data = changed(file.getvalue(), PHOTOMETRIC, 0)
    assert_array_equal(pixels_of(without(data, PHOTOMETRIC)), pixels_of(data))


@pytest.mark.parametrize("compression", [None, "packbits"])
def test_differences_are_undone_only_where_the_compression_knows_them(compression, grey):
    data = written(grey, compression=compression, **WITH_ROOM)
    assert_array_equal(pixels_of(changed(data, PREDICTOR, DIFFERENCES, NOBODYS[PREDICTOR])), grey)


@pytest.mark.parametrize("bits", [4, 12])
def test_differences_of_a_few_bits_are_summed_up_in_so_many(bits, grey):
    values = (grey.astype(np.uint16) << 4) >> (12 - bits)
    steps = np.diff(values.astype(int), axis=1, prepend=0) % (1 << bits)
    digits = (steps[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    packed = np.packbits(digits.astype(np.uint8).reshape(len(grey), -1), axis=1)
    data = changed(written(packed, compression="zlib", **WITH_ROOM), WIDTH, grey.shape[1])
    data = changed(changed(data, BITS, bits), PREDICTOR, DIFFERENCES, NOBODYS[PREDICTOR])
    assert_array_equal(pixels_of(data), full_range(values.astype(np.uint16 if bits > 8 else np.uint8), bits))


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "zstd"])
@pytest.mark.parametrize("rows", [60, 7])
def test_parts_without_lengths_go_on_to_the_next(compression, rows, grey):
    data = written(grey, compression=compression, rowsperstrip=rows)
    assert_array_equal(pixels_of(without(data, COUNTS)), grey)
    at = place(data, COUNTS)
    kind, count, value = struct.unpack_from("<HII", data, at + 2)
    size, start = count * {3: 2, 4: 4}[kind], value if count > 1 else at + 8
    assert_array_equal(pixels_of(data[:start] + bytes(size) + data[start + size :]), grey)


def test_strips_of_no_stated_height_are_one_or_follow_one_another_unpacked_or_are_refused(grey):
    for data in (written(grey, compression="zlib", rowsperstrip=60), written(grey, rowsperstrip=20)):
        assert_array_equal(pixels_of(without(data, ROWS)), grey)
    with pytest.raises(UnreadablePhoto, match="how high its 3 strips are"):
        pixels_of(without(written(grey, compression="zlib", rowsperstrip=20), ROWS))


def test_a_picture_that_comes_out_in_another_size_is_damaged(rgb_photo):
    with pytest.raises(UnreadablePhoto, match="damaged"):
        pixels_of(changed(written(np.ascontiguousarray(rgb_photo[:60, :70])), PLANAR, 0))
