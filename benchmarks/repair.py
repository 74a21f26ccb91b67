"""How well damage is found and filled: python -m benchmarks.repair PHOTOS [--most 100] [--scale 2] [--finder FILE].

PHOTOS is a folder or a tar of clean photographs. Each is enlarged as a scan would show it, with grain, and damaged by
the generator (model/repair/defects.py) with seeds that training does not use. Printed for each finder, and for kinds
of damage that training never sees: precision and recall of pixels with a tolerance of 2 pixels; PSNR of L* inside the
damage before, after, and with the true mask; and the share of pixels of the clean photographs that would be changed.
"""

import argparse
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.repair.data import scanned
from model.repair.defects import DRAWERS, HELD_OUT, damage
from photochrom.color import encoded, lightness, luminance_of_lightness
from workers.network.finder import OnnxFinder
from workers.pipeline.color.pixels import lightness_of
from workers.pipeline.repair.classical import ClassicalFinder
from workers.pipeline.repair.finder import Finder
from workers.pipeline.repair.marks import FILLED
from workers.pipeline.repair.repair import filled, find

from .table import markdown

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
_SEED = 77_000  # training counts its seeds from 0
_TOLERANCE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_NAMES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
_HEAD = [
    "finder",
    "damage",
    "precision",
    "recall",
    "before dB",
    "after dB",
    "true mask dB",
    "wrongly changed %",
]


@dataclass
class Tally:
    """Sums over photographs."""

    found: int = 0
    found_right: int = 0
    damaged: int = 0
    damaged_found: int = 0
    squares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    wrong: list[float] = field(default_factory=list)

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


def photographs(source: Path, most: int) -> Iterator[Plane]:
    """Yield L* of the photographs of a folder or a tar."""
    for file in _files(source, most):
        with Image.open(file) as image:
            yield np.asarray(lightness(np.asarray(image.convert("RGB")) / 255), np.float32)


def _files(source: Path, most: int) -> Iterator[Path | io.BytesIO]:
    if source.is_dir():
        yield from sorted(path for path in source.rglob("*") if path.suffix.lower() in _NAMES)[:most]
        return
    with tarfile.open(source) as tar:
        names = sorted(name for name in tar.getnames() if name.lower().endswith(_NAMES))
        for name in names[:most]:
            file = tar.extractfile(name)
            assert file is not None
            yield io.BytesIO(file.read())


def measure(
    finder: Finder, photos: list[Plane], kinds: tuple[str, ...], scale: float, strength: float
) -> list[str]:
    """Return one row of the table."""
    tally = Tally()
    for number, photo in enumerate(photos):
        rng = np.random.default_rng(_SEED + number)
        clean = scanned(photo, scale, round(min(photo.shape) * scale), rng)
        tally.wrong.append(find(_samples(clean), finder, strength).repairs.changed)
        worn = damage(clean, rng, kinds, 0.7)
        _measure_damaged(tally, finder, clean, worn.lightness, worn.mask, strength)
    return [*tally.row(), f"{100 * np.mean(tally.wrong):.4f}"]


def _measure_damaged(
    tally: Tally, finder: Finder, clean: Plane, worn: Plane, truth: Mask, strength: float
) -> None:
    samples = _samples(worn)
    found = find(samples, finder, strength).mask
    tally.add(found == FILLED, truth)
    true_mask = np.where(cv2.dilate(truth.astype(np.uint8), np.ones((3, 3), np.uint8)), FILLED, 0)
    ways = (samples, filled(samples, found), filled(samples, true_mask.astype(np.uint8)))
    tally.squares += [float(np.square(lightness_of(way)[truth] - clean[truth]).sum()) for way in ways]


def _samples(plane: Plane) -> NDArray[np.uint16]:
    return np.asarray(np.rint(encoded(luminance_of_lightness(plane)) * 65535), np.uint16)


def _grown(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _TOLERANCE) > 0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repair", description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--most", type=int, default=100)
    parser.add_argument("--scale", type=float, default=2.0)
    parser.add_argument("--strength", type=float, default=0.5)
    parser.add_argument("--finder", type=Path, help="a file exported by model.repair.export")
    arguments = parser.parse_args()
    photos = list(photographs(arguments.photos, arguments.most))
    rows = []
    finders: dict[str, Finder] = {"classical": ClassicalFinder()}
    if arguments.finder:
        finders["network"] = OnnxFinder(arguments.finder, threads=1)
    for name, finder in finders.items():
        for told, kinds in (("all kinds", tuple(DRAWERS)), ("kinds held out", HELD_OUT)):
            figures = measure(finder, photos, kinds, arguments.scale, arguments.strength)
            rows.append([name, told, *figures])
    print(markdown(_HEAD, rows))


if __name__ == "__main__":
    main()
