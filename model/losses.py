"""Classes of colour, their soft targets and weights, and the loss (Zhang, Isola and Efros 2016)."""

from functools import cache

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from .color import lab

GRID = 10
"""Distance between bins in a* and b*."""
NEIGHBOURS = 5
SIGMA = 5.0
_REACH = 128  # the table spans -128..127 in a* and b*
_LEVELS = 33  # sRGB is sampled at multiples of 8 (and 255) per channel


@cache
def color_bins() -> Tensor:
    """Return the (259,2) a*, b* of the bins: the grid points of step 10 next to which sRGB has colours."""
    level = torch.linspace(0, 1, _LEVELS, dtype=torch.float64)
    rgb = torch.cartesian_prod(level, level, level)
    grid = torch.round(lab(rgb)[:, 1:] / GRID) * GRID + 0.0  # + 0.0 turns -0 into 0
    bins: Tensor = torch.unique(grid, dim=0)
    return bins.float()


@cache
def zhang_bins() -> Tensor:
    """Return (313,2), as many bins of the same grid as Zhang et al. 2016: those that lie nearest to sRGB's colours.

    How they chose 313 is not published, and their list is not copied here. By our count sRGB reaches only 261, so the
    others differ only in that they are never the right answer.
    """
    axis = torch.arange(-120, 121, GRID).float()
    grid = torch.cartesian_prod(axis, axis)
    distance = torch.cdist(grid, color_bins()).min(1).values
    order = (distance * 1e4 + grid.norm(dim=1)).argsort(stable=True)[
        :313
    ]  # the less vivid of equally near ones
    return grid[order.sort().values]


class SoftTargets(nn.Module):
    """Look up the 5 nearest bins of any ab, weighted by a Gaussian of sigma 5 and summing to 1.

    A table over the ab plane in steps of 1: exact distances to every bin would cost 40 % of the training
    speed, and rounding moves a target by less than 1/14 of a bin.
    """

    index: Tensor
    share: Tensor

    def __init__(self, bins: Tensor) -> None:
        super().__init__()
        axis = torch.arange(-_REACH, _REACH)[:, None]
        a, b = (axis - bins.cpu()[:, 0]).square(), (axis - bins.cpu()[:, 1]).square()  # (256, Q) each
        squares = (a[:, None] + b[None]).flatten(0, 1)
        nearest, index = squares.topk(min(NEIGHBOURS, len(bins)), largest=False)  # (65536, 5)
        # Relative to the nearest: far outside the gamut every Gaussian would vanish.
        share = torch.exp(-(nearest - nearest[:, :1]) / (2 * SIGMA**2))
        self.register_buffer("index", index)
        self.register_buffer("share", (share / share.sum(1, keepdim=True)).float())

    def forward(self, ab: Tensor) -> tuple[Tensor, Tensor]:
        """Return bin indices and shares, both (...,5), of ab (...,2); index [...,0] is the nearest bin."""
        cell = (ab.round() + _REACH).clamp(0, 2 * _REACH - 1).long()
        row = cell[..., 0] * 2 * _REACH + cell[..., 1]
        return self.index[row], self.share[row]


def class_weights(counts: Tensor, mix: float = 0.5, power: float = 0.7, ceiling: float = 8.0) -> Tensor:
    """Return weights (Q,) that favour rare colours: `((1-mix) p + mix/Q)^-power`.

    Args:
        counts: (Q,) how often each bin is the nearest in the training photographs.
        mix: share of the uniform distribution; without it, bins that were never seen would dominate.
        power: 0 for equal weights, 1 for full balance (Zhang's is 1 with mix .5).
        ceiling: largest weight; the mean over the photographs is 1 before it.
    """
    p = counts.double() / counts.sum()
    weight = ((1 - mix) * p + mix / len(p)) ** -power
    return (weight / (p * weight).sum()).clamp(max=ceiling).float()


def sparse_positions(maps: Tensor, k: int, random: torch.Generator, taken: Tensor | None = None) -> Tensor:
    """Draw (N,k) flat positions of maps (N,C,h,w) without repetition (Larsson 2016: sparse training).

    Those `taken`, (N,T), are not drawn again. Of a map with fewer places than k all are.
    """
    n, _, height, width = maps.shape
    noise = torch.rand(n, height * width, device=maps.device, generator=random)
    left = height * width
    if taken is not None:
        noise, left = noise.scatter(1, taken, -1.0), left - taken.shape[1]
    return noise.topk(min(k, left), 1).indices


def at_positions(maps: Tensor, positions: Tensor) -> Tensor:
    """Gather maps (N,C,h,w) at flat positions (N,K): (N,K,C)."""
    index = positions[:, None].expand(-1, maps.shape[1], -1)
    return maps.flatten(2).gather(2, index).transpose(1, 2)


def color_loss(logits: Tensor, ab: Tensor, targets: SoftTargets, log_weight: Tensor) -> Tensor:
    """Return the weighted cross-entropy, a scalar in nats.

    Args:
        logits: (N,K,Q).
        ab: (N,K,2), the truth.
        targets: over the bins of the logits.
        log_weight: (Q,); each place counts by the weight of its nearest bin.
    """
    index, share = targets(ab)  # (N, K, 5)
    log_probability = F.log_softmax(logits.float(), -1).gather(-1, index)
    cross_entropy = -(share * log_probability).sum(-1)
    weighted: Tensor = log_weight[index[..., 0]].exp() * cross_entropy
    return weighted.mean()
