"""Puts grain into what was filled: that of undamaged places near by, where the photograph is about as light.

Without it, filled places are smooth, and the eye finds them. The same photograph gets the same grain.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
_SIGMA = 1.4  # pixels: what varies more slowly is the picture
_ALIKE = 0.1  # of the full range
_MOST = 2.5  # times the usual variation: more is an edge, not grain
_PLACES = 12
_NEAR, _FAR = 9, 40


def grain_of(planes: Plane, damaged: Mask, wanted: Mask, filled: Plane) -> Plane:
    """Return grain (C, n) for the wanted pixels whose filled values are (C, n); the arguments are those of `fill`."""
    open_ = (~damaged).astype(np.float32)
    share = cv2.GaussianBlur(open_, (0, 0), _SIGMA) + np.float32(1e-6)
    smooth = np.stack([cv2.GaussianBlur(plane * open_, (0, 0), _SIGMA) / share for plane in planes])
    fine = planes - smooth
    if damaged[::4, ::4].all():
        return np.zeros_like(filled)
    usual = 1.4826 * np.median(np.abs(fine[:, ::4, ::4][:, ~damaged[::4, ::4]]), axis=1)[:, None]
    rows, columns = np.nonzero(wanted)
    grain = np.zeros_like(filled)
    bare = np.ones(len(rows), bool)
    for down, across in _moves():
        y, x = rows + down, columns + across
        inside = bare & (y >= 0) & (y < damaged.shape[0]) & (x >= 0) & (x < damaged.shape[1])
        at = np.flatnonzero(inside)
        at = at[~damaged[y[at], x[at]]]
        alike = np.abs(smooth[:, y[at], x[at]] - filled[:, at]).max(axis=0) < _ALIKE
        at = at[alike]
        lent = fine[:, y[at], x[at]]
        grain[:, at] = np.clip(lent, -_MOST * usual, _MOST * usual)
        bare[at] = False
    return grain


@lru_cache
def _moves() -> NDArray[np.intp]:
    """The same places for every photograph, near ones first."""
    random = np.random.default_rng(1905)
    angle = random.uniform(0, 2 * np.pi, _PLACES)
    distance = np.sort(random.uniform(_NEAR, _FAR, _PLACES))
    moves = np.stack([distance * np.sin(angle), distance * np.cos(angle)], 1)
    return np.rint(moves).astype(np.intp)
