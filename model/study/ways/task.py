"""The one shape of a way to learn: inputs and targets from a batch of photographs, a head, and a loss."""

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from ..photographs import Batch


class Known(NamedTuple):
    """What a task may know before it begins."""

    widths: tuple[int, ...]  # of the encoder's stages
    color_counts: Tensor  # (259,), how often each colour is the nearest in the photographs
    classes: int = 0  # of the labels


class Encodes(Protocol):
    """An encoder, as a task sees it."""

    def __call__(self, grey: Tensor, /) -> list[Tensor]:
        """Return the map of every stage."""
        ...


class Task(nn.Module):
    """Something to be solved that needs no labels; solving it teaches the encoder."""

    head: nn.Module
    """From the maps of all stages to the outputs."""

    def inputs_targets(self, batch: Batch, random: torch.Generator) -> tuple[Tensor, Any]:
        """Return the encoder's inputs (M,1,S,S), and what is to be found from their maps."""
        raise NotImplementedError

    def outputs(self, maps: list[Tensor], targets: Any) -> Tensor:  # noqa: ARG002
        """Return what the head finds in the maps of all stages."""
        found: Tensor = self.head(maps)
        return found

    def loss(self, outputs: Tensor, targets: Any) -> Tensor:
        """Return a scalar."""
        raise NotImplementedError

    def forward(self, encoder: Encodes, batch: Batch, random: torch.Generator) -> Tensor:
        inputs, targets = self.inputs_targets(batch, random)
        return self.loss(self.outputs(encoder(inputs), targets).float(), targets)
