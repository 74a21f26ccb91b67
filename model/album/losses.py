"""What both networks are taught by."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from .network import REACH, TURN

Seeing = Callable[[Tensor], tuple[Tensor, Tensor]]
"""A network: pictures to a map and a number of each."""

_FURTHEST = 4.0  # of the logarithm of a distance
_TURNED = 8.0  # how much a radian counts beside an error of 1 in the logarithm of the IoU


def decoded(answer: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distances (N,4,h,w), pixels, and angles (N,h,w), radians, of an answer (N,6,h,w) of `Pages`."""
    return REACH * torch.exp(answer[:, 1:5].clamp(-_FURTHEST, _FURTHEST)), TURN * answer[:, 5]


def loss_of_pages(network: Seeing, batch: tuple[Tensor, ...]) -> Tensor:
    """Return the cross-entropy of lying on a print and of being a page, and how far the votes are off."""
    seen, truth, turn, weight, is_page = batch
    answer, whole = network(seen)
    inside = (truth[:, 0] > 0).float()
    entropy = binary_cross_entropy_with_logits(answer[:, 0], inside, reduction="none")
    likely = answer[:, 0].sigmoid()
    overlap = 2 * (likely * inside).sum() / (likely.sum() + inside.sum() + 1)
    distances, angle = decoded(answer)
    known = truth.clamp(min=0.1)
    across, down = (
        (torch.minimum(distances[:, i], known[:, i]) + torch.minimum(distances[:, i + 2], known[:, i + 2]))
        for i in (0, 1)
    )
    shared = across * down
    area, own = ((v[:, 0] + v[:, 2]) * (v[:, 1] + v[:, 3]) for v in (distances, known))
    apart = -torch.log(shared / (area + own - shared)) + _TURNED * (angle - turn).abs()
    votes = (apart * weight * inside).sum() / ((weight * inside).sum() + 1e-3)
    page = binary_cross_entropy_with_logits(whole, is_page)
    loss: Tensor = entropy.mean() + 0.5 * (1 - overlap) + votes + 0.5 * page
    return loss


def loss_of_sides(network: Seeing, batch: tuple[Tensor, ...]) -> Tensor:
    """Return the cross-entropy of where each side crosses, and of there being one print."""
    seen, truth, is_one = batch
    answer, whole = network(seen)
    # (N,4,cells,places): rows have places across, columns down.
    lines = torch.stack([answer[:, 0], answer[:, 1].mT, answer[:, 2], answer[:, 3].mT], 1)
    chances = log_softmax(lines, -1)
    known = ~torch.isnan(truth)
    at = torch.where(known, truth, torch.zeros_like(truth)).clamp(0, lines.shape[-1] - 1.001)
    low = at.floor().long()
    share = at - low
    low_chance, high_chance = (chances.gather(-1, (low + by)[..., None])[..., 0] for by in (0, 1))
    entropy = -(low_chance * (1 - share) + high_chance * share)
    sides = (entropy * known).sum() / (known.sum() + 1e-3)
    sure = (is_one >= 0).float()
    one = binary_cross_entropy_with_logits(whole, is_one.clamp(min=0), sure)
    loss: Tensor = sides + 0.5 * one
    return loss
