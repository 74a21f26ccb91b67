"""Apply a shift on the grid to the network's small colour: to places that are near, as light and coloured alike."""

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.shift import Shift
from photochrom.photo.sight import GRID

from .look import on_grid

Plane = NDArray[np.float32]
_NEAR, _LIGHT, _COLOR = 1.0, 15.0, 8.0
"""Sigmas: places of the grid, L*, and a* and b*."""
_DOUBT = 0.1
"""Weight of leaving a colour as it is."""
_ROWS = 16


def shifted(ab: Plane, lightness: Plane, shift: Shift, share: float) -> Plane:
    """Return the colours moved by a share of the shift.

    Args:
        ab: (2, h, w), upright.
        lightness: L* (h, w).
        shift: on the grid.
        share: 0..1.
    """
    if not share:
        return ab
    planes = np.concatenate([lightness[None] / _LIGHT, ab / _COLOR]).astype(np.float32)
    keys = np.stack([on_grid(plane) for plane in planes]).reshape(3, -1)
    change = np.zeros_like(ab)
    for top in range(0, ab.shape[1], _ROWS):
        rows = slice(top, top + _ROWS)
        change[:, rows] = _spread(planes[:, rows], keys, _apart(ab.shape[1:], top, _ROWS), shift)
    return np.asarray(ab + np.float32(share) * change, np.float32)


def _apart(size: tuple[int, ...], top: int, rows: int) -> Plane:
    """Return the squared distances (pixels, 144) of some rows of a map to the places of the grid."""
    height, width = size
    y = (np.arange(top, min(top + rows, height)) + 0.5) / height * GRID - 0.5
    x = (np.arange(width) + 0.5) / width * GRID - 0.5
    grid = np.arange(GRID)
    vertical, horizontal = (np.square(place[:, None] - grid) for place in (y, x))
    both = vertical[:, None, :, None] + horizontal[None, :, None, :]
    return np.asarray(both.reshape(-1, GRID * GRID) / _NEAR**2, np.float32)


def _spread(planes: Plane, keys: Plane, apart: Plane, shift: Shift) -> Plane:
    pixels = planes.reshape(3, -1)
    for pixel, key in zip(pixels, keys, strict=True):
        apart = apart + np.square(pixel[:, None] - key)
    weights = np.exp(apart * np.float32(-0.5)) * shift.sureness
    spread = (weights @ shift.change.T) / (weights.sum(1, keepdims=True) + np.float32(_DOUBT))
    return np.asarray(spread.T.reshape(2, *planes.shape[1:]), np.float32)
