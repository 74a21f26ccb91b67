"""By how much a print lies askew on a scanner's lid, measured by its edges and not by what it shows."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .photo import Samples, to_8bit

Grey = NDArray[np.float32]

_SIDE = 1200
"""Pixels of the longer side of the picture in which edges are looked for."""
MOST = 10.0
"""Degrees; a print that lies more askew was put so on purpose."""
_RIM, _DEEPEST = 4, 0.3  # pixels; a share of the way to the other side
_UNEVEN, _APART = 14.0, 8.0  # levels: of a lid from end to end of its spread, and between it and a print
_ENDS = 0.08  # of a side: left out, where the other sides' lid is
_NEAR, _ENOUGH = 1.2, 0.6  # pixels; a share of the places along a side
_AGREED = 0.2  # degrees between sides
_SIDES = 2
_TRIES = 60


@dataclass(frozen=True)
class _Edge:
    """A straight edge along a side."""

    angle: float
    """Degrees clockwise."""
    share: float
    """Of the side's places, those that lie on it."""


def find_skew(pixels: Samples) -> float | None:
    """Return by how many degrees the print (H, W) or (H, W, 3) lies turned clockwise; None if its edges do not show it.

    At least two of its sides have to lie on an even lid, be straight, and agree.
    """
    grey = _small(pixels)
    sides = [np.rot90(grey, quarter) for quarter in range(4)]
    edges = [edge for side in sides if (edge := _edge(np.ascontiguousarray(side))) is not None]
    if len(edges) < _SIDES:
        return None
    middle = float(np.median([edge.angle for edge in edges]))
    agreed = [edge for edge in edges if abs(edge.angle - middle) <= _AGREED]
    if len(agreed) < max(_SIDES, len(edges) - 1):
        return None
    angle = float(np.average([edge.angle for edge in agreed], weights=[edge.share for edge in agreed]))
    return round(angle, 2) if abs(angle) <= MOST else None


def _small(pixels: Samples) -> Grey:
    scale = min(1.0, _SIDE / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    small = to_8bit(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)))
    grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.8), np.float32)


def _edge(grey: Grey) -> _Edge | None:
    """Find the edge below the upper side of a picture (H, W)."""
    height, width = grey.shape
    deepest, margin = int(height * _DEEPEST), int(width * _ENDS)
    if deepest <= 2 * _RIM or width - 2 * margin < 8 * _RIM:
        return None
    rim = grey[:_RIM, margin : width - margin]
    if float(np.ptp(np.percentile(rim, (5, 95)))) > _UNEVEN:
        return None
    # A lid's light changes slowly along its side.
    lid = cv2.blur(rim.mean(axis=0)[None], (width // 8 * 2 + 1, 1))[0]
    covered = np.abs(grey[:deepest, margin : width - margin] - lid) > _APART
    # A speck on the lid is no edge: a print goes on.
    goes_on = covered[:-3] & covered[1:-2] & covered[2:-1] & covered[3:]
    found = goes_on.any(axis=0)
    places = np.nonzero(found)[0].astype(np.float64)
    depths = goes_on.argmax(axis=0)[found].astype(np.float64)
    beyond = depths >= 2
    return _line(places[beyond], depths[beyond], width - 2 * margin)


def _line(places: NDArray[np.float64], depths: NDArray[np.float64], count: int) -> _Edge | None:
    """Fit a line to what lies on one (RANSAC, Fischler and Bolles 1981, with fixed draws; then least squares)."""
    if len(places) < _ENOUGH * count:
        return None
    draws = np.random.default_rng(0).integers(0, len(places), (_TRIES, 2))
    best: NDArray[np.bool_] = np.zeros(len(places), bool)
    for first, second in draws:
        if abs(places[first] - places[second]) < count / 4:
            continue
        slope = (depths[second] - depths[first]) / (places[second] - places[first])
        near = np.abs(depths - depths[first] - slope * (places - places[first])) <= _NEAR
        best = near if near.sum() > best.sum() else best
    if best.sum() < _ENOUGH * count:
        return None
    slope, start = np.polyfit(places[best], depths[best], 1)
    near = np.abs(depths - start - slope * places) <= _NEAR
    slope = float(np.polyfit(places[near], depths[near], 1)[0])
    return _Edge(float(np.degrees(np.arctan(slope))), float(near.sum() / count))
