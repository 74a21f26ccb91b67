"""Autoencoder: give the photograph back from the last map, which is too small to hold it."""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ..photographs import Batch
from .heads import Decoder
from .task import Known, Task


class Autoencoder(Task):
    """The photograph itself is to be found."""

    def __init__(self, known: Known) -> None:
        super().__init__()
        self.head = Decoder(known.widths)

    def inputs_targets(self, batch: Batch, random: torch.Generator) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return L* twice."""
        return batch.inputs, batch.inputs

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean squared error."""
        return F.mse_loss(outputs, targets)
