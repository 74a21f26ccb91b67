"""Colorization: find the colours of a grey photograph. What they are told as makes three ways."""

from typing import NamedTuple

import torch
from torch import Tensor

from ...losses import at_positions, sparse_positions
from ..photographs import Batch
from .heads import Hypercolumns
from .task import Task

PLACES = 48
"""Places of a photograph in the loss (Larsson 2016 samples too); neighbours say much the same."""


class Colors(NamedTuple):
    """The truth at sampled places."""

    places: Tensor  # (N,K), flat
    ab: Tensor  # (N,K,2)


class Colorization(Task):
    """What the ways of colorization share: the input, the places, and the head that reads all stages."""

    head: Hypercolumns

    def __init__(self, widths: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        self.head = Hypercolumns(widths, outputs)

    def inputs_targets(self, batch: Batch, random: torch.Generator) -> tuple[Tensor, Colors]:
        """Return L*, and the colours at random places."""
        places = sparse_positions(batch.ab, PLACES, random)
        return batch.inputs, Colors(places, at_positions(batch.ab, places))

    def outputs(self, maps: list[Tensor], targets: Colors) -> Tensor:
        """Return (N,K,outputs) at the truth's places."""
        found: Tensor = self.head(maps, targets.places)
        return found
