"""How well damage is found and filled: python -m benchmarks.repair PHOTOS [--finder FILE] [--plates FOLDER].

PHOTOS is a folder or a tar of clean photographs. Each is enlarged as a scan would show it, with grain, and damaged by
the generator (model/repair/defects.py) with seeds that training does not use. Printed for each finder, and for kinds
of damage that training never sees: precision and recall of pixels with a tolerance of 2 pixels; PSNR of L* inside the
damage before, after, and with the true mask. Then the share of the clean photographs' pixels that would be changed
(benchmarks/repair/clean.py), and the figures of real plates (benchmarks/repair/plates.py).
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from model.repair.data import scanned
from model.repair.defects import DRAWERS, HELD_OUT, damage
from workers.network.finder import OnnxFinder
from workers.pipeline.color.light import lightness_of
from workers.pipeline.repair.classical import ClassicalFinder
from workers.pipeline.repair.finder import Finder
from workers.pipeline.repair.marks import FILLED
from workers.pipeline.repair.repair import filled, find

from ..measuring.table import markdown
from . import clean, plates
from .scans import SEED, Plane, photographs, samples

Mask = NDArray[np.bool_]
_TOLERANCE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_HEAD = ["finder", "damage", "precision", "recall", "before dB", "after dB", "true mask dB"]


@dataclass
class Tally:
    """Sums over photographs."""

    found: int = 0
    found_right: int = 0
    damaged: int = 0
    damaged_found: int = 0
    squares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))

    def add(self, found: Mask, truth: Mask) -> None:
        """Count the pixels of one photograph."""
        near_truth, near_found = (_grown(mask) for mask in (truth, found))
        self.found += int(found.sum())
        self.found_right += int((found & near_truth).sum())
        self.damaged += int(truth.sum())
        self.damaged_found += int((truth & near_found).sum())

    def row(self) -> list[str]:
        """Return the figures as text."""
        precision, recall = self.found_right / max(self.found, 1), self.damaged_found / max(self.damaged, 1)
        decibels = 10 * np.log10(1e4 * self.damaged / np.maximum(self.squares, 1e-9))
        return [f"{precision:.3f}", f"{recall:.3f}", *(f"{value:.2f}" for value in decibels)]


def measure(
    finder: Finder, photos: list[Plane], kinds: tuple[str, ...], scale: float, strength: float
) -> list[str]:
    """Return one row of the table."""
    tally = Tally()
    for number, photo in enumerate(photos):
        rng = np.random.default_rng(SEED + number)
        whole = scanned(photo, scale, round(min(photo.shape) * scale), rng)
        worn = damage(whole, rng, kinds, 0.7)
        _measure_damaged(tally, finder, whole, worn.lightness, worn.mask, strength)
    return tally.row()


def _measure_damaged(
    tally: Tally, finder: Finder, whole: Plane, worn: Plane, truth: Mask, strength: float
) -> None:
    seen = samples(worn)
    found = find(seen, finder, strength).mask
    tally.add(found == FILLED, truth)
    true_mask = np.where(cv2.dilate(truth.astype(np.uint8), np.ones((3, 3), np.uint8)), FILLED, 0)
    ways = (seen, filled(seen, found), filled(seen, true_mask.astype(np.uint8)))
    tally.squares += [float(np.square(lightness_of(way)[truth] - whole[truth]).sum()) for way in ways]


def _grown(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _TOLERANCE) > 0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repair", description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--most", type=int, default=60, help="photographs that are damaged")
    parser.add_argument("--clean", type=int, default=300, help="photographs that are not")
    parser.add_argument("--lines", type=int, default=60, help="of those richest in lines")
    parser.add_argument("--of", type=int, default=1200, help="photographs that are read")
    parser.add_argument("--plates", type=Path, help="a folder of plates of three exposures each")
    parser.add_argument("--scale", type=float, default=2.0)
    parser.add_argument("--strength", type=float, default=0.5)
    parser.add_argument("--finder", type=Path, help="a file exported by model.repair.export")
    arguments = parser.parse_args()
    finders: dict[str, Finder] = {"classical": ClassicalFinder()}
    if arguments.finder:
        finders["network"] = OnnxFinder(arguments.finder, threads=1)
    photos = list(photographs(arguments.photos, arguments.of))
    scale, strength = arguments.scale, arguments.strength
    drawn = {"all kinds": tuple(DRAWERS), "kinds held out": HELD_OUT}
    rows = [
        [name, told, *measure(finder, photos[: arguments.most], kinds, scale, strength)]
        for name, finder in finders.items()
        for told, kinds in drawn.items()
    ]
    _tell(markdown(_HEAD, rows))
    sets = {
        "any": photos[: arguments.clean],
        "rich in lines": clean.richest_in_lines(photos, arguments.lines),
    }
    rows = [
        [f"{name}, {told}", *clean.row(finder, chosen, scale, strength)]
        for name, finder in finders.items()
        for told, chosen in sets.items()
    ]
    _tell(markdown(clean.HEAD, rows))
    if arguments.plates:
        real = list(plates.read(arguments.plates, arguments.most))
        rows = [[name, *plates.measure(finder, real, strength)] for name, finder in finders.items()]
        _tell(markdown(plates.HEAD, rows))


def _tell(table: str) -> None:
    print(f"{table}\n", flush=True)


if __name__ == "__main__":
    main()
