"""Rectangles that may be turned, and what the networks see of a picture and of what lies in a rectangle."""

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo import frames

Bytes = NDArray[np.uint8]
Box = NDArray[np.float32]
"""(5,): x and y of the middle, width and height in pixels, counted from the picture's corner, and radians clockwise."""
_GREY = 128


def axes(box: Box) -> NDArray[np.float64]:
    """Return (2, 2): the unit vectors along a box and down."""
    cos, sin = np.cos(float(box[4])), np.sin(float(box[4]))
    return np.asarray(((cos, sin), (-sin, cos)))


def corners(box: Box) -> NDArray[np.float32]:
    """Return (4, 2): x and y of the corners, from the upper left one on, clockwise."""
    signs = np.asarray(((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)))
    return np.asarray(box[:2] + (signs * box[2:4]) @ axes(box), np.float32)


def box_around(corners: NDArray[np.float32]) -> Box:
    """Return the smallest box around corners (4, 2), turned by less than half a right angle."""
    (x, y), (width, height), angle = cv2.minAreaRect(corners)
    angle = (angle + 180) % 180
    if angle > 135:
        angle -= 180
    elif angle > 45:
        angle, width, height = angle - 90, height, width
    return np.asarray((x, y, width, height, np.deg2rad(angle)), np.float32)


def shared(one: Box, other: Box) -> float:
    """Return the square pixels that two boxes have in common."""
    apart = float(np.linalg.norm(one[:2] - other[:2]))
    if apart > float(np.hypot(*one[2:4]) + np.hypot(*other[2:4])) / 2:
        return 0.0
    return frames.shared(corners(one).tolist(), corners(other).tolist())


def seen_whole(picture: Bytes, side: int) -> tuple[Bytes, float]:
    """Return a picture (h, w, 3) in the upper left of a grey square (side, side, 3), and its scale there."""
    scale = side / max(picture.shape[:2])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    seen = np.full((side, side, 3), _GREY, np.uint8)
    seen[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return seen, scale


class Pyramid:
    """A picture (h, w, 3) and its halves, thirds and so on, each made once."""

    def __init__(self, picture: Bytes) -> None:
        self._made = {1: picture}

    def around(self, box: Box, share: float, side: int) -> Bytes:
        """Return (side, side, 3): the surroundings of a box, of which it fills this share, straight and stretched."""
        size = box[2:4] / share / side
        # Several pixels that become one are first made one, or fine lines are lost.
        by = max(1, int(min(size)))
        along, down = axes(box) * (size / by)[:, None]
        start = box[:2] / by - 0.5 - (along + down) * (side - 1) / 2
        way = np.stack([along, down, start], 1)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        taken = cv2.warpAffine(
            self._shrunk(by), way, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(taken, np.uint8)

    def _shrunk(self, by: int) -> Bytes:
        if by not in self._made:
            whole = self._made[1]
            size = whole.shape[1] // by, whole.shape[0] // by
            part = whole[: size[1] * by, : size[0] * by]
            self._made[by] = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        return self._made[by]
