"""Whether a defect stands out plainly from calm ground: there even a doubtful one is hardly the scene's own."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .finder import Bytes

_PLAINLY = 4.0  # times the spread of the light around
_LEAST = 0.75  # levels of 255: no ground is calmer than its rounding
_RIM = cv2.getStructuringElement(cv2.MORPH_RECT, (5, 5))
_RING = cv2.getStructuringElement(cv2.MORPH_RECT, (15, 15))
_REACH = 12
_FEW = 8  # pixels of ground: fewer tell nothing


def stands_out(levels: Bytes, doubtful: NDArray[np.bool_], box: NDArray[np.int32]) -> bool:
    """Return whether the doubtful pixels in a box differ plainly from the ground around it.

    Args:
        levels: (H, W), L* 0..255.
        doubtful: (H, W), what may be damage: no ground.
        box: (4,), left, top, width and height of the defect.
    """
    left, top, width, height = (int(length) for length in box)
    down = slice(max(0, top - _REACH), top + height + _REACH)
    across = slice(max(0, left - _REACH), left + width + _REACH)
    speck = np.zeros(levels[down, across].shape, np.uint8)
    own = (
        slice(top - down.start, top - down.start + height),
        slice(left - across.start, left - across.start + width),
    )
    speck[own] = doubtful[top : top + height, left : left + width]
    rim = cv2.dilate(speck, _RIM)
    ring = (cv2.dilate(rim, _RING) > 0) & (rim == 0) & ~doubtful[down, across]
    ground, inside = levels[down, across][ring], levels[down, across][speck > 0]
    if len(ground) < _FEW:
        return False
    contrast = abs(float(inside.mean()) - float(np.median(ground)))
    return contrast >= _PLAINLY * (float(ground.std()) + _LEAST)
