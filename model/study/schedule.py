"""The one course of the learning rate, for learning and for all uses that learn."""

import math


def share_of_rate(step: int, steps: int, warmup: float = 0.1, last: float = 0.0) -> float:
    """Return the learning rate at a step as a share of the highest: a rise in steps of one size, then a cosine.

    Args:
        step: 0 to `steps` - 1.
        steps: how many there are.
        warmup: share of the steps in which it rises.
        last: what the cosine ends at.
    """
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return last + (1 - last) * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising))) / 2
