"""How well photographs are found on album pages: python -m benchmarks.album PHOTOS [--pages 500] [--singles 500].

PHOTOS is a folder or a tar of photographs. Pages are made of them (`pages.py`): light and dark paper with texture and
uneven light, prints turned up to 15 degrees, shadows, white borders, captions, paper corners, corners that touch.
Printed: the share of prints whose frame has an intersection over union (IoU) above 0.95 with the truth, those lost
(below 0.5) and cut (a twentieth of the print or more is outside of its frame), frames that are none; and the share of
single photographs, and of such as look like pages (`singles.py`), that stay whole.
"""

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.photo.frames import shared
from workers.pipeline.album.find import SIDE, find_frames

from ..measuring.table import markdown
from ..repair.scans import files_of
from .pages import Page, make_page
from .singles import KINDS, hung

Bytes = NDArray[np.uint8]
_SEED = 21_000
_GOOD, _LOST, _CUT = 0.95, 0.5, 0.05


@dataclass
class Tally:
    """Counts over pages."""

    prints: int = 0
    good: int = 0
    lost: int = 0
    cut: int = 0
    false: int = 0

    def add(self, page: Page) -> None:
        """Find the frames of a page and count them."""
        scale = SIDE / max(page.picture.shape[:2])
        small = cv2.resize(page.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        frames = [np.asarray(frame.corners, np.float32) / scale for frame in find_frames(np.asarray(small))]
        for truth in page.prints:
            best = max(frames, key=lambda frame: _iou(frame, truth), default=None)
            value = 0.0 if best is None else _iou(best, truth)
            self.prints += 1
            self.good += value > _GOOD
            self.lost += value < _LOST
            self.cut += best is not None and value >= _LOST and _left_out(best, truth) > _CUT
        self.false += sum(
            max((_iou(frame, truth) for truth in page.prints), default=0.0) < _LOST for frame in frames
        )


def _iou(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    both = shared(one.tolist(), other.tolist())
    return float(both / (cv2.contourArea(one) + cv2.contourArea(other) - both))


def _left_out(frame: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    return 1 - shared(frame.tolist(), truth.tolist()) / cv2.contourArea(truth)


def photographs(source: Path) -> list[Bytes]:
    """Return the photographs of a folder or a tar, RGB."""
    return [np.asarray(Image.open(file).convert("RGB")) for file in files_of(source)]


def _drawn(photos: list[Bytes], rng: np.random.Generator) -> Bytes:
    return photos[int(rng.integers(len(photos)))]


def _share(part: int, of: int) -> str:
    return f"{100 * part / max(of, 1):.2f} %"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.album", description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--singles", type=int, default=500)
    parser.add_argument("--seed", type=int, default=_SEED)
    arguments = parser.parse_args()
    photos = photographs(arguments.photos)
    tally = Tally()
    for number in range(arguments.pages):
        rng = np.random.default_rng(arguments.seed + number)
        tally.add(make_page(partial(_drawn, photos, rng), rng))
    rows = [
        ["frames with IoU above 0.95", _share(tally.good, tally.prints)],
        ["lost", _share(tally.lost, tally.prints)],
        ["cut", _share(tally.cut, tally.prints)],
        ["frames that are none", str(tally.false)],
        *_singles(photos, arguments.singles, np.random.default_rng(arguments.seed)),
    ]
    print(f"{arguments.pages} pages, {tally.prints} prints\n")
    print(markdown(["what", "share"], rows))


def _singles(photos: list[Bytes], count: int, rng: np.random.Generator) -> list[list[str]]:
    """Return which share of single photographs stays whole, as they are and of each kind that looks like a page."""
    chosen = [photos[i] for i in rng.permutation(len(photos))[:count]]
    whole = sum(not find_frames(_small(photo)) for photo in chosen)
    rows = [[f"{len(chosen)} single photographs left whole", _share(whole, len(chosen))]]
    for kind, make in {"with another one in it": hung, **KINDS}.items():
        part = chosen if make is hung else chosen[: -(-count // len(KINDS))]
        made = [make(photo, _drawn(photos, rng), rng) for photo in part]
        whole = sum(not find_frames(_small(photo)) for photo in made)
        rows.append([f"{len(made)} left whole: {kind}", _share(whole, len(made))])
    return rows


def _small(picture: Bytes) -> Bytes:
    scale = min(1.0, SIDE / max(picture.shape[:2]))
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
