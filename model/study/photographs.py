"""The unlabelled photographs of the study: L* at 64 px and ab at 16 px as bytes, and random views of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from ..losses import SoftTargets, color_bins
from ..training.data import HeldPhotos
from ..training.stored import STRIDE, Stored
from .encoder import of_lightness

SIDE = 64
"""Pixels of a photograph's side, as in Tiny-ImageNet."""


class Batch(NamedTuple):
    """Views of some photographs."""

    inputs: Tensor  # (N,1,S,S), the network's: L* as -1..1
    ab: Tensor  # (N,2,S/4,S/4)
    labels: Tensor | None = None  # (N,), for the way that learns from labels

    def parts(self) -> tuple["Batch", "Batch"]:
        """Return both halves of the batch; labels go with neither."""
        middle = len(self.inputs) // 2
        return Batch(self.inputs[:middle], self.ab[:middle]), Batch(self.inputs[middle:], self.ab[middle:])


def hold(sources: Sequence[Path], count: int, cache: Path) -> Stored:
    """Read so many photographs, from `cache` if they were read before.

    Args:
        sources: folders or tars of photographs, or of blocks of them.
        count: photographs at most.
        cache: a file that is written, and read in the next run.

    Raises:
        PhotoRejected: there are none.
    """
    origin = [str(path.resolve()) for path in sources], count
    if cache.exists():
        kept = torch.load(cache, weights_only=True)
        if kept["origin"] == origin:
            return Stored(kept["lightness"], kept["ab"])
    stored = HeldPhotos.load(sources, SIDE, 2, 0, "cpu", count).stored
    cache.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"origin": origin, "lightness": stored.lightness, "ab": stored.ab}, cache)
    return stored


def view(stored: Stored, side: int, random: torch.Generator, labels: Tensor | None = None) -> Batch:
    """Return a random crop of side x side pixels of every photograph, half of them mirrored.

    Args:
        stored: the photographs.
        side: a multiple of 4, so that ab needs no resampling.
        random: on the photographs' device.
        labels: of the set that the photographs' numbers count in.
    """
    count, places = len(stored.ab), stored.ab.shape[-1] - side // STRIDE + 1
    top, left = (torch.randint(places, (count, 1), generator=random, device=random.device) for _ in range(2))
    mirrored = torch.rand(count, 1, generator=random, device=random.device) < 0.5
    lightness = _cut(stored.lightness, top * STRIDE, left * STRIDE, side, mirrored)
    ab = _cut(stored.ab, top, left, side // STRIDE, mirrored)
    light, colors = Stored(lightness, ab).lab()
    known = None if labels is None or stored.numbers is None else labels[stored.numbers]
    return Batch(of_lightness(light), colors, known)


def color_counts(ab: Tensor) -> Tensor:
    """Count how often each bin of `color_bins` is the nearest, in stored ab (N,2,h,w): (259,)."""
    pairs = torch.cartesian_prod(*2 * [torch.arange(256.0)]) - 128
    nearest = SoftTargets(color_bins())(pairs)[0][:, 0]
    counts = torch.bincount((ab[:, 0].long() * 256 + ab[:, 1]).flatten().cpu(), minlength=len(pairs))
    return torch.zeros(len(color_bins()), dtype=torch.long).index_add_(0, nearest, counts)


def _cut(maps: Tensor, top: Tensor, left: Tensor, side: int, mirrored: Tensor) -> Tensor:
    steps = torch.arange(side, device=maps.device)
    rows, columns = top + steps, torch.where(mirrored, left + steps.flip(0), left + steps)
    number = torch.arange(len(maps), device=maps.device)[:, None, None]
    return maps.permute(0, 2, 3, 1)[number, rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)
