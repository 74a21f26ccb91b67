"""A drawn picture, as both networks are shown it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .pages import Drawn

Bytes = NDArray[np.uint8]
Box = NDArray[np.float32]
"""(5,): middle x and y, width, height in pixels, and degrees clockwise."""
Boxes = NDArray[np.float32]
"""(n, 5)."""


@dataclass(frozen=True)
class Picture:
    """A drawn picture (H, W, 3) and its prints (n, 5)."""

    pixels: Bytes
    boxes: Boxes


def picture_of(drawn: Drawn) -> Picture:
    """Return a drawn picture with its prints in rows."""
    rows = [(place.x, place.y, place.width, place.height, place.angle) for place in drawn.places]
    return Picture(drawn.picture, np.asarray(rows, np.float32).reshape(-1, 5))
