"""Properties of a HEIC's or AVIF's main picture (ISO/IEC 14496-12, 8.11; 23008-12, 6.5), found without a decoder."""

from collections.abc import Iterator
from fractions import Fraction

from ..structure.boxes import outer_boxes

_FULL = 4  # version and flags, before what a full box holds
_WIDE_INDEX = 1  # flag of `ipma`: two bytes an index, in place of one
_APERTURE_BYTES = 32


def clean_aperture(data: bytes, height: int, width: int) -> tuple[slice, slice] | None:
    """Return rows and columns of the part that the main picture is to be shown by, before it is turned; None for all.

    None as well where the part makes no sense, as browsers take it.

    Args:
        data: the whole file.
        height: of the picture as it is stored.
        width: of the same.
    """
    stated = next((value for kind, value in _properties(data) if kind == b"clap"), b"")
    if len(stated) < _APERTURE_BYTES:
        return None
    numbers = [
        int.from_bytes(stated[at : at + 4], "big", signed=at >= 16 and at % 8 == 0)
        for at in range(0, _APERTURE_BYTES, 4)
    ]
    if not all(numbers[1::2]):
        return None
    wide, high, across, down = (Fraction(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True))
    columns, rows = _span(width, wide, across), _span(height, high, down)
    return (rows, columns) if rows and columns else None


def _span(length: int, shown: Fraction, offset: Fraction) -> slice | None:
    """Return a side's part of the length `shown`, whose middle lies `offset` behind the side's own."""
    start = (length - shown) / 2 + offset
    begin, end = max(0, round(start)), min(length, round(start + shown))
    return slice(begin, end) if begin < end else None


def _properties(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kinds and values of what the main picture is said to have."""
    place = next(((start + _FULL, end) for kind, start, end in outer_boxes(data) if kind == b"meta"), None)
    inner = {kind: (start, end) for kind, start, end in outer_boxes(data, *place)} if place else {}
    if b"pitm" not in inner or b"iprp" not in inner:
        return
    start, _ = inner[b"pitm"]
    item = _number(data, start + _FULL, 4 if _number(data, start, 1) else 2)
    kept, told = list[tuple[bytes, bytes]](), list[tuple[int, int]]()
    for kind, start, end in outer_boxes(data, *inner[b"iprp"]):
        if kind == b"ipco":
            kept += [(name, data[begin:stop]) for name, begin, stop in outer_boxes(data, start, end)]
        elif kind == b"ipma":
            told += _indices(data, start, end)
    yield from (kept[index - 1] for owner, index in told if owner == item and 0 < index <= len(kept))


def _indices(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the items of an `ipma`, and the number of a property of each, counted from 1."""
    wide = 2 if _number(data, start + 3, 1) & _WIDE_INDEX else 1
    name = 4 if _number(data, start, 1) else 2
    at = start + _FULL + 4
    while at < end:
        item, count = _number(data, at, name), _number(data, at + name, 1)
        at += name + 1
        for place in range(at, min(at + count * wide, end), wide):
            # The highest bit says whether a reader has to know the property.
            yield item, _number(data, place, wide) & (1 << 8 * wide - 1) - 1
        at += count * wide


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")
