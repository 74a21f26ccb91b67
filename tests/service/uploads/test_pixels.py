"""The API reads sizes off headers: of every format, and of no file for longer than a header takes."""

import time
from pathlib import Path

import pytest

from photochrom.errors import UnsupportedFormat
from photochrom.photo.sniff import HEAD_BYTES, PhotoFormat, sniff
from security.fuzz.pictures import every_kind
from security.hostile_photos import (
    jp2_of_boxes,
    jpeg_of_restarts,
    jpeg_of_segments,
    jxl_of_boxes,
    png_of_chunks,
)
from service.uploads.pixels import pixels_of


def known(data: bytes) -> PhotoFormat | None:
    try:
        return sniff(data[:HEAD_BYTES])
    except UnsupportedFormat:
        return None


def test_every_format_s_size_is_read_off(tmp_path: Path) -> None:
    told = set()
    for data in every_kind():
        (tmp_path / "photo").write_bytes(data)
        pixels = pixels_of(tmp_path / "photo", -1)
        assert pixels in (12 * 20, -1)
        told |= {known(data)} if pixels > 0 else set()
    # imagesize finds none in the HEIC that libheif writes; such a photo counts as the largest that is allowed.
    assert told >= set(PhotoFormat) - {PhotoFormat.HEIC}


@pytest.mark.parametrize(
    "flood", [jpeg_of_segments, jpeg_of_restarts, png_of_chunks, jp2_of_boxes, jxl_of_boxes]
)
def test_a_flood_is_not_read_to_its_end(tmp_path: Path, flood) -> None:
    (tmp_path / "photo").write_bytes(flood())
    began = time.process_time()
    assert pixels_of(tmp_path / "photo", -1) in (-1, 81)
    assert time.process_time() - began < 0.5
