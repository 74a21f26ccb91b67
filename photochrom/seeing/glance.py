"""One look at a photograph, to judge it as a whole: without its mount, stretched, as a small square."""

import numpy as np
from numpy.typing import NDArray

from .look import choose_look
from .resize import resized
from .sizes import Size

Plane = NDArray[np.float32]
_LOOK = 112
"""Side in pixels at which mounts are looked for: enough to leave them out, and three times as fast as the network's."""


def glance(overview: Plane, size: Size, side: int) -> Plane:
    """Return L* (side, side) of the photograph alone; of a page, its largest one; of a strip, its first window.

    Squeezed to a square, so that all photographs have one shape. Hints do not count: they change no photograph.

    Args:
        overview: L* (h, w) of the upright photograph, small.
        size: the photograph's height and width.
        side: of the square, in pixels.
    """
    look = choose_look(resized(overview, (min(_LOOK, len(overview)), min(_LOOK, overview.shape[1]))), size)
    view = max(look.views, key=lambda view: view.box.area)
    return view.shown(resized(overview[view.box.cells(overview.shape)], (side, side)))
