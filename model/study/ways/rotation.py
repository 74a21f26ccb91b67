"""Rotation: by how many quarter turns was the photograph turned (Gidaris, Singh and Komodakis 2018)?"""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ..photographs import Batch
from .heads import Verdict
from .task import Known, Task

TURNS = 4


class Rotation(Task):
    """Each photograph is turned once, at random: all four turns of it would cost four photographs."""

    def __init__(self, known: Known) -> None:
        super().__init__()
        self.head = Verdict(known.widths, TURNS)

    def inputs_targets(self, batch: Batch, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return turned photographs, and their quarter turns (N,), counter-clockwise."""
        turns = torch.randint(TURNS, (len(batch.inputs),), generator=random, device=random.device)
        turned = torch.stack([batch.inputs.rot90(turn, (2, 3)) for turn in range(TURNS)])
        return turned[turns, torch.arange(len(turns), device=turns.device)], turns

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy in nats."""
        return F.cross_entropy(outputs, targets)
