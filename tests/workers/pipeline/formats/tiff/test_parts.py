"""The parts of a TIFF's picture: what is missing or damaged is not left black without a word."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.errors import UnreadablePhoto
from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.decode import decode
from workers.pipeline.formats.tiff.reader import read_tiff
from workers.pipeline.limits import PhotoLimits

OFFSETS, COUNTS, TILE_OFFSETS, TILE_COUNTS = 273, 279, 324, 325


def written(pixels: np.ndarray, **options) -> bytearray:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, metadata=None, **options)
    return bytearray(file.getvalue())


def entry(data: bytes, tag: int) -> int:
    """Return where a tag's entry lies in the first directory."""
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    places = range(first + 2, first + 2 + 12 * count, 12)
    return next(at for at in places if int.from_bytes(data[at : at + 2], "little") == tag)


def set_last(data: bytearray, tag: int, value: int) -> None:
    """Change the last of a tag's numbers, LONG or SHORT."""
    at = entry(data, tag)
    kind, count, place = struct.unpack_from("<HII", data, at + 2)
    size = {3: 2, 4: 4}[kind]
    start = at + 8 if count * size <= 4 else place
    data[start + size * (count - 1) : start + size * count] = value.to_bytes(size, "little")


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits", "zstd"])
@pytest.mark.parametrize("tags", [(COUNTS,), (OFFSETS, COUNTS)], ids=["no bytes", "nowhere"])
def test_a_strip_that_is_missing_is_said(compression, tags, grey_photo):
    data = written(grey_photo[:60, :64], rowsperstrip=20, compression=compression)
    for tag in tags:
        set_last(data, tag, 0)
    with pytest.raises(UnreadablePhoto, match="1 of the 3 parts of its picture are missing"):
        read_tiff(bytes(data), PhotoLimits())


def test_strips_that_are_each_the_whole_file_are_not_read_one_by_one(grey_photo):
    data = written(
        grey_photo[:60, :64], rowsperstrip=1, compression="zlib", extratags=[(316, 4, 60, [0] * 60, True)]
    )
    starts, lengths = entry(data, OFFSETS), entry(data, 316)
    first = struct.unpack_from("<I", data, struct.unpack_from("<I", data, starts + 8)[0])[0]
    data += bytes(1 << 20)
    struct.pack_into("<60I", data, struct.unpack_from("<I", data, lengths + 8)[0], *[len(data) - first] * 60)
    struct.pack_into("<60I", data, struct.unpack_from("<I", data, starts + 8)[0], *[first] * 60)
    old = entry(data, COUNTS)
    data[old : old + 2], data[lengths : lengths + 2] = struct.pack("<H", 276), struct.pack("<H", COUNTS)
    with pytest.raises(UnreadablePhoto, match="overlap"):
        read_tiff(bytes(data), PhotoLimits())


def test_equal_tiles_may_lie_in_one_place(grey_photo):
    data = written(np.full((64, 64), grey_photo[0, 0]), tile=(16, 16), compression="zlib")
    at = struct.unpack_from("<I", data, entry(data, TILE_OFFSETS) + 8)[0]
    first = struct.unpack_from("<I", data, at)[0]
    struct.pack_into("<16I", data, at, *[first] * 16)
    assert (read_tiff(bytes(data), PhotoLimits()).pixels == grey_photo[0, 0]).all()


def test_fewer_strips_than_the_picture_is_high_are_said(grey_photo):
    data = written(grey_photo[:60, :64], rowsperstrip=20, compression="zlib")
    at = entry(data, 257)
    data[at + 8 : at + 12] = (120).to_bytes(4, "little")
    with pytest.raises(UnreadablePhoto, match="3 of the 6 parts"):
        read_tiff(bytes(data), PhotoLimits())


def test_tiles_that_a_program_for_maps_left_out_are_black_and_said(grey_photo):
    data = written(grey_photo[:64, :64], tile=(32, 32), compression="zlib")
    for tag in (TILE_OFFSETS, TILE_COUNTS):
        set_last(data, tag, 0)
    photo = read_tiff(bytes(data), PhotoLimits())
    assert any("leaves out tiles" in sentence for sentence in photo.warnings)
    assert not photo.pixels[32:, 32:].any()
    set_last(data, TILE_OFFSETS, 8)
    with pytest.raises(UnreadablePhoto, match="1 of the 4 parts"):
        read_tiff(bytes(data), PhotoLimits())


@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
@pytest.mark.parametrize("tile", [None, (64, 64)], ids=["strips", "tiles"])
def test_a_jpeg_in_a_tiff_that_is_cut_off_or_damaged_is_said(tile, colour, rgb_photo):
    pixels = np.ascontiguousarray(rgb_photo[:128, :128] if colour else rgb_photo[:128, :128, 1])
    whole = written(pixels, compression="jpeg", tile=tile)
    read_tiff(bytes(whole), PhotoLimits())
    with tifffile.TiffFile(io.BytesIO(whole)) as file:
        start, size = file.pages[0].dataoffsets[-1], file.pages[0].databytecounts[-1]
    cut, struck = bytearray(whole), bytearray(whole)
    cut[start + size // 2 : start + size] = bytes(size - size // 2)
    struck[start + size - 60 : start + size - 40] = b"\xff\xc4" * 10
    for data in (cut, struck):
        with pytest.raises(UnreadablePhoto, match="TIFF is damaged"):
            read_tiff(bytes(data), PhotoLimits())


def test_a_jpeg_s_end_may_be_filled_up(grey_photo):
    file = io.BytesIO()
    Image.fromarray(grey_photo[:64, :64]).save(file, "TIFF", compression="jpeg")
    photo = decode(file.getvalue(), PhotoFormat.TIFF, PhotoLimits())
    assert not photo.warnings
