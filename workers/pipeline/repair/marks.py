"""From how sure the finder is to single defects: what is taken, its form, and what is too large to be known."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.restoration import DefectKind

from .finder import Bytes

FILLED, LEFT = 255, 128
"""Values of a mask; 0 is undamaged."""
WIDEST = 24
"""Pixels across: what is wider than this at its widest is left."""
_MOST_AREA = 40_000
_SMALLEST = 3  # pixels: less is grain
_SPECK = 14  # pixels of a side
_LONG = 4.0  # times as long as wide: a line
_STRAIGHT = 0.9  # of its length from end to end


@dataclass(frozen=True)
class Marks:
    """Defects of a tile.

    Attributes:
        mask: (H, W): `FILLED`, `LEFT` or 0.
        counts: of those whose uppermost pixel lies in the core.
        left: the same of those left.
    """

    mask: Bytes
    counts: dict[DefectKind, int]
    left: int


def thresholds(strength: float) -> tuple[int, int]:
    """Return how sure the finder must be, 0..255: of a pixel, and of the surest pixel of a defect."""
    return round(255 * (0.6 - 0.2 * strength)), round(255 * (0.8 - 0.25 * strength))


def marks_of(sureness: Bytes, strength: float, core: tuple[slice, slice]) -> Marks:
    """Part sureness (H, W) into defects; only those that begin in the core are counted, all are in the mask."""
    weak, strong = thresholds(strength)
    taken = np.asarray(sureness >= weak, np.uint8)
    count, labels, found_stats, _ = cv2.connectedComponentsWithStats(taken, connectivity=8, ltype=cv2.CV_32S)
    stats = np.asarray(found_stats, np.int32)
    rows, columns = np.nonzero(taken)
    found = np.asarray(labels[rows, columns], np.intp)
    surest = np.zeros(count, np.uint8)
    np.maximum.at(surest, found, sureness[rows, columns])
    across = np.zeros(count, np.float32)
    np.maximum.at(across, found, 2 * cv2.distanceTransform(taken, cv2.DIST_L2, 3)[rows, columns])
    area = stats[:, cv2.CC_STAT_AREA]
    real = (surest >= strong) & (area >= _SMALLEST)
    real[0] = False
    large = real & ((across > WIDEST) | (area > _MOST_AREA))
    values = np.where(large, LEFT, np.where(real, FILLED, 0)).astype(np.uint8)
    mask = np.zeros_like(sureness)
    mask[rows, columns] = values[found]
    begins = _begins_in(stats, core)
    forms = _forms(stats, across)
    counts = {kind: int((real & ~large & begins & (forms == kind.value)).sum()) for kind in DefectKind}
    return Marks(mask, counts, int((large & begins).sum()))


def _begins_in(stats: NDArray[np.int32], core: tuple[slice, slice]) -> NDArray[np.bool_]:
    top, left = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_LEFT]
    down, across = core
    inside = (top >= down.start) & (top < down.stop) & (left >= across.start) & (left < across.stop)
    return np.asarray(inside)


def _forms(stats: NDArray[np.int32], across: NDArray[np.float32]) -> NDArray[np.str_]:
    """Name the form of each defect by its extent, its width and its area."""
    reach = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    width = np.maximum(across, 1)
    length = np.maximum(stats[:, cv2.CC_STAT_AREA] / width, 1)
    small = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) <= _SPECK
    line = reach > _LONG * width
    straight = reach > _STRAIGHT * length
    return np.select(
        [small & ~line, line & straight, line],
        [DefectKind.SPECK.value, DefectKind.SCRATCH.value, DefectKind.FIBRE.value],
        DefectKind.SPOT.value,
    )
