"""Where the sides of a print cross the rows and columns of its surroundings: the targets of `Sides`."""

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo import frames

from .network import PRINT_CELL, PRINT_SIDE
from .picture import Box, Bytes, Picture
from .places import Place
from .sheets import Rng

Surroundings = tuple[Bytes, NDArray[np.float32], float]
"""What is seen (S, S, 3), where sides cross (4, cells), and whether it is one print; -1: nobody can say."""
SHARE = 0.76
"""Of a print's surroundings, along both axes, that the print fills."""
_CROPS = 6  # of a picture
_IS, _MAY = 0.55, 0.4  # IoU above which a box is that print, and below which it is none
_CELLS = PRINT_SIDE // PRINT_CELL


def around(pixels: Bytes, box: Box, shrunk: dict[int, Bytes] | None = None) -> Bytes:
    """Return what `Sides` sees (S, S, 3) of a box: laid straight, and stretched to a square.

    `shrunk` keeps the halves, thirds and so on of the picture from box to box.
    """
    turn, size = np.deg2rad(box[4]), box[2:4] / SHARE / PRINT_SIDE
    # Several pixels that become one are first made one, or fine lines are lost.
    shrink = max(1, int(min(size)))
    pixels = _shrunk(pixels, shrink, {} if shrunk is None else shrunk)
    size, middle = size / shrink, box[:2] / shrink - 0.5
    along = np.asarray((np.cos(turn), np.sin(turn))) * size[0]
    down = np.asarray((-np.sin(turn), np.cos(turn))) * size[1]
    start = middle - (along + down) * (PRINT_SIDE - 1) / 2
    way = np.stack([along, down, start], 1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    taken = cv2.warpAffine(pixels, way, (PRINT_SIDE,) * 2, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(taken, np.uint8)


def _shrunk(pixels: Bytes, by: int, kept: dict[int, Bytes]) -> Bytes:
    if by == 1:
        return pixels
    if by not in kept:
        size = pixels.shape[1] // by, pixels.shape[0] // by
        part = pixels[: size[1] * by, : size[0] * by]
        kept[by] = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    return kept[by]


def crossings(box: Box, truth: Box) -> NDArray[np.float32]:
    """Return (4, cells): where in the surroundings of a box each side of the true print crosses each row or column.

    In cells; NaN where the side does not, or outside of what is seen.
    """
    turn, size = np.deg2rad(box[4]), box[2:4] / SHARE / _CELLS
    apart = Place(*map(float, truth)).corners - box[:2]
    along = apart[:, 0] * np.cos(turn) + apart[:, 1] * np.sin(turn)
    down = apart[:, 1] * np.cos(turn) - apart[:, 0] * np.sin(turn)
    inner = np.stack([along / size[0], down / size[1]], 1) + (_CELLS - 1) / 2
    places, found = np.arange(_CELLS), np.full((4, _CELLS), np.nan, np.float32)
    for number, (start, end) in enumerate(((3, 0), (0, 1), (1, 2), (2, 3))):
        ends = inner[[start, end]][:, ::-1] if number % 2 == 0 else inner[[start, end]]
        ends = ends[np.argsort(ends[:, 0])]
        found[number] = np.interp(places, ends[:, 0], ends[:, 1], left=np.nan, right=np.nan)
    found[(found < 0) | (found > _CELLS - 1)] = np.nan
    return found


def surroundings(picture: Picture, count: int, rng: Rng) -> list[Surroundings]:
    """Return what `Sides` sees of boxes of a picture as `Pages` may propose them, and what it has to answer."""
    found, shrunk = list[Surroundings](), dict[int, Bytes]()
    for _ in range(count):
        box = _proposed(picture, rng)
        shared = [iou(box, truth) for truth in picture.boxes]
        best = int(np.argmax(shared)) if shared else -1
        value = shared[best] if shared else 0.0
        is_one = 1.0 if value > _IS else 0.0 if value < _MAY else -1.0
        empty = np.full((4, _CELLS), np.nan, np.float32)
        target = crossings(box, picture.boxes[best]) if value > _IS else empty
        found.append((around(picture.pixels, box, shrunk), target, is_one))
    return found


def _proposed(picture: Picture, rng: Rng) -> Box:
    """Return a box as `Pages` may propose it: about a print, on a part of one, over two, or anywhere."""
    height, width = picture.pixels.shape[:2]
    kind = rng.random()
    if len(picture.boxes) and kind < 0.85:
        box = picture.boxes[int(rng.integers(len(picture.boxes)))].copy()
        rough = rng.choice((0.01, 0.03, 0.06))
        if kind > 0.78:  # half of it, or twice
            axis, share = int(rng.integers(2)), rng.choice((0.4, 0.5, 0.6, 1.8, 2.1))
            turn = np.deg2rad(box[4])
            way = np.asarray(((np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn)))[axis])
            box[:2] += way * box[2 + axis] * (1 - share) / 2 * rng.choice((-1, 1))
            box[2 + axis] *= share
        box[:2] += rng.normal(0, rough, 2) * box[2:4]
        box[2:4] *= np.exp(rng.normal(0, rough, 2) * 1.2)
        box[4] += rng.normal(0, 30 * rough)
        return np.asarray(box, np.float32)
    size = np.exp(rng.uniform(np.log(0.08), np.log(0.9), 2)) * (width, height)
    return np.asarray((*(rng.uniform(0, 1, 2) * (width, height)), *size, rng.normal(0, 4)), np.float32)


def iou(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes."""
    own, others = (Place(*map(float, box)) for box in (one, other))
    if np.hypot(own.x - others.x, own.y - others.y) > own.reach + others.reach:
        return 0.0
    shared = frames.shared(own.corners.tolist(), others.corners.tolist())
    return shared / (float(one[2] * one[3] + other[2] * other[3]) - shared)
