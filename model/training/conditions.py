"""The optional inputs, made from the truth: patches of it as hints, its histogram as a palette."""

import math

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ..losses import SoftTargets

_POINTS = 16
_MEAN_POINTS = 6.0
_PATCH = (1, 4)  # half sides: patches of 3 to 9 pixels


def reveal_hints(ab: Tensor, share: float, random: torch.Generator) -> Tensor:
    """Reveal square patches of the truth (Zhang et al. 2017): hints (B,3,H,W) of ab (B,2,H,W), for training.

    A photograph has hints with probability `share`: 1 to 16 points, with fewer being likelier, each a patch of 3 to 9
    pixels.
    """
    n = len(ab)

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=random, device=ab.device)

    points = 1 + (draw(n, 1).log() / math.log(1 - 1 / _MEAN_POINTS)).floor()  # geometric
    shown = (torch.arange(_POINTS, device=ab.device) < points) & (draw(n, 1) < share)  # (B, 16)
    half = half_sides(draw(n, _POINTS))
    return _patches(ab, torch.where(shown, half, -1), draw(2, n, _POINTS))


def half_sides(drawn: Tensor) -> Tensor:
    """Return the half sides of patches of 3 to 9 pixels, of draws from 0..1."""
    return (_PATCH[0] + drawn * (_PATCH[1] - _PATCH[0] + 1)).long()


def conditioned(count: int, hints: Tensor | None, palette: Tensor | None, device: torch.device) -> Tensor:
    """Return which of so many photographs (N,) have a hint or a palette; a teacher saw neither."""
    given = torch.zeros(count, dtype=torch.bool, device=device)
    if hints is not None:
        given = given | (hints[:, 2].amax((1, 2)) > 0)
    if palette is not None:
        given = given | (palette.amax(1) > 0)
    return given


def point_hints(ab: Tensor, points: int, random: torch.Generator, side: int = 7) -> Tensor:
    """Reveal exactly `points` patches of side x side pixels in each photograph, for measuring."""
    places = torch.rand(2, len(ab), points, generator=random, device=ab.device)
    return _patches(ab, torch.full((len(ab), points), side // 2, device=ab.device), places)


def _patches(ab: Tensor, half: Tensor, places: Tensor) -> Tensor:
    """Paint K patches in one colour each, the truth's mean over 7 pixels around its centre.

    Args:
        ab: (B,2,H,W), the truth.
        half: (B,K), half sides; -1 for no patch.
        places: (2,B,K), rows and columns of the centres in 0..1.

    Returns:
        (B,3,H,W): a*, b* and the mask.
    """
    height, width = ab.shape[2:]
    rows, columns = (places[0] * height).long(), (places[1] * width).long()
    around = true_colours(ab).flatten(2)
    colours = around.gather(2, (rows * width + columns)[:, None].expand(-1, 2, -1))  # (B, 2, K)
    return paint(half, rows, columns, colours, (height, width))


def true_colours(ab: Tensor) -> Tensor:
    """Return the colour of a hint at each pixel of the truth (B,2,H,W): the mean over 7 pixels, of the same shape."""
    return F.avg_pool2d(ab, 7, 1, padding=3, count_include_pad=False)


def paint(half: Tensor, rows: Tensor, columns: Tensor, colours: Tensor, size: tuple[int, int]) -> Tensor:
    """Paint K square patches of one colour each in B photographs.

    Args:
        half: (B,K), half sides in pixels; -1 for no patch.
        rows: (B,K), of the centres, in pixels.
        columns: (B,K), likewise.
        colours: (B,2,K), ab.
        size: height and width of the photographs, in pixels.

    Returns:
        (B,3,H,W): a*, b* and the mask.
    """
    y, x = (torch.arange(side, device=colours.device) for side in size)
    hints = torch.zeros(len(half), 3, *size, device=colours.device)
    for k in range(half.shape[1]):  # one at a time: (B,K,H,W) would be gigabytes
        near_y = (y[None] - rows[:, k, None]).abs() <= half[:, k, None]  # (B, H)
        near_x = (x[None] - columns[:, k, None]).abs() <= half[:, k, None]
        patch = (near_y[:, :, None] & near_x[:, None])[:, None]  # (B, 1, H, W)
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
