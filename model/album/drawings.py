"""The drawn pictures that both networks learn from, turned, mirrored and lit anew each time."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .draw import read_drawn
from .sheets import Rng

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


class Drawings:
    """The pictures of a folder of `model.album.draw`, at random; new files are taken in as they come."""

    def __init__(self, folder: Path, rng: Rng) -> None:
        """Read what is there."""
        self._folder, self.rng = folder, rng
        self._known: set[Path] = set()
        self._all: list[tuple[Bytes, Boxes]] = []

    def draw(self) -> Picture:
        """Return one, turned by quarters, mirrored and lit anew."""
        if not self._all or self.rng.random() < 0.002:
            for path in sorted(set(self._folder.glob("[0-9]*[0-9].npz")) - self._known):
                self._known.add(path)
                self._all += read_drawn(path)
        packed, boxes = self._all[int(self.rng.integers(len(self._all)))]
        pixels = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
        turned = _turned(Picture(pixels, boxes), int(self.rng.integers(4)), bool(self.rng.integers(2)))
        return Picture(_relit(turned.pixels, self.rng), turned.boxes)


def _turned(picture: Picture, quarters: int, mirrored: bool) -> Picture:
    pixels, boxes = picture.pixels, picture.boxes.copy()
    for _ in range(quarters):  # clockwise
        boxes = np.stack([len(pixels) - boxes[:, 1], boxes[:, 0], *boxes[:, [3, 2, 4]].T], 1)
        pixels = np.rot90(pixels, -1)
    if mirrored:
        pixels = pixels[:, ::-1]
        boxes[:, 0] = pixels.shape[1] - boxes[:, 0]
        boxes[:, 4] = -boxes[:, 4]
    return Picture(np.ascontiguousarray(pixels), boxes)


def _relit(pixels: Bytes, rng: Rng) -> Bytes:
    levels = np.arange(256, dtype=np.float32) / 255
    if rng.random() < 0.06:
        pixels = 255 - pixels  # negatives lie on pages too, and what is dark must not mean paper
    curves = [
        np.clip(levels ** np.exp(rng.normal(0, 0.15)) * rng.uniform(0.85, 1.08) + rng.normal(0, 0.02), 0, 1)
        for _ in range(3)
    ]
    if rng.random() < 0.6:
        curves = [curves[0]] * 3
    table = np.rint(np.stack(curves, 1) * 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(pixels, table), np.uint8)
