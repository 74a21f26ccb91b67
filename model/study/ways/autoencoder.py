"""Autoencoders: give the photograph back from the last map, which is too small to hold it."""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ..photographs import Batch
from .heads import Decoder
from .task import Known, Task

NOISE = 0.5
"""Standard deviation of the noise, where black is -1 and white 1."""


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


class Denoising(Autoencoder):
    """The photograph is to be found below Gaussian noise (Vincent et al. 2010)."""

    def inputs_targets(self, batch: Batch, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return L* with noise, and L*."""
        noise = torch.randn(batch.inputs.shape, generator=random, device=random.device)
        return batch.inputs + NOISE * noise, batch.inputs
