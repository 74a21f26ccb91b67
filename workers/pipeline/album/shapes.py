"""Take a patch of a page apart into pieces that are rectangles, as photographs are."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Points = NDArray[np.float32]

THINNEST = 0.035  # of the page's longer side: less is a caption, a corner, a stamp
_RADII = (3, 6, 10, 15, 22, 30)
_TRIMMED = 10
_WORTH = 0.96  # of the rectangle around a patch: what those around its pieces may have
_STEP = 2  # pixels between the cuts that are tried


@dataclass(frozen=True)
class Shape:
    """A patch of the page."""

    mask: Mask
    """(h, w), 0 or 1, with a margin of one around the patch."""
    left: int
    top: int

    @property
    def area(self) -> int:
        """Pixels."""
        return int(cv2.countNonZero(self.mask))

    def rectangle(self) -> Points:
        """Return the corners (4, 2), on the page, of the smallest rectangle around it."""
        box = cv2.minAreaRect(_outline(self.mask))
        return np.asarray(cv2.boxPoints(box), np.float32) + np.asarray((self.left, self.top), np.float32)

    @property
    def fill(self) -> float:
        """Share of that rectangle, 0..1."""
        return min(1.0, self.area / max(area_of(self.rectangle()), 1.0))


def area_of(corners: Points) -> float:
    """Return the square pixels of a rectangle, counted from the middles of its outermost pixels."""
    width, height = (float(np.linalg.norm(corners[i] - corners[i + 1])) for i in (0, 1))
    return (width + 1) * (height + 1)


def shapes_of(mask: Mask, thinnest: float, left: int = 0, top: int = 0) -> list[Shape]:
    """Return the connected patches of a mask that are thick enough."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    found = []
    for i in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[i])
        if min(width, height) >= thinnest and area >= thinnest**2:
            part = (labels[y : y + height, x : x + width] == i).astype(np.uint8)
            padded = cv2.copyMakeBorder(part, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
            found.append(Shape(padded, left + x - 1, top + y - 1))
    return found


def apart(shape: Shape, thinnest: float) -> list[Shape]:
    """Take a patch apart where it is thin; one piece is what is left without that which hangs on to it."""
    depth = cv2.distanceTransform(shape.mask, cv2.DIST_L2, 3)
    trimmed: list[Shape] = []
    for radius in _RADII:
        core = (depth > radius).astype(np.uint8)
        cores = shapes_of(core, max(2.0, thinnest - 2 * radius), shape.left, shape.top)
        if len(cores) > 1:
            return _grown_apart(core, radius, shape, thinnest)
        if cores and radius == _TRIMMED:
            trimmed = shapes_of(_grown(core, radius) & shape.mask, thinnest, shape.left, shape.top)
        if not cores:
            break
    return trimmed


def _outline(mask: Mask) -> NDArray[np.int32]:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(outlines, key=len), np.int32)


def _grown(core: Mask, radius: float) -> Mask:
    away = cv2.distanceTransform(1 - core, cv2.DIST_L2, 3)
    return np.asarray((away <= radius + 0.5), np.uint8)


def _grown_apart(core: Mask, radius: float, shape: Shape, thinnest: float) -> list[Shape]:
    """Give each core the pixels around it that are nearer to it than to another."""
    away, nearest = cv2.distanceTransformWithLabels(1 - core, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_CCOMP)
    within = (away <= radius + 0.5) & (shape.mask > 0)
    parts = []
    for label in range(1, int(nearest.max()) + 1):
        mask = ((nearest == label) & within).astype(np.uint8)
        parts += shapes_of(mask, thinnest, shape.left, shape.top)
    return parts


def cuts(shape: Shape, thinnest: float) -> Iterator[list[Shape]]:
    """Cut along a straight line that leaves two pieces more like rectangles, along and across."""
    (x, y), _, angle = cv2.minAreaRect(_outline(shape.mask))
    side = int(np.hypot(*shape.mask.shape)) + 4
    turn = np.asarray(cv2.getRotationMatrix2D((x, y), angle, 1), np.float64)
    turn[:, 2] += side / 2 - np.asarray((x, y))
    turned = np.asarray(cv2.warpAffine(shape.mask, turn, (side, side), flags=cv2.INTER_NEAREST), np.uint8)
    back = np.asarray(cv2.invertAffineTransform(turn), np.float64)
    whole = float(np.prod([turned.any(axis=axis).sum() for axis in (0, 1)]))
    for axis in (0, 1):
        wastes = _wastes(turned if axis == 0 else np.ascontiguousarray(turned.T), thinnest)
        at, least = min(wastes, key=lambda waste: waste[1], default=(0, whole))
        if least < _WORTH * whole:
            yield _halves(shape, turned, back, at, axis, thinnest)


def _halves(
    shape: Shape, turned: Mask, back: NDArray[np.float64], at: int, axis: int, thinnest: float
) -> list[Shape]:
    parts = []
    for piece in (slice(0, at), slice(at, None)):
        half = np.zeros_like(turned)
        place = (piece, slice(None)) if axis == 0 else (slice(None), piece)
        half[place] = turned[place]
        mask = np.asarray(
            cv2.warpAffine(half, back, shape.mask.shape[::-1], flags=cv2.INTER_NEAREST), np.uint8
        )
        parts += shapes_of(mask & shape.mask, thinnest, shape.left, shape.top)
    return parts


def _wastes(plane: Mask, thinnest: float) -> list[tuple[int, float]]:
    """Return each line between rows at which the plane may be cut, and the area of the boxes around both parts."""
    filled = plane.any(axis=1)
    first = np.where(filled, plane.argmax(axis=1), 1 << 20)
    last = np.where(filled, plane.shape[1] - plane[:, ::-1].argmax(axis=1), 0)
    rows = np.flatnonzero(filled)
    low, high = int(rows[0]), int(rows[-1]) + 1
    before = np.maximum.accumulate(last) - np.minimum.accumulate(first)
    after = (np.maximum.accumulate(last[::-1]) - np.minimum.accumulate(first[::-1]))[::-1]
    places = range(round(low + thinnest), round(high - thinnest), _STEP)
    return [(i, float(before[i - 1] * (i - low) + after[i] * (high - i))) for i in places]
