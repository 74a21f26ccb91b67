"""Finds and fills damage in tiles, at full size, in the photograph's own depth; what is not damaged stays as it is."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.restoration import DefectKind, Repairs

from ..color.light import lightness_of
from ..photo import Samples
from .company import CLASSES, NO_EVIDENCE, allowed, settled, together
from .fill import REACH, Mask, fill
from .finder import Bytes, Finder
from .grain import grain_of
from .marks import FILLED, LEFT, Tally, asked_marks, marks_of
from .wishes import AS_FOUND, KEEP, REPAIR

_FOUND_TILE, _FILLED_TILE = 1536, 512
_MARGIN = 2 * REACH
_GROWN = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


@dataclass(frozen=True)
class Found:
    """Damage of a photograph: the mask (H, W) of `marks`, and the figures."""

    mask: Bytes
    repairs: Repairs


class Tile(NamedTuple):
    """A part of a photograph with what lies around it, and where in it the part itself is."""

    around: tuple[slice, slice]
    core: tuple[slice, slice]
    part: tuple[slice, slice]


def tiles(size: tuple[int, int], side: int, margin: int) -> Iterator[Tile]:
    """Yield tiles that cover (height, width), each with a margin where there is one."""
    for top in range(0, size[0], side):
        for left in range(0, size[1], side):
            spans = [
                _span(start, length, side, margin) for start, length in zip((top, left), size, strict=True)
            ]
            (a, b, c), (d, e, f) = spans
            yield Tile((a, d), (b, e), (c, f))


def _span(start: int, length: int, side: int, margin: int) -> tuple[slice, slice, slice]:
    stop = min(start + side, length)
    begin = max(0, start - margin)
    around = slice(begin, min(length, stop + margin))
    return around, slice(start - begin, stop - begin), slice(start, stop)


def find(pixels: Samples, finder: Finder, strength: float, wishes: Bytes | None = None) -> Found:
    """Find the damage of grey (H, W) or sRGB (H, W, 3) samples.

    Args:
        pixels: uint8 or uint16.
        finder: says how surely a pixel is damaged.
        strength: 0 takes only the surest, 1 all that may be damage.
        wishes: (H, W), the map of `wishes`, which goes before what is found.
    """
    mask, tallies, evidence = _doubted(pixels, finder, strength, wishes)
    taken = allowed(evidence, mask.size)
    settled(mask, taken, (FILLED, LEFT))
    told = [tally for tally, real in zip(tallies, taken, strict=True) if real]
    if wishes is not None:
        told += _asked(mask, finder.margin, wishes)
    counts: Counter[DefectKind] = Counter()
    for tally in told:
        counts.update(tally.counts)
    left = sum(tally.left for tally in told)
    changed = float(np.count_nonzero(mask == FILLED) / mask.size)
    return Found(mask, Repairs(counts={k: n for k, n in counts.items() if n}, left=left, changed=changed))


def _doubted(
    pixels: Samples, finder: Finder, strength: float, wishes: Bytes | None
) -> tuple[Bytes, list[Tally], NDArray[np.float64]]:
    """Return the mask (H, W) of `Marks` for a whole photograph, the tally of each class, and the evidence."""
    mask: Bytes = np.zeros(pixels.shape[:2], np.uint8)
    tallies = [Tally(Counter(), 0)] * CLASSES
    evidence = NO_EVIDENCE
    for tile in tiles((mask.shape[0], mask.shape[1]), _FOUND_TILE, finder.margin):
        levels = np.rint(lightness_of(pixels[tile.around]) * np.float32(2.55)).astype(np.uint8)
        sureness = finder.find(levels)
        if wishes is not None:
            sureness = np.where(wishes[tile.around] == KEEP, 0, sureness).astype(np.uint8)
        marks = marks_of(sureness, levels, finder.thresholds(strength), tile.core)
        # The rim of a defect is a mixture: it goes with it.
        grown = cv2.dilate(marks.mask, _GROWN) if marks.mask.any() else marks.mask
        mask[tile.part] = grown[tile.core]
        evidence = together(evidence, marks.evidence)
        for number, tally in enumerate(marks.tallies):
            before = tallies[number]
            tallies[number] = Tally(Counter(before.counts) + Counter(tally.counts), before.left + tally.left)
    return mask, tallies, evidence


def _asked(mask: Bytes, margin: int, wishes: Bytes) -> list[Tally]:
    """Lay over the mask what the map asks for, in place; return the tallies of what was not found anyway."""
    tallies: list[Tally] = []
    # A defect that begins in a tile goes on in later ones only, whose mask is still what was found.
    for tile in tiles((mask.shape[0], mask.shape[1]), _FOUND_TILE, margin):
        said = wishes[tile.around]
        asked = asked_marks(said == REPAIR, mask[tile.around], tile.core)
        mask[tile.part] = np.where(said == AS_FOUND, mask[tile.around], asked.mask)[tile.core]
        tallies += asked.tallies
    return tallies


def filled(pixels: Samples, mask: Bytes, *, in_place: bool = False) -> Samples:
    """Return the samples with the pixels filled that `mask` marks so; all others are the very same.

    `in_place` allows overwriting the samples: a large photo then needs no second copy. The result is the same, since
    only undamaged pixels are read.
    """
    result = pixels if in_place and pixels.flags.writeable else pixels.copy()
    for tile in tiles((mask.shape[0], mask.shape[1]), _FILLED_TILE, 0):
        here = mask[tile.part] == FILLED
        if here.any():
            part, around, core = _bounds(tile.part, here)
            # What is damaged and left says nothing about its surroundings either.
            damaged = mask[around] != 0
            wanted = np.zeros(damaged.shape, bool)
            wanted[core] = mask[part] == FILLED
            result[part][wanted[core]] = _values(pixels[around], damaged, wanted)
    return result


def _bounds(part: tuple[slice, slice], here: Mask) -> tuple[tuple[slice, slice], ...]:
    """Return the smallest box with what is true in a part of a picture, the same with a margin, and the one in it."""
    boxes = []
    for axis, span in enumerate(part):
        at = span.start + np.flatnonzero(here.any(axis=1 - axis))
        box = slice(int(at[0]), int(at[-1]) + 1)
        begin = max(0, box.start - _MARGIN)
        boxes.append((box, slice(begin, box.stop + _MARGIN), slice(box.start - begin, box.stop - begin)))
    (a, b, c), (d, e, f) = boxes
    return (a, d), (b, e), (c, f)


def _values(pixels: Samples, damaged: Mask, wanted: Mask) -> Samples:
    """Return samples for the wanted pixels: filled, with grain."""
    scale = np.float32(np.iinfo(pixels.dtype).max)
    planes = np.moveaxis(np.atleast_3d(pixels), -1, 0).astype(np.float32) / scale
    values = fill(planes, damaged, wanted)
    values = np.clip(values + grain_of(planes, damaged, wanted, values), 0, 1)
    samples = np.rint(values * scale).astype(pixels.dtype)
    return np.asarray(samples[0] if pixels.ndim == 2 else samples.T)
