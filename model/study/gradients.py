"""Do two tasks pull the shared weights the same way? The cosine between their gradients, stage by stage."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .encoder import Encoder
from .photographs import Batch
from .ways.task import Task


class Agreement(NamedTuple):
    """Two tasks' gradients on the same photographs."""

    stage: int  # 1 is the first; 0 all together
    cosine: float  # between the tasks
    same: float  # between two batches of the first task: what chance leaves of agreement
    ratio: float  # length of the second task's gradient, relative to the first's


def agreements(
    encoder: Encoder, tasks: tuple[Task, Task], batches: tuple[Batch, Batch], random: torch.Generator
) -> list[Agreement]:
    """Compare the gradients of two tasks on one batch, and of the first on two batches."""
    first, second = (gradients(encoder, task, batches[0], random) for task in tasks)
    again = gradients(encoder, tasks[0], batches[1], random)
    stages = [(number + 1, [number]) for number in range(len(first))]
    return [
        _agreement(stage, *(torch.cat([part[k] for k in places]) for part in (first, second, again)))
        for stage, places in [(0, list(range(len(first)))), *stages]
    ]


def gradients(encoder: Encoder, task: Task, batch: Batch, random: torch.Generator) -> Sequence[Tensor]:
    """Return the flat gradient of the filters of every stage."""
    loss = task(encoder, batch, random)
    filters = [weight for weight in encoder.parameters() if weight.ndim > 1]
    return [part.flatten() for part in torch.autograd.grad(loss, filters)]


def _agreement(stage: int, one: Tensor, other: Tensor, again: Tensor) -> Agreement:
    return Agreement(stage, _cosine(one, other), _cosine(one, again), float(other.norm() / one.norm()))


def _cosine(one: Tensor, other: Tensor) -> float:
    return float(torch.cosine_similarity(one, other, 0))
