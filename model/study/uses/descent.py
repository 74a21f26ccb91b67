"""The one optimiser of all uses that train."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

_WARMUP = 0.1  # of the steps
_DECAY, _CLIP = 0.02, 1.0


def descend(weights: Iterable[Tensor], loss: Callable[[], Tensor], steps: int, rate: float) -> None:
    """Minimise: AdamW with gradients clipped, the rate rising over a tenth of the steps, then falling as a cosine.

    Args:
        weights: what learns.
        loss: draws a batch and returns its loss.
        steps: how many batches.
        rate: the highest learning rate.
    """
    learning = list(weights)
    optimizer = torch.optim.AdamW(learning, lr=rate, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share_of_rate(step, steps))
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        loss().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learning, _CLIP)
        optimizer.step()
        schedule.step()


def share_of_rate(step: int, steps: int) -> float:
    """Return the learning rate at a step as a share of the highest."""
    warmup = max(1, round(_WARMUP * steps))
    if step < warmup:
        return (step + 1) / warmup
    return (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))) / 2
