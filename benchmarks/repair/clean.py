"""How much of photographs without damage a finder would change: any of them, and those that are rich in lines.

Wires, hair, ropes, grass and text look like scratches. A photograph's line content is the share of its pixels that are
lighter or darker, by `STANDS_OUT` of L*, than all that a square of 7 pixels around them could hold (top-hat).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from model.repair.data import scanned
from workers.pipeline.repair.finder import Finder
from workers.pipeline.repair.repair import find

from .scans import SEED, Plane, samples

STANDS_OUT = 8.0
HEAD = ["finder", "photographs", "wrongly changed %", "half of them below %", "untouched %"]
_SQUARE = cv2.getStructuringElement(cv2.MORPH_RECT, (7, 7))


def line_content(photo: Plane) -> float:
    """Return the share (0..1) of the pixels of L* (H, W) that lie on lines or specks."""
    lighter = photo - cv2.morphologyEx(photo, cv2.MORPH_OPEN, _SQUARE)
    darker = cv2.morphologyEx(photo, cv2.MORPH_CLOSE, _SQUARE) - photo
    return float((np.maximum(lighter, darker) > STANDS_OUT).mean())


def richest_in_lines(photos: list[Plane], count: int) -> list[Plane]:
    """Return the photographs with the highest line content."""
    return sorted(photos, key=line_content, reverse=True)[:count]


def row(finder: Finder, photos: list[Plane], scale: float, strength: float) -> list[str]:
    """Return figures of what would be changed of the photographs, each seen as a scan shows it."""
    changed = np.array([_changed(finder, *one, scale, strength) for one in enumerate(photos)])
    told: NDArray[np.float64] = 100 * np.array([changed.mean(), np.median(changed), (changed == 0).mean()])
    return [str(len(photos)), f"{told[0]:.4f}", f"{told[1]:.4f}", f"{told[2]:.0f}"]


def _changed(finder: Finder, number: int, photo: Plane, scale: float, strength: float) -> float:
    clean = scanned(photo, scale, round(min(photo.shape) * scale), np.random.default_rng(SEED + number))
    return find(samples(clean), finder, strength).repairs.changed
