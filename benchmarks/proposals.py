"""How often a spot of one photograph is found again in another, and how near: a table in Markdown.

    python -m benchmarks.proposals val.tar [--groups 60]

The parts are those of `benchmarks.series`: where a spot lies in each is known. Spots are drawn at random, in pairs of
parts that are told to belong together.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import islice, permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.hints import Hint
from photochrom.photo.proposals import SURE, found_again
from photochrom.photo.sight import GRID, Sight
from workers.network.recognizer import OnnxRecognizer
from workers.series.form import TOGETHER, shared
from workers.series.look import sight_of
from workers.settings import SHIPPED_MODEL

from .measuring.table import markdown
from .series import Part, part_of, photographs

PARTS, SPOTS = 4, 12
BOUNDS = (SURE, 0.7, 0.8)
_HEAD = ["cosine from", "shown there, and found", "of those found: within half a place", "within a place"]


def seen(recognizer: OnnxRecognizer, part: Part) -> Sight:
    """Return what a part shows; its colours do not count here."""
    none = np.zeros((2, GRID, GRID), np.float32)
    return sight_of(recognizer, part.lightness, none, np.ones((GRID, GRID), bool), anchored=False)


def tries(
    recognizer: OnnxRecognizer, parts: list[Part], rng: np.random.Generator
) -> Iterator[tuple[bool, float, float]]:
    """Yield for each spot whether the other part shows it, its likeness (0: not found), and the error in places."""
    sights = [seen(recognizer, part) for part in parts]
    for one, other in permutations(range(len(parts)), 2):
        if shared(sights[one], sights[other]) < TOGETHER:
            continue
        for x, y in rng.uniform(0, 1, (SPOTS, 2)):
            there = _moved(np.array([y, x]), parts[one], parts[other])
            found = list(found_again([Hint(x=x, y=y, a=0, b=0)], sights[one], sights[other]))
            error = (
                max(np.abs(np.array([hint.y, hint.x]) - there).max() * GRID for hint, _ in found)
                if found
                else 0
            )
            yield bool(((there >= 0) & (there <= 1)).all()), found[0][1] if found else 0, float(error)


def _moved(spot: NDArray[np.float64], one: Part, other: Part) -> NDArray[np.float64]:
    return np.asarray((np.array(one.box[:2]) + spot * one.box[2] - other.box[:2]) / other.box[2])


def main() -> int:
    """Run the command; return its exit code."""
    cli = argparse.ArgumentParser(prog="python -m benchmarks.proposals", description=__doc__)
    cli.add_argument("photos", type=Path, help="a tar of colour photographs")
    cli.add_argument("--groups", type=int, default=60)
    given = cli.parse_args()
    recognizer = OnnxRecognizer(SHIPPED_MODEL.with_name("recognizer.onnx"))
    rng, rows = np.random.default_rng(1), []
    wholes = islice(photographs(given.photos), given.groups)
    made = [
        one for lab in wholes for one in tries(recognizer, [part_of(lab, rng) for _ in range(PARTS)], rng)
    ]
    shown, alike, error = np.array(made, float).T
    for bound in BOUNDS:
        found = alike >= bound
        shares = [
            (found & (shown > 0)).sum() / shown.sum(),
            *((error[found] < near).mean() for near in (0.5, 1)),
        ]
        rows.append([f"{bound:g}", *(f"{100 * share:.0f} %" for share in shares)])
    print(markdown(_HEAD, rows))
    print(f"{len(made)} spots")
    return 0


if __name__ == "__main__":
    sys.exit(main())
