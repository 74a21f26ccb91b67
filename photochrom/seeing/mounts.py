"""Find the photograph within a mount, a white border or the edge of a film."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .boxes import WHOLE, Box
from .edges import NONE, Margin, margin

Plane = NDArray[np.float32]

_THINNEST = 2  # pixels of the small picture
_HALF_STRAIGHT, _STRAIGHT, _VERY_STRAIGHT = 0.3, 0.6, 0.85  # share of a side
_SURE_STEP = 10.0  # L*
_EVEN = 3.0  # L*
_THICKEST = 0.25  # of the side's length, where fewer than three sides have a margin
_SMALLEST, _LARGEST = 0.08, 0.95  # of the area; what is larger gains nothing by being cut out
_RIMS = 3


def find_photograph(picture: Plane) -> Box:
    """Return where the photograph lies in a picture (h, w), L* 0..100; the whole where no mount is beyond doubt."""
    box = WHOLE
    for _ in range(_RIMS):
        inner = _within(picture[box.cells(picture.shape)])
        if inner == WHOLE:
            break
        box = box.part(inner)
    return box if box.area <= _LARGEST else WHOLE


def _within(picture: Plane) -> Box:
    height, width = picture.shape
    sides = [NONE] * 4
    # Twice: by the second time the columns of the photograph are known.
    for _ in range(2):
        top, bottom, left, right = (side.depth if _is_edge(side) else 0 for side in sides)
        across, down = slice(left, width - right or None), slice(top, height - bottom or None)
        sides = [
            margin(picture, across),
            margin(picture[::-1], across),
            margin(picture.T, down),
            margin(picture.T[::-1], down),
        ]
        if sum(side.depth >= _THINNEST and side.straight >= _HALF_STRAIGHT for side in sides) < 2:
            return WHOLE  # the usual photograph, so it should be quick
    depths = _cut(sides, (height, width))
    box = Box(depths[0] / height, 1 - depths[1] / height, depths[2] / width, 1 - depths[3] / width)
    return box if box.area >= _SMALLEST else WHOLE


def _is_edge(side: Margin) -> bool:
    return side.depth >= _THINNEST and side.straight >= _STRAIGHT


def _cut(sides: Sequence[Margin], size: tuple[int, int]) -> tuple[int, ...]:
    """Return the lines to leave out at each side: those of a frame, or of two sides whose edges are beyond doubt.

    One side alone is never enough: the ground before a wall and a calm sea end as straight.
    """
    edges = [_is_edge(side) for side in sides]
    if sum(edges) == 3:
        # Where three sides prove a frame, the fourth may be hard to tell from the photograph.
        edges = [side.depth >= _THINNEST and side.straight >= _HALF_STRAIGHT for side in sides]
    if sum(edges) < 3:
        lengths = (size[0], size[0], size[1], size[1])
        edges = [
            edge and _is_sure(side, length) for edge, side, length in zip(edges, sides, lengths, strict=True)
        ]
        if sum(edges) < 2:
            edges = [False] * 4
    return tuple(side.depth if edge else 0 for edge, side in zip(edges, sides, strict=True))


def _is_sure(side: Margin, length: int) -> bool:
    thin = side.depth <= _THICKEST * length
    return thin and side.straight >= _VERY_STRAIGHT and side.step >= _SURE_STEP and side.spread < _EVEN
