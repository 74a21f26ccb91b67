"""Find the photographs of a page: gaps of paper from side to side part them, straight edges prove each."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .boxes import WHOLE, Box
from .edges import smoothed
from .mounts import find_photograph

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

MOST_PHOTOGRAPHS = 16
"""A page of more is looked at whole."""
_RIM = 0.01  # of a side: what counts as the page's outermost part
_PAPER = 0.85  # of which so much has the paper's tone
_TOLERANCE, _MOST_TOLERANCE, _SPREADS = 5.0, 12.0, 3.5  # L*; and how many times the paper's own spread
_SPECKS = 0.02  # of a line, which is paper all the same
_GAP = 0.008  # of a side
_SMALLEST = 0.025  # of the page: less is a caption, a stamp, a corner
_DEEPEST = 5


def find_photographs(page: Plane) -> tuple[Box, ...]:
    """Return where the photographs lie in a picture (h, w), L* 0..100; the whole where nothing else is beyond doubt."""
    other = _apart_from_paper(page)
    found = [] if other is None else [_judge(page, other, cell) for cell in _cells(other)]
    large = [part for part in found if part.box.area >= _SMALLEST]
    proven = sum(part.proven for part in large)
    if 2 <= len(large) <= MOST_PHOTOGRAPHS and proven >= max(2, len(large) / 2):
        return tuple(part.box for part in large)
    if len(large) == proven == 1:
        return (large[0].box,)
    return (find_photograph(page),)


@dataclass(frozen=True)
class _Part:
    box: Box
    proven: bool


def _apart_from_paper(page: Plane) -> Mask | None:
    """Return what does not have the tone of the page's outermost part; nothing where that has no tone of its own."""
    page = smoothed(page)
    rows, columns = (max(2, round(_RIM * side)) for side in page.shape)
    ring = np.concatenate(
        [part.ravel() for part in (page[:rows], page[-rows:], page[:, :columns], page[:, -columns:])]
    )
    tone = np.median(ring)
    spread = 1.4826 * float(np.median(np.abs(ring - tone)))
    limit = min(max(_TOLERANCE, _SPREADS * spread), _MOST_TOLERANCE)
    if (np.abs(ring - tone) <= limit).mean() < _PAPER:
        return None
    return np.asarray(np.abs(page - tone) > limit)


def _cells(other: Mask, deepest: int = _DEEPEST) -> list[tuple[slice, slice]]:
    """Part a page along its widest gap of paper, and the parts again: rows and columns of each, with paper around."""
    gaps = [(*gap, axis) for axis in (0, 1) for gap in _gaps(other, axis)]
    if not gaps or not deepest:
        return [(slice(0, other.shape[0]), slice(0, other.shape[1]))]
    start, stop, axis = max(gaps, key=lambda gap: gap[1] - gap[0])
    middle = (start + stop) // 2
    one, rest = (other[:middle], other[middle:]) if axis == 0 else (other[:, :middle], other[:, middle:])
    moved = [_moved(cell, middle, axis) for cell in _cells(rest, deepest - 1)]
    return _cells(one, deepest - 1) + moved


def _moved(cell: tuple[slice, slice], by: int, axis: int) -> tuple[slice, slice]:
    rows, columns = (
        slice(part.start + by * (axis == i), part.stop + by * (axis == i)) for i, part in enumerate(cell)
    )
    return rows, columns


def _gaps(other: Mask, axis: int) -> Iterator[tuple[int, int]]:
    """Yield the inner runs (start, stop) of lines that are paper."""
    paper = other.mean(axis=1 - axis) <= _SPECKS
    least = max(3, round(_GAP * len(paper)))
    changes = np.flatnonzero(np.diff(paper.astype(np.int8))) + 1
    for start, stop in pairwise(changes):
        if paper[start] and stop - start >= least:
            yield int(start), int(stop)


def _judge(page: Plane, other: Mask, cell: tuple[slice, slice]) -> _Part:
    """Return the photograph in a cell, or what else lies there."""
    around = _box(cell, page.shape)
    inner = find_photograph(page[cell])
    if inner != WHOLE:
        return _Part(around.part(inner), True)
    rows, columns = (np.flatnonzero(other[cell].mean(axis=axis) > _SPECKS) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return _Part(Box(0, 0, 0, 0), False)
    covered = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    return _Part(around.part(_box(covered, other[cell].shape)), False)


def _box(part: tuple[slice, slice], size: tuple[int, ...]) -> Box:
    (rows, columns), (height, width) = part, size
    return Box(rows.start / height, rows.stop / height, columns.start / width, columns.stop / width)
