"""Fit a box to the sides of its print, from how likely each side crosses each row or column at each place."""

import numpy as np
from numpy.typing import NDArray

from .boxes import Box, axes

Plane = NDArray[np.float32]
_AROUND = 2  # cells to each side of the likeliest one that count for where a side is
_SLOPES = np.linspace(-0.2, 0.2, 41, dtype=np.float32)
_LIKE = 1.0  # cells
_INLIER = 2.0  # cells
_ROUNDED = 0.08  # of a side, at each of its ends: corners may be round, torn or covered
_FAR = 1e-6
_WIDE = 2.0  # cells to each side of a line that still lie on it


def laid(box: Box, chances: Plane, share: float) -> Box:
    """Return a box whose sides are those of its print.

    Args:
        box: about where it lies.
        chances: (4, c, c): of the left, upper, right and lower side, for each row or column how likely where.
        share: of its surroundings, that the box fills.
    """
    cells = chances.shape[-1]
    lines = [_line(plane, share) for plane in chances]
    met = _crossed(lines, (cells - 1) / 2)
    apart = (met + 0.5 - cells / 2) * (box[2:4] / share / cells)
    places = box[:2] + apart @ axes(box)
    return _rectangle(places)


def agreement(chances: Plane, share: float) -> float:
    """Return how well a box lies on the sides of its print, 0..2: the worst of them, and their mean."""
    cells = chances.shape[-1]
    places, middle = np.arange(cells), (cells - 1) / 2
    kept = np.abs(places - middle) < (0.5 - _ROUNDED) * share * cells
    sides = middle + np.asarray((-1, -1, 1, 1)) * share * cells / 2
    near = np.clip(_WIDE - np.abs(places - sides[:, None]), 0, 1)
    sure = (chances[:, kept] * near[:, None]).sum(axis=2).mean(axis=1)
    return float(sure.min() + sure.mean())


def _line(chances: Plane, share: float) -> tuple[float, float]:
    """Return where a side crosses the middle row, and how much further at each next one."""
    cells = len(chances)
    rows = np.arange(cells, dtype=np.float32) - (cells - 1) / 2
    kept = np.abs(rows) < (0.5 - _ROUNDED) * share * cells
    rows, planes = rows[kept], chances[kept]
    best = planes.argmax(axis=1)
    near = np.clip(best[:, None] + np.arange(-_AROUND, _AROUND + 1), 0, cells - 1)
    weights = np.take_along_axis(planes, near, axis=1)
    sure = weights.sum(axis=1)
    places = (weights * near).sum(axis=1) / np.maximum(sure, _FAR)
    at, slope = _straight(rows, places, sure)
    inliers = (np.abs(places - at - slope * rows) < _INLIER) * sure
    if (inliers > 0).sum() < 3:
        return at, slope
    slope, at = np.polyfit(rows, places, 1, w=np.sqrt(inliers))
    return float(at), float(slope)


def _straight(rows: Plane, places: Plane, sure: Plane) -> tuple[float, float]:
    """Return the line that most rows agree on."""
    starts = places - _SLOPES[:, None] * rows
    apart = starts[:, :, None] - starts[:, None, :]
    value = (np.exp(-((apart / _LIKE) ** 2)) * sure).sum(axis=2)
    # Of lines that fit alike the straighter one.
    value -= 0.02 * sure.sum() * np.abs(_SLOPES)[:, None]
    which, start = np.unravel_index(int(value.argmax()), value.shape)
    return float(starts[which, start]), float(_SLOPES[which])


def _crossed(lines: list[tuple[float, float]], middle: float) -> NDArray[np.float64]:
    """Return (4, 2), cells: where neighbouring sides meet, from the upper left corner on, clockwise."""
    left, upper, right, lower = lines
    met = []
    for (x, lean), (y, slope) in ((left, upper), (right, upper), (right, lower), (left, lower)):
        # x' = x + lean * (y' - middle), y' = y + slope * (x' - middle)
        across = (x + lean * (y - middle - slope * middle)) / (1 - lean * slope)
        met.append((across, y + slope * (across - middle)))
    return np.asarray(met)


def _rectangle(met: NDArray[np.float64]) -> Box:
    """Return the box that is most like a quadrangle (4, 2)."""
    along = (met[1] - met[0] + met[2] - met[3]) / 2
    down = (met[3] - met[0] + met[2] - met[1]) / 2
    width, height = float(np.linalg.norm(along)), float(np.linalg.norm(down))
    # Either pair of sides tells the angle, the longer one better.
    turned = along + np.asarray((down[1], -down[0]))
    angle = float(np.arctan2(turned[1], turned[0]))
    return np.asarray((*met.mean(axis=0), width, height, angle), np.float32)
