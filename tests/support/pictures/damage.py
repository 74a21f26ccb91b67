"""Damaged photographs whose damage is known: strokes and specks drawn onto real ones, and a finder that knows them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from workers.sure import Sure


@dataclass(frozen=True)
class KnownDamage:
    """A finder for photographs of one tile that knows where their damage is."""

    damaged: NDArray[np.bool_]
    margin: int = 0

    def thresholds(self, strength: float) -> Sure:
        return Sure(128, 255, 255, 255)

    def find(self, lightness: NDArray[np.uint8]) -> NDArray[np.uint8]:
        assert lightness.shape == self.damaged.shape
        return np.where(self.damaged, 255, 0).astype(np.uint8)


def drawn(size: tuple[int, int], seed: int = 1) -> NDArray[np.bool_]:
    """Return a mask (H, W) of scratches and specks of several widths."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros(size, np.uint8)
    for width in (1, 2, 4, 7):
        ends = (rng.uniform(0, 1, (2, 2)) * size[::-1]).astype(int)
        cv2.line(canvas, ends[0].tolist(), ends[1].tolist(), 255, width)
    for _ in range(12):
        at = (rng.uniform(0, 1, 2) * size[::-1]).astype(int)
        cv2.circle(canvas, at.tolist(), int(rng.integers(1, 5)), 255, -1)
    return canvas > 0


def damaged(pixels: NDArray[np.generic], mask: NDArray[np.bool_]) -> NDArray[np.generic]:
    """Return the samples with white where the mask is."""
    result = pixels.copy()
    result[mask] = np.iinfo(pixels.dtype).max
    return result


def touched_blocks(mask: NDArray[np.bool_], grown: int = 0) -> NDArray[np.bool_]:
    """Return the 8 x 8 blocks that a mask (H, W) touches, once it has grown by some pixels."""
    mask = cv2.dilate(mask.astype(np.uint8), np.ones((2 * grown + 1,) * 2, np.uint8)) > 0
    height, width = (-(-n // 8) * 8 for n in mask.shape)
    whole = np.zeros((height, width), bool)
    whole[: mask.shape[0], : mask.shape[1]] = mask
    touched = whole.reshape(height // 8, 8, width // 8, 8).any(axis=(1, 3))
    return touched.repeat(8, 0).repeat(8, 1)[: mask.shape[0], : mask.shape[1]]
