"""Make an encoder ready for a use."""

from collections.abc import Iterable
from copy import deepcopy

import torch
from torch import Tensor, nn

from ..encoder import Encoder


@torch.no_grad()
def calibrated(encoder: Encoder, inputs: Iterable[Tensor]) -> Encoder:
    """Return a copy whose batch normalisation has the mean and variance of these photographs.

    Every use does it with its own photographs and for every way alike: otherwise a network that learned nothing would
    have no statistics at all, and one that learned from noisy photographs those of the noise.
    """
    copy = deepcopy(encoder).requires_grad_(True)
    norms = [module for module in copy.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over batches
    copy.train()
    for batch in inputs:
        copy(batch)
    for norm in norms:
        norm.momentum = 0.1
    return copy.eval()
