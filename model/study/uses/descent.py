"""The one optimiser of all uses that train."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from ..schedule import share_of_rate

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
