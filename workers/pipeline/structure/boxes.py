"""Boxes (ISO/IEC 14496-12, and 15444-1 Annex I) of AVIF, HEIC and JPEG 2000, and what some of them say there is."""

from collections.abc import Callable, Iterator

from ..limits import PhotoLimits
from .counting import Count

# Where the boxes in a box begin, behind its head.
_CONTAINERS = {
    **dict.fromkeys((b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl", b"udta"), 0),
    **dict.fromkeys((b"iprp", b"ipco", b"grpl", b"jp2h", b"asoc", b"res ", b"uinf"), 0),
    **dict.fromkeys((b"meta", b"iref"), 4),
    **dict.fromkeys((b"stsd", b"dref"), 8),
}
_MOST_BOXES, _MOST_DEEP = 10_000, 16
_MOST_ITEMS, _MOST_SAMPLES = 70_000, 100_000
"""Tiles of a picture of 200 megapixels; frames of an animation of an hour."""
_NAME = "file"


def outer_boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each box between two places that lies in no other, and where its content begins and ends.

    What follows a box that makes no sense is not looked at.

    Raises:
        UnreadablePhoto: there are more of them than any program writes.
    """
    last = len(data) if end is None else end
    return _boxes(data, start, last, Count(_NAME, "boxes", _MOST_BOXES), _MOST_DEEP)


def content_of(data: bytes, kind: bytes) -> int | None:
    """Return where the content of the first of the outer boxes of this kind begins."""
    return next((at for name, at, _ in outer_boxes(data) if name == kind), None)


def check_boxes(data: bytes, _: PhotoLimits) -> None:
    """See `check_structure`."""
    boxes = Count(_NAME, "boxes", _MOST_BOXES)
    items = Count(_NAME, "items", _MOST_ITEMS)
    samples = Count(_NAME, "frames", _MOST_SAMPLES)
    for kind, start, end in _boxes(data, 0, len(data), boxes):
        if stated := _STATED.get(kind):
            (samples if kind.startswith(b"st") else items).add(
                stated(data[start : min(end, start + _LONGEST)])
            )


def _boxes(
    data: bytes, start: int, end: int, count: Count, deep: int = 0
) -> Iterator[tuple[bytes, int, int]]:
    """Yield each box's kind and where its content is; what follows a box that makes no sense is not looked at."""
    while start + 8 <= end:
        count.add()
        size, kind, head = _number(data, start, 4), data[start + 4 : start + 8], 8
        if size == 1:
            size, head = _number(data, start + 8, 8), 16
        last = min(end, start + size) if size else end
        if last < start + head:
            return
        yield kind, start + head, last
        if deep < _MOST_DEEP and kind in _CONTAINERS:
            yield from _boxes(data, start + head + _CONTAINERS[kind], last, count, deep + 1)
        elif kind == b"iinf":
            yield from _boxes(
                data,
                start + head + (8 if data[start + head : start + head + 1] > b"\0" else 6),
                last,
                count,
                deep + 1,
            )
        start = last


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


_LONGEST = 4 << 20


def _samples(box: bytes) -> int:
    """Of `stsz`: with one size for all, a file may state billions in twenty bytes."""
    return _number(box, 8, 4)


def _entries(box: bytes) -> int:
    return _number(box, 4, 4)


def _runs(box: bytes) -> int:
    """Of `stts`: the frames that its entries stand for."""
    entries = min(_entries(box), len(box) // 8)
    return sum(_number(box, 8 + 8 * at, 4) for at in range(min(entries, _MOST_SAMPLES)))


def _extents(box: bytes) -> int:
    """Of `iloc`: pieces of all items; where their places have no bytes, a file may state billions in a megabyte."""
    version, sizes = _number(box, 0, 1), _number(box, 4, 2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    items, at, found = _number(box, 6, wide), 6 + wide, 0
    each = offset + length + (index if version else 0)
    for _ in range(items):
        at += wide + (2 if version else 0) + 2 + base
        extents = _number(box, at, 2)
        found += 1 + extents
        at += 2 + extents * each
        if found > _MOST_ITEMS or at >= len(box):
            break
    return found


_STATED: dict[bytes, Callable[[bytes], int]] = {
    b"stsz": _samples,
    b"stts": _runs,
    b"stsc": _entries,
    b"stco": _entries,
    b"co64": _entries,
    b"iloc": _extents,
    b"ipma": _entries,
}
