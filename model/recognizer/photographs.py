"""Photographs as they are and as old film shows them, both as a worker's glance has them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photochrom.seeing.glance import glance

from ..training.data import HeldPhotos
from ..training.film import Film, photograph
from .network import SIDE

BATCH = 32
FILM = Film(
    emulsion=1,
    blue=0.55,
    orthochromatic=0.25,
    mount=0,
    halftone=0,
    dust=0.1,
    scratches=0.1,
    uneven=0,
    fade=0.2,
)
"""What makes film old is what it saw; of the damage only so much that its absence proves nothing."""


def pairs(source: Path, count: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches of glances (N,1,S,S) in L*: clean photographs, and the same on film.

    Args:
        source: tars of photographs, as for training.
        count: of the first photographs.
        seed: of what film does to them.
    """
    stored = HeldPhotos.load([source], 256, 1, seed, "cpu", count, quiet=True).stored
    random = torch.Generator().manual_seed(seed)
    for places in torch.split(torch.arange(len(stored.lightness)), BATCH):
        lightness, ab = stored.take(places).lab()
        taken, _ = photograph(lightness, ab, FILM, random)
        yield glances(lightness), glances(taken)


def clean(source: Path, count: int) -> Iterator[np.ndarray]:
    """Yield glances (S,S) in L* at the first photographs of a source, one by one."""
    stored = HeldPhotos.load([source], 256, 1, 0, "cpu", count, quiet=True).stored
    for places in torch.split(torch.arange(len(stored.lightness)), BATCH):
        lightness, _ = stored.take(places).lab()
        yield from glances(lightness)[:, 0].numpy()


def glances(lightness: Tensor) -> Tensor:
    """Return each of L* (N,1,H,W) as a worker's glance has it, (N,1,S,S)."""
    seen = [glance(one, one.shape, SIDE) for one in lightness[:, 0].numpy()]
    return torch.from_numpy(np.stack(seen)[:, None])
