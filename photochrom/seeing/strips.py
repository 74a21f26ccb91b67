"""Cut panoramas and strips into windows that overlap, and weigh them so that one fades into the next."""

import math

import numpy as np
from numpy.typing import NDArray

from .boxes import Box

Plane = NDArray[np.float32]

LARGEST_ASPECT = 3.0
"""Beyond this ratio of the sides a photograph is cut into windows."""
MOST_WINDOWS = 32
"""No photograph costs more predictions than this; windows of longer strips are longer."""
_ASPECT, _OVERLAP = 1.4, 0.25
_THINNEST = 48  # pixels: a line is not a panorama


def windows(height: float, width: float) -> tuple[Box, ...]:
    """Return the windows of a picture of this size in pixels, the whole where it is no strip."""
    short, aspect = min(height, width), max(height, width) / min(height, width)
    if aspect <= LARGEST_ASPECT or short < _THINNEST:
        return (Box(),)
    step = _ASPECT * (1 - _OVERLAP)
    count = min(1 + math.ceil((aspect - _ASPECT) / step), MOST_WINDOWS)
    length = max(_ASPECT / aspect, 1 / (count - (count - 1) * _OVERLAP))  # as a share of the strip
    starts = [i * (1 - length) / (count - 1) for i in range(count)]
    ends = [(start, start + length) for start in starts]
    return tuple(Box(left=a, right=b) if width > height else Box(top=a, bottom=b) for a, b in ends)


def fade(size: tuple[int, int], before: bool, after: bool, overlap: float) -> Plane:
    """Return the weight (h, w) of a window: it rises from its first end and falls to its last one.

    Args:
        size: of the window in cells; it lies along its strip's longer side, which is across when `size` is wide.
        before: whether another window is before it.
        after: whether another one follows.
        overlap: the share of the window that it has in common with each.
    """
    across = size[1] >= size[0]
    place = (np.arange(max(size)) + 0.5) / max(size)
    weight = np.ones_like(place)
    for there, way in ((before, place), (after, 1 - place)):
        if there:
            share = np.clip(way / overlap, 0, 1)
            weight = np.minimum(weight, share * share * (3 - 2 * share))
    plane = weight[None, :] if across else weight[:, None]
    return np.broadcast_to(np.maximum(plane, 1e-6), size).astype(np.float32)
