"""Find where paper, card or film ends and a photograph begins, on small lightness.

A margin is even along a whole side of the picture, and it ends at a straight edge. A plain sky, a night scene or a
white background ends along the outline of what stands before it; so not the margin decides but its edge: the share of
the side on which it ends where one straight line says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

_RIM = slice(1, 3)  # lines whose median is the paper's tone; the outermost may be half of something else
_TOLERANCE, _MOST_TOLERANCE, _SPREADS = 5.0, 12.0, 3.5  # L*; and how many times the paper's own spread
_SMOOTHED = 2  # pixels to each side
_ON_LINE = 1.6  # pixels from the line
_STEEPEST = 0.06
_LARGEST = 0.7  # of the picture's height


@dataclass(frozen=True)
class Margin:
    """What lies between one side of a picture and the photograph."""

    depth: int
    """Lines of the picture, up to where the first of the photograph begins."""
    straight: float
    """Share of the side, 0..1, on which the margin ends along one straight line."""
    tone: float
    """L* of the paper."""
    spread: float
    """L*, its texture."""
    step: float
    """L*, the median difference between the paper and what follows."""


NONE = Margin(0, 0.0, 0.0, 0.0, 0.0)


def margin(picture: Plane, columns: slice = slice(None)) -> Margin:
    """Return the margin at the top of a picture (h, w), judged by those columns that the photograph has."""
    picture = smoothed(picture)
    tone = float(np.median(picture[_RIM]))
    away = np.abs(np.subtract(picture, np.float32(tone), out=picture), out=picture)
    spread = 1.4826 * float(np.median(away[_RIM]))
    limit = min(max(_TOLERANCE, _SPREADS * spread), _MOST_TOLERANCE)
    other = away[:, columns] > limit
    other[0] = False
    # Two of three lines: neither a speck of dust nor a line of writing is an end.
    lasting = np.logical_and(other[:-2], other[1:-1] | other[2:]) if len(other) > 2 else other
    ends = np.where(lasting.any(axis=0), lasting.argmax(axis=0), len(picture))
    on_line, depth = _line(ends, round(_LARGEST * len(picture)))
    if depth < 1:
        return NONE
    inside = away[np.clip(ends[on_line] + 1, 0, len(picture) - 1), np.arange(away.shape[1])[columns][on_line]]
    step = float(np.median(inside)) if on_line.any() else 0.0
    return Margin(depth, float(on_line.mean()), tone, spread, step)


def smoothed(picture: Plane) -> Plane:
    """Average along the side, which keeps its edge and evens out the texture of paper."""
    wide = np.pad(picture, ((0, 0), (_SMOOTHED, _SMOOTHED)), mode="edge")
    shifted = [wide[:, i : i + picture.shape[1]] for i in range(2 * _SMOOTHED + 1)]
    # In place: planes that are made for each step cost as much as the sums.
    total = np.add(shifted[0], shifted[1], dtype=np.float32)
    for plane in shifted[2:]:
        total += plane
    total /= np.float32(len(shifted))
    return np.asarray(total, np.float32)


def _line(ends: NDArray[np.intp], furthest: int) -> tuple[NDArray[np.bool_], int]:
    """Return which columns' margins end along the best straight line, and at what depth that line begins.

    The line goes through the medians of two parts of the columns that end at all, for every pair of some parts.
    """
    best, depth = np.zeros(len(ends), bool), 0
    places = np.arange(len(ends))
    candidates = np.flatnonzero((ends >= 1) & (ends <= furthest))
    if len(candidates) < len(ends) / 4:
        return best, 0
    parts = [part for part in np.array_split(candidates, 6) if len(part)]
    middles = [(float(np.median(part)), float(np.median(ends[part]))) for part in parts]
    for i, (x, y) in enumerate(middles):
        for x_, y_ in middles[i + 1 :]:
            slope = (y_ - y) / max(x_ - x, 1)
            if abs(slope) > _STEEPEST:
                continue
            line = y + slope * (places - x)
            near = np.abs(ends - line) <= _ON_LINE
            if near.sum() > best.sum():
                best, depth = near, round(float(min(line[0], line[-1])))
    return best, depth
