"""Fills damage from its surroundings: along each of eight directions, from the nearest pixels on both sides.

A direction counts the more the nearer both ends are and the better they agree: an edge that a scratch crosses is
joined along itself. Everything is a weighted mean of real neighbours, so nothing appears that is not there already.
"""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
REACH = 24
"""Pixels from a damaged one within which there must be an undamaged one; what is wider is not filled."""
_AXES = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
_AGREEMENT = (
    0.15  # of the full range: how far the two ends of a direction may differ and still be one surface
)
_NEARNESS = 3.0  # power of the distance
_ONE_SIDED = 1e-4


def fill(planes: Plane, damaged: Mask, wanted: Mask) -> Plane:
    """Fill a part of what is damaged from what is not.

    Args:
        planes: (C, H, W), 0..1.
        damaged: (H, W), says nothing.
        wanted: (H, W), those of the damaged pixels to be filled.

    Returns:
        (C, n) for the n wanted pixels in their order.
    """
    edge = 2 * REACH + 2
    padded = np.pad(planes, ((0, 0), (edge, edge), (edge, edge)), mode="edge")
    # Beyond the picture there is nothing to know.
    closed = np.pad(damaged, edge, constant_values=True)
    width = closed.shape[1]
    rows, columns = np.nonzero(wanted)
    places = (rows + edge) * width + columns + edge
    total = np.zeros((len(planes), len(places)), np.float32)
    weights = np.full(len(places), 1e-20, np.float32)
    flat, shut = padded.reshape(len(planes), -1), closed.ravel()
    for down, across in _AXES:
        step, length = down * width + across, float(np.hypot(down, across))
        ends = [_nearest(places, sign * step, shut) for sign in (1, -1)]
        values, weight = _between(flat, places, step, length, ends)
        total += values * weight
        weights += weight
    return np.asarray(total / weights, np.float32)


def _nearest(places: NDArray[np.intp], step: int, shut: Mask) -> NDArray[np.int32]:
    """Return how many steps away the first open place lies; 0 where none is within reach."""
    found = np.zeros(len(places), np.int32)
    left = np.arange(len(places))
    for count in range(1, REACH + 1):
        opened = ~shut[places[left] + count * step]
        found[left[opened]] = count
        left = left[~opened]
        if not len(left):
            break
    return found


def _between(
    flat: Plane, places: NDArray[np.intp], step: int, length: float, ends: list[NDArray[np.int32]]
) -> tuple[Plane, Plane]:
    """Interpolate between both ends of one direction; return values (C, n) and their weights (n)."""
    first, second = (flat[:, places + sign * count * step] for sign, count in zip((1, -1), ends, strict=True))
    near, far = (np.maximum(count, 1).astype(np.float32) for count in ends)
    values = (first * far + second * near) / (near + far)
    apart = np.abs(first - second).max(axis=0) / np.float32(_AGREEMENT)
    weight = np.exp(-0.5 * apart**2) + np.float32(1e-3)
    weight *= ((near + far) * np.float32(length)) ** np.float32(-_NEARNESS)
    one, other = ends[0] > 0, ends[1] > 0
    values = np.where(one & other, values, np.where(one, first, second))
    nearest = np.where(one, near, far) * np.float32(length)
    weight = np.where(one & other, weight, np.where(one | other, _ONE_SIDED / nearest**2, 0))
    return values, np.asarray(weight, np.float32)
