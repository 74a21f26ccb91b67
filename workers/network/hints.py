"""Colour hints as the network takes them: small square patches of a*, b* and a mask."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.hints import Hint


def hint_planes(hints: Iterable[Hint], size: tuple[int, ...]) -> NDArray[np.float32]:
    """Paint hints as patches (Zhang et al. 2017): (3, H, W) of a*, b* and a 0/1 mask, all zero without hints.

    Args:
        hints: of the upright photograph; where two overlap, the later one wins.
        size: (H, W) of the lightness that the network sees, upright.
    """
    height, width = size
    planes = np.zeros((3, height, width), np.float32)
    for hint in hints:
        half = max(1, round(hint.radius * max(height, width)))
        # The middle itself is always inside the picture, also for a hint on its last edge.
        row, column = min(int(hint.y * height), height - 1), min(int(hint.x * width), width - 1)
        rows = slice(max(0, row - half), row + half + 1)
        columns = slice(max(0, column - half), column + half + 1)
        planes[:, rows, columns] = np.array([hint.a, hint.b, 1], np.float32)[:, None, None]
    return planes
