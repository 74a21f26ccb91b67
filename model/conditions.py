"""What a user may add in training's place: patches of the truth as hints, its histogram as a palette."""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from .losses import SoftTargets

_POINTS = 16
_MEAN_POINTS = 6.0
_PATCH = (1, 4)  # half sides: patches of 3 to 9 pixels


def reveal_hints(ab: Tensor, share: float, random: torch.Generator) -> Tensor:
    """Reveal square patches of the truth (Zhang et al. 2017): hints (B,3,H,W) of ab (B,2,H,W).

    A photograph has hints with probability `share`: 1 to 16 points, geometrically fewer the more likely,
    each a patch of 3 to 9 pixels in one colour, the truth's mean around its centre.
    """
    n, _, height, width = ab.shape

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random, device=ab.device)

    points = 1 + (torch.log(draw(n, 1)) / torch.log(torch.tensor(1 - 1 / _MEAN_POINTS))).floor()
    shown = (torch.arange(_POINTS, device=ab.device) < points) & (draw(n, 1) < share)  # (B, 16)
    rows, columns = (draw(n, _POINTS) * height).long(), (draw(n, _POINTS) * width).long()
    half = (_PATCH[0] + draw(n, _POINTS) * (_PATCH[1] - _PATCH[0] + 1)).long()
    around = F.avg_pool2d(ab, 7, 1, padding=3, count_include_pad=False).flatten(2)  # (B, 2, H*W)
    colours = around.gather(2, (rows * width + columns)[:, None].expand(-1, 2, -1))  # (B, 2, 16)
    y, x = torch.arange(height, device=ab.device), torch.arange(width, device=ab.device)
    hints = torch.zeros(n, 3, height, width, device=ab.device)
    for k in range(_POINTS):  # one at a time: (B,16,H,W) would be gigabytes
        near_y = (y[None] - rows[:, k, None]).abs() <= half[:, k, None]  # (B, H)
        near_x = (x[None] - columns[:, k, None]).abs() <= half[:, k, None]
        patch = (near_y[:, :, None] & near_x[:, None] & shown[:, k, None, None])[:, None]  # (B, 1, H, W)
        colour = torch.cat([colours[:, :, k], torch.ones_like(colours[:, :1, k])], 1)[:, :, None, None]
        hints = torch.where(patch, colour, hints)
    return hints


def ab_histogram(ab: Tensor, targets: SoftTargets, bins: int) -> Tensor:
    """Return the soft histogram (B,Q) of ab (B,2,H,W) over the bins, each row summing to 1."""
    index, share = targets(ab.flatten(2).transpose(1, 2))  # (B, H*W, 5)
    histogram = torch.zeros(len(ab), bins, device=ab.device)
    histogram.scatter_add_(1, index.flatten(1), share.flatten(1))
    return histogram / histogram.sum(1, keepdim=True)


def reveal_palette(
    ab: Tensor, targets: SoftTargets, bins: int, share: float, random: torch.Generator
) -> Tensor:
    """Return the histograms (B,Q) of a `share` of the photographs and zeros for the others."""
    shown = torch.rand(len(ab), 1, generator=random, device=ab.device) < share
    return ab_histogram(ab, targets, bins) * shown
