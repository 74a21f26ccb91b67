"""What a TIFF's page leaves unsaid, or says of what it does not have: taken as libtiff takes it, as most viewers do."""

from itertools import pairwise
from typing import Any

from .samples import MIN_IS_BLACK, MIN_IS_WHITE, RGB

_PHOTOMETRIC, _COUNTS = 262, (279, 325)
_FAX = (2, 3, 4)
# LZW, deflate under both its numbers, Zstandard and LZMA: their codecs alone know differences (tif_predict.c).
_WITH_DIFFERENCES = (5, 8, 32946, 50000, 34925)
_NO_DIFFERENCES = 1


def settle(page: Any, size: int) -> None:
    """Change a page of tifffile's, of a file of `size` bytes, before it is decoded.

    A page that does not say what its numbers mean is grey from black to white, or RGB (tif_getimage.c). Parts without
    lengths go on to the next one, or to the end of the file: a decoder stops where its own data end.
    """
    if _PHOTOMETRIC not in page.tags:
        grey = MIN_IS_WHITE if int(page.compression) in _FAX else MIN_IS_BLACK
        page.photometric = RGB if page.samplesperpixel >= 3 else grey
    if int(page.compression) not in _WITH_DIFFERENCES:
        page.predictor = _NO_DIFFERENCES
    counts = [count for tag in _COUNTS for count in _all(page.tags.valueof(tag, ()))]
    offsets = {offset for offset in page.dataoffsets if 0 < offset < size}
    if not any(counts) and len(offsets) == len(page.dataoffsets):
        page.databytecounts = _up_to_the_next(page.dataoffsets, size)


def _all(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | bytes) else (int(value),)


def _up_to_the_next(offsets: tuple[int, ...], size: int) -> tuple[int, ...]:
    places = sorted({*offsets, size})
    ends = dict(pairwise(places))
    return tuple(ends[offset] - offset for offset in offsets)
