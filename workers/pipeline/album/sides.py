"""Lay the sides of a rectangle along the edges of the photograph that lies about there."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .lines import Way, lines_along
from .paper import Lab, Paper

Points = NDArray[np.float32]

_REACH, _LEAST_REACH, _MOST_REACH = 0.1, 6.0, 24.0  # of the sides across; pixels
_FINE_REACH = 2.5  # pixels
# To tell a step from a slope, and to find where exactly it is; CIELAB: more is not more of an edge.
_COARSE, _FINE = Way(1.0, 0.75, 4.0), Way(0.5, 0.5, 20.0)
_THINNEST = 2.5  # pixels of a border
_ALIKE = 2.5  # pixels


@dataclass(frozen=True)
class Side:
    """One side of a rectangle: two points, and how surely an edge lies along it."""

    line: Points
    """(2, 2): x and y of both ends."""
    support: float
    """Share of the side, 0..1, on which the page changes along it."""


def laid(page: Lab, paper: Paper, corners: Points) -> tuple[Points, list[Side]]:
    """Return a rectangle's corners (4, 2), clockwise, and its sides, each moved to the edge near it."""
    around = [lines_along(page, paper, *_side(corners, i), _reach(corners, i), _COARSE) for i in range(4)]
    chosen = [lines.outermost() for lines in around]
    borders = [
        lines.depth(lines.sharpest()) - lines.depth(at) for lines, at in zip(around, chosen, strict=True)
    ]
    found = [border for border in borders if border >= _THINNEST]
    if found:
        # Prints have borders all around; where one is as light as its paper, the others say where it ends.
        usual = float(np.median(found))
        for i, (lines, border) in enumerate(zip(around, borders, strict=True)):
            if border < _THINNEST:
                chosen[i] = lines.faint(lines.depth(lines.sharpest()) - usual, _ALIKE, chosen[i])
    sides = [Side(*lines.at(number)) for lines, number in zip(around, chosen, strict=True)]
    met = _crossed(sides)
    if met is None:
        return corners, sides
    fine = [lines_along(page, paper, *_side(met, i), _FINE_REACH, _FINE) for i in range(4)]
    exact = [
        # A faint border around a plain edge is as sure as that edge.
        Side(lines.at(at := lines.sharpest())[0], max(float(lines.hits[at]), wide.at(wide.sharpest())[1]))
        for lines, wide in zip(fine, around, strict=True)
    ]
    crossed = _crossed(exact)
    return (met, sides) if crossed is None else (crossed, exact)


def _side(corners: Points, number: int) -> tuple[Points, Points, Points]:
    """Return both ends of a side, and the unit vector inwards."""
    start, end, middle = corners[number], corners[(number + 1) % 4], corners.mean(axis=0)
    along = end - start
    normal = np.asarray((-along[1], along[0]), np.float32) / max(float(np.linalg.norm(along)), 1e-6)
    return start, end, np.asarray(normal if float((middle - start) @ normal) >= 0 else -normal, np.float32)


def _reach(corners: Points, number: int) -> float:
    across = float(np.linalg.norm(corners[(number + 2) % 4] - corners[(number + 1) % 4]))
    return min(max(_LEAST_REACH, _REACH * across), _MOST_REACH)


def _crossed(sides: list[Side]) -> Points | None:
    """Return the corners (4, 2) in which neighbouring sides meet; None where they make no rectangle."""
    corners = []
    for before, after in zip([sides[-1], *sides[:-1]], sides, strict=True):
        (p, q), (r, s) = before.line.astype(np.float64), after.line.astype(np.float64)
        u, v = q - p, s - r
        cross = u[0] * v[1] - u[1] * v[0]
        if abs(cross) < 0.5 * float(np.linalg.norm(u) * np.linalg.norm(v)):
            return None
        along = ((r - p)[0] * v[1] - (r - p)[1] * v[0]) / cross
        corners.append(p + along * u)
    met = np.asarray(corners, np.float32)
    return met if cv2.isContourConvex(met.reshape(-1, 1, 2)) else None
