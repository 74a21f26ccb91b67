"""From how sure the finder is to single defects: what is taken, its form, and what is too large to be known."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.restoration import DefectKind

from ...sure import Sure
from .calm import stands_out
from .company import CLASSES, NO_EVIDENCE, classes_of, directions_of, evidence_of
from .finder import Bytes

FILLED, LEFT = 255, 128
"""Values of a mask; 0 is undamaged."""
WIDEST = 24
"""Pixels across: what is wider than this at its widest is left."""
_WIDEST_ASKED = 40  # where a caller vouches for the place, all that `fill` can reach
_MOST_AREA = 40_000
_SMALLEST = 3  # pixels: less is grain
_SPECK = 14  # pixels of a side
_SIZES = (16, 40)  # pixels of a side: up to here a defect is small, from here on large
_LONG = 4.0  # times as long as wide: a line
_THIN = 6.0  # times as long as wide: what is large and doubtful must at least be thin
_STRAIGHT = 0.9  # of its length from end to end


class Tally(NamedTuple):
    """Defects of one class (`company`) whose uppermost pixel lies in the core of a tile.

    Attributes:
        counts: of those that are filled.
        left: of those that are left.
    """

    counts: dict[DefectKind, int]
    left: int


@dataclass(frozen=True)
class Marks:
    """Defects of a tile.

    Attributes:
        mask: (H, W): `FILLED` or `LEFT` less the defect's class, or 0.
        tallies: one for each class; none if there are no defects.
        evidence: what the filled defects that begin in the core say for damage (`company`).
    """

    mask: Bytes
    tallies: tuple[Tally, ...]
    evidence: NDArray[np.float64]


def marks_of(sureness: Bytes, levels: Bytes, sure: Sure, core: tuple[slice, slice]) -> Marks:
    """Part sureness (H, W) into defects; only those that begin in the core are counted, all are in the mask.

    `levels` (H, W) is the photograph itself, L* 0..255.
    """
    if sureness.max() < min(sure.plain, sure.small, sure.large) - 2 * sure.eased:
        return Marks(np.zeros_like(sureness), (), NO_EVIDENCE)
    doubtful = sureness >= sure.weak
    parts = _Parts.of(doubtful)
    surest = np.zeros(len(parts.stats), np.uint8)
    np.maximum.at(surest, parts.labels, sureness[parts.places])
    needed = np.interp(parts.extent, _SIZES, (sure.small, sure.large))
    plain = (surest >= sure.plain - 2 * sure.eased) & (surest < needed) & (parts.area >= _SMALLEST)
    for part in np.flatnonzero(plain):
        if stands_out(levels, doubtful, parts.stats[part, :4]):
            needed[part] = min(needed[part], sure.plain)
    classes = classes_of(surest, needed, parts.extent > _SIZES[1], sure)
    compact = (parts.extent > _SIZES[1]) & (parts.extent < _THIN * parts.across)
    classes[(parts.area < _SMALLEST) | (compact & (surest < needed))] = CLASSES
    marks = parts.marks(classes, (parts.across > WIDEST) | (parts.area > _MOST_AREA), core)
    marks.mask[sureness < sure.filled] = 0
    return marks


def asked_marks(asked: NDArray[np.bool_], found: Bytes, core: tuple[slice, slice]) -> Marks:
    """Part what a caller asks to repair (H, W) into defects; those in the mask `found` already count for nothing."""
    parts = _Parts.of(asked)
    large = parts.across > _WIDEST_ASKED
    marks = parts.marks(np.zeros(len(parts.stats), np.intp), large, core)
    counted = np.zeros(len(parts.stats), np.intp)
    counted[parts.labels[found[parts.places] > 0]] = CLASSES
    return Marks(marks.mask, parts.marks(counted, large, core).tallies, NO_EVIDENCE)


class _Parts(NamedTuple):
    """Connected parts of a mask, the first of them what is not in it.

    Attributes:
        size: of the mask.
        places: rows and columns of the pixels in the mask.
        labels: the part of each of these pixels.
        stats: (n, 5), OpenCV's.
        across: (n,), pixels at the widest.
    """

    size: tuple[int, int]
    places: tuple[NDArray[np.intp], NDArray[np.intp]]
    labels: NDArray[np.intp]
    stats: NDArray[np.int32]
    across: NDArray[np.float32]

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> "_Parts":
        taken = mask.astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(taken, connectivity=8, ltype=cv2.CV_32S)
        rows, columns = np.nonzero(taken)
        found = np.asarray(labels[rows, columns], np.intp)
        across = np.zeros(count, np.float32)
        np.maximum.at(across, found, 2 * cv2.distanceTransform(taken, cv2.DIST_L2, 3)[rows, columns])
        return cls(
            (mask.shape[0], mask.shape[1]), (rows, columns), found, np.asarray(stats, np.int32), across
        )

    @property
    def area(self) -> NDArray[np.int32]:
        return self.stats[:, cv2.CC_STAT_AREA]

    @property
    def extent(self) -> NDArray[np.int32]:
        return np.asarray(self.stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1))

    def marks(self, classes: NDArray[np.intp], large: NDArray[np.bool_], core: tuple[slice, slice]) -> Marks:
        """Mark the parts that are of a class: the large ones are left, the others filled."""
        classes[0] = CLASSES
        values = np.where(classes < CLASSES, np.where(large, LEFT, FILLED) - classes, 0).astype(np.uint8)
        mask = np.zeros(self.size, np.uint8)
        mask[self.places] = values[self.labels]
        begins, forms = _begins_in(self.stats, core), _forms(self.stats, self.across)
        tallies = []
        for number in range(CLASSES):
            real = (classes == number) & begins
            counts = {kind: int((real & ~large & (forms == kind.value)).sum()) for kind in DefectKind}
            tallies.append(Tally(counts, int((real & large).sum())))
        telling = np.where(begins & ~large, classes, CLASSES)
        directions = directions_of(self.places, self.labels, len(self.stats))
        return Marks(mask, tuple(tallies), evidence_of(telling, directions))


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
