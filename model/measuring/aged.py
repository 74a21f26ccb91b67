"""What each kind of age costs: aged photographs seen as a worker sees them, measured against their true colours."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.photo.hints import Hint
from photochrom.seeing.resize import resized
from photochrom.seeing.see import see

from ..predict import SETTINGS, Predict, Setting
from ..training.augment import generator
from ..training.draws import Draws
from . import measures
from .scans import KINDS, Scan

Plane = NDArray[np.float32]
DEFAULT = SETTINGS[1]


@dataclass(frozen=True)
class MeasuredSides:
    """The sides at which measuring shows photographs."""

    stride: int = 4
    side_multiple: int = 32
    side_min: int = 128
    side_max: int = 1024
    predict_side: int = 256


@dataclass(frozen=True)
class Aged:
    """The means of one kind."""

    kind: str
    rmse_ab: float
    chroma: float
    patchiness: float
    noticed: float
    """Share of the scans that the network did not see as they are."""


def colours_of(scan: Scan, predict: Predict, setting: Setting = DEFAULT) -> tuple[Tensor, tuple[str, ...]]:
    """Return ab (tiles,2,S,S) of the photograph on a scan, each tile unmirrored, and what `see` noted."""
    lightness = scan.lightness.numpy()

    def answer(seen: Plane, _: tuple[Hint, ...]) -> Plane:
        shown = torch.from_numpy(np.ascontiguousarray(seen))[None, None]
        return predict(shown, torch.zeros(1, 3, *seen.shape), (setting,))[0][0][0].numpy()

    seen = see(lambda size: resized(lightness, size), lightness.shape, MeasuredSides(), answer)
    full = torch.from_numpy(resized(seen.planes, lightness.shape))[:, scan.rows, scan.columns]
    tiles = full.chunk(scan.tiles, 2)
    return torch.stack([tile.flip(2) if i % 2 else tile for i, tile in enumerate(tiles)]), seen.notes


def measure_aged(predict: Predict, photographs: Iterator[Tensor]) -> list[Aged]:
    """Return the means of every kind over CIELAB photographs (3,S,S), the clean one first.

    The age of a photograph depends on its kind and on its place in the order alone.
    """
    found: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in KINDS}
    for index, lab in enumerate(photographs):
        for name, age in KINDS.items():
            draws = Draws(1, generator(index, zlib.crc32(name.encode())))
            ab, notes = colours_of(age(lab[None], draws), predict)
            found[name].append(_figures(ab, lab, bool(notes)))
    return [Aged(name, *map(fmean, zip(*rows, strict=True))) for name, rows in found.items() if rows]


def _figures(ab: Tensor, lab: Tensor, noticed: bool) -> tuple[float, ...]:
    truth, lightness = lab[None, 1:].expand(len(ab), -1, -1, -1), lab[None, :1].expand(len(ab), -1, -1, -1)
    values = measures.rmse(ab, truth), ab.norm(dim=1), measures.patchiness(ab, truth, lightness)
    return (*(float(value.mean()) for value in values), float(noticed))


def aged_table(rows: list[Aged]) -> str:
    """Return the figures as a Markdown table, chroma as a share of that on the clean photographs."""
    head = "| kind | RMSE ab | above clean | chroma | of clean | patchiness | noticed |"
    lines = [head, "| --- " + "| ---: " * 6 + "|"]
    clean = rows[0]
    lines += [
        f"| {row.kind} | {row.rmse_ab:.2f} | {row.rmse_ab - clean.rmse_ab:+.2f} | {row.chroma:.1f} "
        f"| {row.chroma / max(clean.chroma, 1e-6):.2f} | {row.patchiness:.2f} | {row.noticed:.0%} |"
        for row in rows
    ]
    return "\n".join(lines)
