"""What the cells of a page have to say of the prints below them: the targets of `Pages`."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .network import PAGE_CELL, PAGE_SIDE
from .picture import Bytes, Picture


def seen_whole(pixels: Bytes) -> tuple[Bytes, float]:
    """Return a picture as `Pages` sees it (S, S, 3), and its scale: in the upper left of a grey square."""
    scale = PAGE_SIDE / max(pixels.shape[:2])
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    seen = np.full((PAGE_SIDE, PAGE_SIDE, 3), 128, np.uint8)
    seen[: size[1], : size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return seen, scale


@dataclass(frozen=True)
class Votes:
    """What `Pages` has to say of one picture."""

    seen: Bytes
    distances: NDArray[np.float32]
    """(4, h, w): from each cell to the sides of its print, in pixels; below 0 where there is none."""
    angle: NDArray[np.float32]
    """(h, w), radians."""
    weight: NDArray[np.float32]
    """(h, w): a small print counts as much as a large one."""


def votes(picture: Picture) -> Votes:
    """Return what the cells of a picture have to say."""
    seen, scale = seen_whole(picture.pixels)
    side = PAGE_SIDE // PAGE_CELL
    x, y = np.meshgrid(*(((np.arange(side) + 0.5) * PAGE_CELL).astype(np.float32),) * 2)
    distances = np.full((4, side, side), -1, np.float32)
    angle, weight = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
    for box in picture.boxes:
        across, down = box[:2] * scale
        turn = np.deg2rad(box[4])
        along = (x - across) * np.cos(turn) + (y - down) * np.sin(turn)
        below = (y - down) * np.cos(turn) - (x - across) * np.sin(turn)
        half = box[2:4] * scale / 2
        own = np.stack([half[0] + along, half[1] + below, half[0] - along, half[1] - below])
        inside = own.min(axis=0) > 0
        distances[:, inside] = own[:, inside]
        angle[inside] = turn
        weight[inside] = 1 / max(float(inside.sum()), 1) ** 0.5
    return Votes(seen, distances, angle, weight)
