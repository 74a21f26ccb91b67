"""Rectangles that straight edges form on paper: where prints may lie, found without the networks."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .paper import Lab, Mask, Paper, papers, sharpness
from .shapes import THINNEST, Shape, apart, cuts, shapes_of
from .sides import Points, Side, laid

_STROKE, _GAP = 7, 5
_DEEPEST = 3
_CERTAIN, _SURE, _GOOD, _POOR, _BETTER = 0.85, 0.75, 0.5, 0.3, 0.05
_FULL, _LIGHT = 0.9, 0.3  # of a rectangle
_NEAR = 15.0  # pixels
_RIM = 8  # pixels
_AROUND, _LEAST = 0.6, 0.05  # of the rim, and of the page


class Edges:
    """The straight edges of a page (h, w, 3), RGB, and the paper that lies beside them."""

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        """Find the paper."""
        self._page = _as_lab(picture)
        found = papers(self._page, sharpness(self._page))
        self._paper = next((paper for paper in found if _has_paper(paper)), found[0])

    def rectangles(self) -> list[Points]:
        """Return the corners (4, 2) of what looks like a print by its edges alone."""
        return [each.corners for each in _on(self._page, self._paper)]

    def laid(self, corners: Points) -> Points:
        """Return a rectangle's corners (4, 2), each side of it moved to the edge near it."""
        return laid(self._page, self._paper, corners)[0]


@dataclass(frozen=True)
class _Found:
    corners: Points
    sides: list[Side]
    fill: float

    @property
    def quality(self) -> float:
        """0..1: how much it is like a photograph."""
        support = np.array([side.support for side in self.sides])
        return float(0.5 * support.mean() + 0.5 * support.min()) * min(1.0, self.fill / 0.9)


def _has_paper(paper: Paper) -> bool:
    """Return whether most of the page's rim is paper, and enough of the page."""
    rim = np.ones(paper.other.shape, bool)
    rim[_RIM:-_RIM, _RIM:-_RIM] = False
    return float(paper.other[rim].mean()) < 1 - _AROUND and float(paper.other.mean()) < 1 - _LEAST


def _as_lab(picture: NDArray[np.uint8]) -> Lab:
    rgb = picture if picture.ndim == 3 else cv2.merge([picture] * 3)
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _on(page: Lab, paper: Paper) -> list[_Found]:
    thinnest = THINNEST * max(page.shape[:2])
    found: list[_Found] = []
    for shape in shapes_of(_without_strokes(paper.other).astype(np.uint8), thinnest):
        found += _taken_apart(page, paper, shape, thinnest, _DEEPEST)
    return _without_doubles(_joined(page, paper, found))


def _taken_apart(page: Lab, paper: Paper, shape: Shape, thinnest: float, deepest: int) -> list[_Found]:
    """Return the photographs of a patch."""
    whole = _laid(page, paper, shape.rectangle(), shape.fill)
    if whole.fill >= _FULL or not deepest:
        return [whole]
    best, quality = [whole], whole.quality
    for parts in (apart(shape, thinnest), *cuts(shape, thinnest)):
        deeper = deepest - 1 if len(parts) > 1 else 0
        found = [each for part in parts for each in _taken_apart(page, paper, part, thinnest, deeper)]
        if found and _worth(found) > quality + _BETTER:
            best, quality = found, _worth(found)
        if len(best) > 1 and quality >= _CERTAIN:
            break
    return best


def _joined(page: Lab, paper: Paper, found: list[_Found]) -> list[_Found]:
    """Join the pieces of photographs that have parts as light, or as dark, as the paper."""
    found = sorted(found, key=lambda each: each.quality)
    for poor in [each for each in found if each.quality < _SURE]:
        near = [each for each in found if each is not poor and _gap(each, poor) < _NEAR]
        for other in near:
            if not any(each is poor for each in found):
                break
            corners = np.concatenate([poor.corners, other.corners])
            box = np.asarray(cv2.boxPoints(cv2.minAreaRect(corners)), np.float32)
            areas = [cv2.contourArea(each) for each in (poor.corners, other.corners, box)]
            fill = min(1.0, (areas[0] + areas[1]) / max(areas[2], 1) + _LIGHT)
            whole = _laid(page, paper, box, fill)
            if whole.quality > max(poor.quality, other.quality, _GOOD):
                found = [each for each in found if each is not poor and each is not other] + [whole]
    return found


def _without_doubles(found: list[_Found]) -> list[_Found]:
    """Leave out what is not like a photograph, and what lies on a better one."""
    kept: list[_Found] = []
    for each in sorted(found, key=lambda each: -each.quality * cv2.contourArea(each.corners) ** 0.25):
        area = cv2.contourArea(each.corners)
        shared = [cv2.intersectConvexConvex(each.corners, other.corners)[0] for other in kept]
        if each.quality >= _POOR and area > 0 and sum(shared) < 0.4 * area:
            kept.append(each)
    return kept


def _gap(one: _Found, other: _Found) -> float:
    """Return about how many pixels lie between two rectangles."""
    gaps = [
        max(0.0, -cv2.pointPolygonTest(b.corners, (float(x), float(y)), True))
        for a, b in ((one, other), (other, one))
        for x, y in np.concatenate([a.corners, (a.corners + np.roll(a.corners, 1, axis=0)) / 2])
    ]
    return min(gaps)


def _worth(found: list[_Found]) -> float:
    areas = [cv2.contourArea(each.corners) + 1 for each in found]
    return float(np.average([each.quality for each in found], weights=areas))


def _laid(page: Lab, paper: Paper, corners: Points, fill: float) -> _Found:
    corners, sides = laid(page, paper, corners)
    return _Found(corners, sides, fill)


def _without_strokes(other: Mask) -> Mask:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_STROKE, _STROKE))
    small = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GAP, _GAP))
    closed = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_CLOSE, small)
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(closed), contours, -1, 1, cv2.FILLED)
    return np.asarray(cv2.morphologyEx(filled, cv2.MORPH_OPEN, kernel) > 0)
