"""Denoising autoencoder (Vincent et al. 2010): give the photograph back from below noise."""

import torch
from torch import Tensor

from ..photographs import Batch
from .autoencoder import Autoencoder

NOISE = 0.5
"""Standard deviation of the noise, where black is -1 and white 1."""


class Denoising(Autoencoder):
    """The photograph is to be found below Gaussian noise."""

    def inputs_targets(self, batch: Batch, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return L* with noise, and L*."""
        noise = torch.randn(batch.inputs.shape, generator=random, device=random.device)
        return batch.inputs + NOISE * noise, batch.inputs
