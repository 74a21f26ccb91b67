"""How doubtful a defect may be: as doubtful as the damage of the whole photograph allows.

A mast or a wire that looks like a scratch is alone in a photograph that is otherwise whole. A real scratch seldom is.
So where a photograph has much damage that is sure, what is doubtful by itself is damage too (docs/lab/repair.md has
the figures). This holds for lines alone, and they are judged by lines: a dusty photograph need not be scratched.
Straight lines of one direction count as one, since bars and joints are many and parallel. A large photograph has more
of everything, so damage is judged by the photograph's size.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ...sure import Sure
from .finder import Bytes

_TELLS = (1.0, 0.5, 0.25)  # what a defect of each doubt, from 0, says for damage
_LINE_DOUBT = 2  # the most that damage allows; none of what is small
_DIRECTIONS = 8
_CROOKED = 0.01  # of its variance, across the line
_LEAST, _PER_MEGAPIXEL = 2.0, 4.0  # of such evidence: photographs without damage have 0.5 a megapixel
_DOUBTS = len(_TELLS)
CLASSES = 2 * _DOUBTS
"""Of defects: the doubts about what is small, from 0, then the doubts about lines."""


def classes_of(
    surest: NDArray[np.uint8], needed: NDArray[np.float64], lines: NDArray[np.bool_], sure: Sure
) -> NDArray[np.intp]:
    """Return the class (n,) of each of n parts, `CLASSES` where it is no defect in any company.

    Args:
        surest: (n,), sureness of the surest pixel of each part.
        needed: (n,), how sure that must be.
        lines: (n,), which parts are lines.
        sure: how sure the finder must be.
    """
    lacks = np.maximum(needed - surest, 0)
    doubts = np.ceil(lacks / sure.eased) if sure.eased else np.where(lacks > 0, _DOUBTS, 0)
    return np.where(doubts < _DOUBTS, doubts + _DOUBTS * lines, CLASSES).astype(np.intp)


def evidence_of(classes: NDArray[np.intp], directions: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return what defects (n,) of these classes say for damage, to be added up by `together`.

    Args:
        classes: (n,).
        directions: (n,), `direction_of` each.

    Returns:
        (`_DIRECTIONS` + 1,): of straight lines by direction, and of crooked ones; what is small says nothing.
    """
    found = np.zeros(_DIRECTIONS + 1)
    known = (classes >= _DOUBTS) & (classes < CLASSES)
    tells = np.asarray(_TELLS)[classes[known] % _DOUBTS]
    places = directions[known]
    straight = places < _DIRECTIONS
    np.maximum.at(found, places[straight], tells[straight])
    np.add.at(found, places[~straight], tells[~straight])
    return found


def together(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the evidence of two parts of a photograph."""
    return np.concatenate([np.maximum(one, other)[:_DIRECTIONS], (one + other)[_DIRECTIONS:]])


def directions_of(
    places: tuple[NDArray[np.intp], NDArray[np.intp]], labels: NDArray[np.intp], count: int
) -> NDArray[np.intp]:
    """Return the direction (count,), 0.._DIRECTIONS - 1, of each part's pixels; `_DIRECTIONS` of a crooked part."""
    area = np.maximum(np.bincount(labels, minlength=count), 1)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(labels, values, count) / area)

    y, x = (at.astype(np.float64) for at in places)
    yy, xx, yx = mean(y * y) - mean(y) ** 2, mean(x * x) - mean(x) ** 2, mean(y * x) - mean(y) * mean(x)
    slope, spread = np.hypot(xx - yy, 2 * yx), xx + yy
    turns = np.arctan2(2 * yx, xx - yy) / (2 * np.pi)  # of half a turn
    crooked = spread - slope > _CROOKED * (spread + slope)
    return np.where(crooked, _DIRECTIONS, np.rint(turns * _DIRECTIONS) % _DIRECTIONS).astype(np.intp)


def allowed(evidence: NDArray[np.float64], pixels: int) -> list[bool]:
    """Return which classes are damage in a photograph of so many pixels with such evidence."""
    damaged = evidence.sum() >= max(_LEAST, _PER_MEGAPIXEL * pixels / 1e6)
    return [doubt <= most for most in (0, _LINE_DOUBT * damaged) for doubt in range(_DOUBTS)]


NO_EVIDENCE = np.zeros(_DIRECTIONS + 1)


def settled(mask: Bytes, taken: Sequence[bool], values: Sequence[int]) -> None:
    """Turn each value less a class that is taken into the value itself, and all else into 0, in place."""
    table = np.zeros(256, np.uint8)
    for value in values:
        table[[value - number for number, real in enumerate(taken) if real]] = value
    cv2.LUT(mask, table, dst=mask)
