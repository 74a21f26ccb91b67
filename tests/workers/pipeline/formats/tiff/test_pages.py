"""Pages are counted as tifffile counts them, and not for ever."""

import io
import struct
import time

import numpy as np
import pytest
import tifffile

from workers.pipeline.formats.tiff.pages import MANY_PAGES, count_pages
from workers.pipeline.formats.tiff.reader import read_tiff
from workers.pipeline.limits import PhotoLimits


def written(pages: int, **options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(
        file, np.zeros((pages, 4, 6), np.uint8), photometric="minisblack", metadata=None, **options
    )
    return file.getvalue()


@pytest.mark.parametrize("pages", [1, 2, 7])
@pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"bigtiff": True}], ids=str)
def test_it_counts_as_tifffile_does(pages, options):
    data = written(pages, **options)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        assert count_pages(data) == len(file.pages) == pages


def test_a_chain_that_leads_back_or_out_ends():
    assert count_pages(b"II*\x00\x08\x00\x00\x00" + b"\x00\x00" + struct.pack("<I", 8)) == 1
    assert count_pages(b"II*\x00\x08\x00\x00\x00" + b"\x00\x00" + struct.pack("<I", 10**9)) == 1
    assert count_pages(b"II*\x00") == 0


def test_millions_of_pages_are_many():
    first = written(1)
    start = len(first)
    flood = b"".join(b"\x00\x00" + struct.pack("<I", start + 6 * n) for n in range(1, 1_000_000))
    end = int.from_bytes(first[4:8], "little")
    link = end + 2 + 12 * int.from_bytes(first[end : end + 2], "little")
    data = first[:link] + struct.pack("<I", start) + first[link + 4 :] + flood
    began = time.process_time()
    photo = read_tiff(data, PhotoLimits())
    assert time.process_time() - began < 0.5
    assert photo.warnings == (f"The TIFF has {MANY_PAGES} or more pages; only the first was colorized.",)
