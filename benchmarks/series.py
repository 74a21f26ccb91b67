"""How far colours of the same thing agree over a series, and what that costs: a table in Markdown.

    python -m benchmarks.series val.tar [--groups 60] [--strangers 400]

A group is five parts of one colour photograph, of other sizes and places, each with its own exposure and grain.
Where a place lies in each of them is known, so the spread of its colour can be measured, and the error against the
truth. A batch of strangers tells how often photographs of different scenes are taken for one series, and at what cost.
"""

import argparse
import io
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom import color
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.shift import Shift
from photochrom.photo.sight import Sight
from workers.network.predictor import OnnxPredictor
from workers.network.recognizer import OnnxRecognizer
from workers.series.apply import shifted
from workers.series.form import form
from workers.series.look import sight_of
from workers.settings import SHIPPED_MODEL

from .measuring.table import markdown

Plane = NDArray[np.float32]
PARTS = 5
SHARES = (0.0, 0.5, 1.0)
_SIDE, _CELLS = 256, 64
_HEAD = ["photographs", "consistency", "spread of ab", "RMSE of ab", "mean chroma"]


@dataclass(frozen=True)
class Part:
    """A part of a photograph as the network is shown it, and what is known of it."""

    lightness: Plane
    truth: Plane
    box: tuple[float, float, float]
    """Top, left and side in shares of the whole."""


@dataclass(frozen=True)
class Networks:
    """The shipped ones."""

    predictor: OnnxPredictor
    recognizer: OnnxRecognizer

    def seen(self, part: Part) -> tuple[Plane, Sight]:
        """Return the colours (2, h, w) of a part, and what it shows."""
        ab = self.predictor.predict(part.lightness, ColorizeOptions()).ab
        shown = np.ones(ab.shape[1:], bool)
        return ab, sight_of(self.recognizer, part.lightness, ab, shown, anchored=False)


def photographs(source: Path) -> Iterator[Plane]:
    """Yield CIELAB (H, W, 3) of the photographs in a tar."""
    with tarfile.open(source) as tar:
        for name in sorted(name for name in tar.getnames() if name.endswith(".webp")):
            file = tar.extractfile(name)
            assert file
            with Image.open(io.BytesIO(file.read())) as photo:
                rgb = np.asarray(photo.convert("RGB"), np.float32) / np.float32(255)
            yield np.asarray(color.lab(rgb.reshape(-1, 3)).reshape(rgb.shape), np.float32)


