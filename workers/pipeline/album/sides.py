"""Lay the sides of a rectangle along the edges of the photograph that lies about there."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .borders import border_around
from .lines import Way, lines_along
from .paper import Lab, Paper

Points = NDArray[np.float32]

_REACH, _LEAST_REACH, _MOST_REACH = 0.1, 6.0, 24.0  # of the sides across; pixels
_FINE_REACH = 2.5  # pixels
# To tell a step from a slope, and to find where exactly it is; CIELAB: more is not more of an edge.
_COARSE, _FINE = Way(1.0, 0.75, 4.0), Way(0.5, 0.5, 20.0)


_SEEN = 0.5  # of a side


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
    edges = [Side(*lines.at(lines.sharpest())) for lines in around]
    bordered = _with_border(page, paper, edges)
    if bordered is not None:
        met = _crossed(bordered)
        if met is not None:
            return _laid_finely(page, paper, met, bordered)
    sides = [Side(*lines.at(lines.outermost())) for lines in around]
    met = _crossed(sides)
    if met is None:
        return corners, sides
    # A faint border around a plain edge is as sure as that edge.
    sure = [Side(side.line, edge.support) for side, edge in zip(sides, edges, strict=True)]
    return _laid_finely(page, paper, met, sure)


def _laid_finely(page: Lab, paper: Paper, met: Points, sides: list[Side]) -> tuple[Points, list[Side]]:
    """Return corners and sides moved by a pixel or two, where an edge lies so near."""
    fine = [lines_along(page, paper, *_side(met, i), _FINE_REACH, _FINE) for i in range(4)]
    exact = []
    for lines, side in zip(fine, sides, strict=True):
        line, hits = lines.at(lines.sharpest())
        exact.append(Side(line if hits >= _SEEN else side.line, max(hits, side.support)))
    crossed = _crossed(exact)
    return (met, sides) if crossed is None else (crossed, exact)


def _with_border(page: Lab, paper: Paper, edges: list[Side]) -> list[Side] | None:
    """Return the sides of the print whose border, or picture, has these edges; None where it has no border."""
    met = _crossed(edges)
    if met is None:
        return None
    sides = [_side(met, i) for i in range(4)]
    lines = [(np.asarray(np.stack([start, end]), np.float32), normal) for start, end, normal in sides]
    across = [_across(met, i) for i in range(4)]
    depths = border_around(page, paper, lines, across)
    if depths is None:
        return None
    return [
        Side(np.asarray(line + depth * normal, np.float32), edge.support)
        for (line, normal), depth, edge in zip(lines, depths, edges, strict=True)
    ]


def _side(corners: Points, number: int) -> tuple[Points, Points, Points]:
    """Return both ends of a side, and the unit vector inwards."""
    start, end, middle = corners[number], corners[(number + 1) % 4], corners.mean(axis=0)
    along = end - start
    normal = np.asarray((-along[1], along[0]), np.float32) / max(float(np.linalg.norm(along)), 1e-6)
    return start, end, np.asarray(normal if float((middle - start) @ normal) >= 0 else -normal, np.float32)


def _reach(corners: Points, number: int) -> float:
    return min(max(_LEAST_REACH, _REACH * _across(corners, number)), _MOST_REACH)


def _across(corners: Points, number: int) -> float:
    return float(np.linalg.norm(corners[(number + 2) % 4] - corners[(number + 1) % 4]))


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
