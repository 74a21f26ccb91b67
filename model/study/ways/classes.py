"""Colorization by classes of ab (Zhang, Isola and Efros 2016), plain or with rare colours weighed up."""

import math

import torch
from torch import Tensor

from ...losses import SoftTargets, class_weights, color_bins, color_loss
from .colorization import Colorization, Colors
from .task import Known


class Classes(Colorization):
    """A distribution over 259 bins at each place; every place counts the same."""

    log_weight: Tensor

    def __init__(self, known: Known) -> None:
        super().__init__(known.widths, len(color_bins()))
        self.targets = SoftTargets(color_bins())
        self.register_buffer("log_weight", self.weights(known.color_counts).log())

    def weights(self, counts: Tensor) -> Tensor:
        """Return the weight (259,) of each colour, from how often it occurs."""
        return torch.ones(len(counts))

    def loss(self, outputs: Tensor, targets: Colors) -> Tensor:
        """Return the cross-entropy in nats with the 5 nearest bins."""
        return color_loss(outputs, targets.ab, self.targets, self.log_weight)


class Rebalanced(Classes):
    """The same with Zhang's weights: one over the frequency, mixed half with an even one."""

    def weights(self, counts: Tensor) -> Tensor:
        """Return weights (259,) whose mean over the photographs is 1."""
        return class_weights(counts, mix=0.5, power=1.0, ceiling=math.inf)