def part_of(lab: Plane, rng: np.random.Generator | None) -> Part:
    """Return a part with light and grain of its own; the whole as it is without `rng`."""
    least = min(lab.shape[:2])
    side = least if rng is None else int(least * rng.uniform(0.5, 1))
    top, left = (0, 0) if rng is None else (rng.integers(0, n - side + 1) for n in lab.shape[:2])
    cut = cv2.resize(lab[top : top + side, left : left + side], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    light = np.clip(cut[..., 0], 0, 100)
    if rng is not None:
        light = 100 * (light / 100) ** rng.uniform(0.75, 1.35) * rng.uniform(0.85, 1) + rng.uniform(0, 6)
        light = np.clip(light + rng.normal(0, rng.uniform(0, 4), light.shape), 0, 100)
    truth = cv2.resize(cut[..., 1:], (_CELLS, _CELLS), interpolation=cv2.INTER_AREA).transpose(2, 0, 1)
    return Part(
        light.astype(np.float32), np.asarray(truth, np.float32), (top / least, left / least, side / least)
    )


def matched(
    networks: Networks, parts: Sequence[Part]
) -> tuple[Callable[[float], list[Plane]], list[frozenset[int]]]:
    """Return what gives the colours of a batch of these for a consistency, and the series found."""
    answers = [networks.seen(part) for part in parts]
    names = [str(number) for number in range(len(parts))]
    groups = list(form(names, lambda name: answers[int(name)][1]))
    shifts = {
        int(one.name): Shift.of(packed)
        for group in groups
        for one in group.members
        if (packed := one.shift.packed())
    }

    def colors(share: float) -> list[Plane]:
        pairs = enumerate(zip(parts, answers, strict=True))
        return [
            shifted(ab, _guide(part, ab.shape[1:]), shifts[number], share) if number in shifts else ab
            for number, (part, (ab, _)) in pairs
        ]

    return colors, [frozenset(int(one.name) for one in group.members) for group in groups]


def _guide(part: Part, size: tuple[int, ...]) -> Plane:
    return np.asarray(cv2.resize(part.lightness, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def spread(one: Part, other: Part, colors: tuple[Plane, Plane]) -> float | None:
    """Return the mean squared distance in ab between the colours of what both show; None where that is little."""
    rows, columns = np.mgrid[:_CELLS, :_CELLS] + 0.5
    places = [
        ((start + cells / _CELLS * one.box[2] - there) / other.box[2] * _CELLS - 0.5).astype(np.float32)
        for cells, start, there in ((rows, one.box[0], other.box[0]), (columns, one.box[1], other.box[1]))
    ]
    both = np.logical_and.reduce([(place >= 0) & (place <= _CELLS - 1) for place in places])
    if both.sum() < _CELLS:
        return None
    moved = [
        cv2.remap(np.ascontiguousarray(plane), places[1], places[0], cv2.INTER_LINEAR) for plane in colors[1]
    ]
    return float(np.square(colors[0] - np.stack(moved)).sum(0)[both].mean())


def row(
    told: str, share: float, spreads: list[float], parts: Sequence[Part], colors: Sequence[Plane]
) -> list[str]:
    """Return one row of the table."""
    errors = [np.square(ab - part.truth).mean() for part, ab in zip(parts, colors, strict=True)]
    chroma = np.mean([np.hypot(*ab).mean() for ab in colors])
    said = f"{np.mean(spreads) ** 0.5:.2f}" if spreads else ""
    return [told, f"{share:g}", said, f"{np.mean(errors) ** 0.5:.3f}", f"{chroma:.2f}"]


def main() -> int:
    """Run the command; return its exit code."""
    cli = argparse.ArgumentParser(prog="python -m benchmarks.series", description=__doc__)
    cli.add_argument("photos", type=Path, help="a tar of colour photographs")
    cli.add_argument("--groups", type=int, default=60)
    cli.add_argument("--strangers", type=int, default=400)
    given = cli.parse_args()
    networks = Networks(
        OnnxPredictor(SHIPPED_MODEL), OnnxRecognizer(SHIPPED_MODEL.with_name("recognizer.onnx"))
    )
    rng = np.random.default_rng(7)
    wholes = list(islice(photographs(given.photos), max(given.groups, given.strangers)))
    parts = [part_of(lab, rng) for lab in wholes[: given.groups] for _ in range(PARTS)]
    strangers = [part_of(lab, None) for lab in wholes[: given.strangers]]
    rows: list[list[str]] = []
    # All parts are one batch: a part that joins another photograph's is counted with its errors.
    colors, series = matched(networks, parts)
    for share in SHARES:
        made = colors(share)
        pairs = [
            (g * PARTS + a, g * PARTS + b)
            for g in range(given.groups)
            for a, b in combinations(range(PARTS), 2)
        ]
        found = [spread(parts[a], parts[b], (made[a], made[b])) for a, b in pairs]
        rows.append(row("parts", share, [one for one in found if one is not None], parts, made))
    colors, false = matched(networks, strangers)
    rows += [row("strangers", share, [], strangers, colors(share)) for share in SHARES]
    print(markdown(_HEAD, rows))
    mixed = sum(len({number // PARTS for number in group}) > 1 for group in series)
    joined, taken = sum(map(len, series)), sum(map(len, false))
    print(f"{joined} of {len(parts)} parts found a series; {mixed} of {len(series)} series mix photographs.")
    print(f"{taken} of {len(strangers)} strangers were taken for parts of {len(false)} series.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
