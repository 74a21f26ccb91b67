"""Cut a rectangle out of a page and turn it upright, once, in the page's own depth."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.frames import Frame

from ..photo import Samples

STRAIGHT = 0.25
"""Degrees: nobody sees less, and what lies so straight is cut without touching a pixel."""
_TILE = 1024  # pixels of the result: OpenCV takes no source of more than 32,767 a side
_AROUND = 6  # pixels: the reach of the kernel


def is_straight(frame: Frame) -> bool:
    """Return whether a frame lies along the page's rows and columns."""
    return abs(frame.angle - 90 * round(frame.angle / 90)) <= STRAIGHT


def bounds(frame: Frame, height: int, width: int) -> tuple[slice, slice]:
    """Return the rows and columns of a page of this size around a frame, at least one of each."""
    xs, ys = zip(*frame.corners, strict=True)
    return _whole(min(ys), max(ys), height), _whole(min(xs), max(xs), width)


def cut_out(pixels: Samples, frame: Frame) -> Samples:
    """Return the photograph (h, w) or (h, w, 3) that lies in a frame of a page.

    One that lies straight keeps its pixels; any other is turned with a kernel of Lanczos of 8 x 8 pixels. What a frame
    has beyond the page repeats the page's outermost pixels.
    """
    if is_straight(frame):
        part = pixels[bounds(frame, *pixels.shape[:2])]
        return np.ascontiguousarray(np.rot90(part, round(frame.angle / 90)))
    size = max(1, round(frame.height)), max(1, round(frame.width))
    result = np.empty((*size, *pixels.shape[2:]), pixels.dtype)
    for top in range(0, size[0], _TILE):
        for left in range(0, size[1], _TILE):
            place = slice(top, min(top + _TILE, size[0])), slice(left, min(left + _TILE, size[1]))
            result[place] = _tile(pixels, frame, place)
    return result


def _tile(pixels: Samples, frame: Frame, place: tuple[slice, slice]) -> Samples:
    cos, sin = math.cos(math.radians(frame.angle)), math.sin(math.radians(frame.angle))
    across = place[1].start + 0.5 - frame.width / 2
    down = place[0].start + 0.5 - frame.height / 2
    # Where the middle of the tile's first pixel lies, counted from the middle of the page's first.
    x = frame.x - 0.5 + across * cos - down * sin
    y = frame.y - 0.5 + across * sin + down * cos
    height, width = (part.stop - part.start for part in place)
    xs = [x + i * (width - 1) * cos - j * (height - 1) * sin for i in (0, 1) for j in (0, 1)]
    ys = [y + i * (width - 1) * sin + j * (height - 1) * cos for i in (0, 1) for j in (0, 1)]
    rows = _around(ys, pixels.shape[0])
    columns = _around(xs, pixels.shape[1])
    way: NDArray[np.float64] = np.array([[cos, -sin, x - columns.start], [sin, cos, y - rows.start]])
    source = np.ascontiguousarray(pixels[rows, columns])
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    turned = cv2.warpAffine(source, way, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, pixels.dtype)


def _around(places: list[float], count: int) -> slice:
    start = min(max(math.floor(min(places)) - _AROUND, 0), count - 1)
    return slice(start, max(min(math.ceil(max(places)) + _AROUND + 1, count), start + 1))


def _whole(low: float, high: float, count: int) -> slice:
    """Grow outwards to whole pixels; what rounding added by itself is not grown for."""
    start = min(max(math.floor(low + 0.01), 0), count - 1)
    return slice(start, max(min(math.ceil(high - 0.01), count), start + 1))
