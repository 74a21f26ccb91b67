"""Draw pages and single photographs for training: python -m model.album.draw PHOTOS OUT --seed 0 --count 4000.

PHOTOS holds tars of blocks (model/training/blocks.py). OUT gets files of 200 drawn pictures each.
"""

import argparse
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..training.blocks import block_tars, read_blocks
from .pages import Drawn, make_page
from .scenes import Draw
from .sheets import Rng
from .singles import make_single

PAGES = 0.62
"""Share of pictures that are pages."""
EACH = 200
"""Pictures in a file."""


def read_photographs(source: Path, most: int) -> NDArray[np.uint8]:
    """Return at most so many photographs (N, 256, 256, 3), RGB, from all tars of blocks alike."""
    tars, found = block_tars(source), list[NDArray[np.uint8]]()
    for path in tars:
        kept = 0
        for block in read_blocks(path):
            found.append(np.asarray(block.rgb().permute(0, 2, 3, 1)))
            kept += len(found[-1])
            if kept >= most / len(tars):
                break
    return np.concatenate(found)[:most]


def draw_one(photographs: NDArray[np.uint8], seed: int) -> Drawn:
    """Draw the picture of a seed."""
    rng = np.random.default_rng((21, seed))

    return draw_with(lambda: np.asarray(photographs[rng.integers(len(photographs))]), rng)


def draw_with(photograph: Draw, rng: Rng) -> Drawn:
    """Draw a page or a single photograph; each call of `photograph` gives one."""
    return make_page(photograph, rng) if rng.random() < PAGES else make_single(photograph, rng)


def save(drawn: list[Drawn], path: Path) -> None:
    """Write pictures and the places of their prints: `read_drawn` gives them back."""
    packed = [
        cv2.imencode(".jpg", one.picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 97])[1] for one in drawn
    ]
    rows = [(number, *astuple(place)) for number, one in enumerate(drawn) for place in one.places]
    ends = np.cumsum([len(each) for each in packed])
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial, packed=np.concatenate(packed), ends=ends, places=np.asarray(rows, np.float32).reshape(-1, 6)
    )
    partial.rename(path)


def read_drawn(path: Path) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Return of each picture its JPEG, and (n, 5) the middle, width, height and angle of its prints."""
    with np.load(path) as file:
        packed, ends, places = file["packed"], file["ends"], file["places"]
    parts = np.split(packed, ends[:-1])
    return [(part, places[places[:, 0] == number, 1:]) for number, part in enumerate(parts)]


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(prog="python -m model.album.draw", description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--photographs", type=int, default=4000)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    photographs = read_photographs(arguments.photos, arguments.photographs)
    for first in range(arguments.seed, arguments.seed + arguments.count, EACH):
        save(
            [draw_one(photographs, seed) for seed in range(first, first + EACH)],
            arguments.out / f"{first:07d}.npz",
        )


if __name__ == "__main__":
    main()
