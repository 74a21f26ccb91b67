"""Random numbers of a batch, one of each for every photograph."""

import math

import torch
from torch import Tensor


class Draws:
    """Draws for `count` photographs, (count,1,1,1) each, on the generator's device."""

    def __init__(self, count: int, random: torch.Generator) -> None:
        self.count, self.random = count, random

    def between(self, low: float, high: float, *shape: int) -> Tensor:
        """Return numbers of low..high, evenly: (count,1,1,1), or (count, *shape)."""
        return low + (high - low) * self.numbers(*(shape or (1, 1, 1)))

    def scale(self, low: float, high: float) -> Tensor:
        """Return factors of low..high, evenly in their logarithm: (count,1,1,1)."""
        return self.between(math.log(low), math.log(high)).exp()

    def some(self, share: float) -> Tensor:
        """Choose a share of the photographs: (count,1,1,1), bool."""
        return self.numbers(1, 1, 1) < share

    def numbers(self, *shape: int) -> Tensor:
        """Return numbers of 0..1: (count, *shape)."""
        return torch.rand(self.count, *shape, generator=self.random, device=self.random.device)

    def noise(self, *shape: int) -> Tensor:
        """Return numbers of a standard normal distribution: (count, *shape)."""
        return torch.randn(self.count, *shape, generator=self.random, device=self.random.device)
