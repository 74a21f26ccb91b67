"""Resize small planes, by averages where they shrink and bilinearly where they grow."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


def resized(planes: Plane, size: tuple[int, int]) -> Plane:
    """Return planes (..., h, w) at size (height, width)."""
    rows, columns = _weights(planes.shape[-2], size[0]), _weights(planes.shape[-1], size[1])
    return np.asarray(rows @ planes @ columns.T, np.float32)


@lru_cache(64)
def _weights(old: int, new: int) -> Plane:
    """Return (new, old): how much of each old sample is in each new one; kept, for photographs have few sizes."""
    return _averages(old, new) if new <= old else _between(old, new)


def _averages(old: int, new: int) -> Plane:
    ends = np.arange(new + 1) * (old / new)
    low, high = np.maximum(ends[:-1, None], np.arange(old)), np.minimum(ends[1:, None], np.arange(1, old + 1))
    return np.asarray(np.maximum(high - low, 0) * (new / old), np.float32)


def _between(old: int, new: int) -> Plane:
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)[:, None]
    return np.asarray(np.maximum(1 - np.abs(place - np.arange(old)), 0), np.float32)
