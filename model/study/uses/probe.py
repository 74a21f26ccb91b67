"""Linear probe (Zhang 2016): how well a linear classifier tells 100 classes from the features of each stage."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ..encoder import Encoder
from ..labelled import Labelled, Sets
from ..measures import accuracy, confusion
from .budget import UsesBudget
from .figures import Figure
from .ready import calibrated
from .ridge import fit

Encode = Callable[[Tensor], list[Tensor]]
"""From the study's input (N,1,H,W) to the map of every stage."""


def run(encoder: Encoder, data: Sets, budget: UsesBudget, seed: int) -> list[Figure]:
    """Return the accuracy (0..1) of a linear classifier on each stage of the frozen encoder."""
    frozen = calibrated(encoder, data.train.first(budget.train).first(1024).inputs())
    found = accuracies(frozen, data, budget, seed)
    return [Figure("probe", stage, None, "accuracy", value) for stage, value in enumerate(found, 1)]


def accuracies(encode: Encode, data: Sets, budget: UsesBudget, seed: int) -> list[float]:
    """Return the accuracy (0..1) of a linear classifier on each of the maps."""
    train, validation = data.train.first(budget.train), data.validation.first(budget.validation)
    known = stage_features(encode, train, budget.features)
    unknown = stage_features(encode, validation, budget.features)
    classes = int(data.train.labels.max()) + 1

    def measured(stage: int) -> float:
        found = fit(known[stage], train.labels, classes, seed).classify(unknown[stage])
        return accuracy(confusion(found, validation.labels, classes))

    return [measured(stage) for stage in range(len(known))]


@torch.no_grad()
def stage_features(encode: Encode, photographs: Labelled, limit: int) -> list[Tensor]:
    """Return the features (N,D), D <= limit, of every stage: means over as fine a grid as the limit allows."""
    batches = [[pooled(part, limit) for part in encode(batch)] for batch in photographs.inputs()]
    return [torch.cat(stage) for stage in zip(*batches, strict=True)]


def pooled(maps: Tensor, limit: int) -> Tensor:
    """Return means (N,C*g*g) of a map (N,C,h,w) over a grid of g x g, as fine as `limit` numbers allow."""
    grid = max(1, min(int((limit / maps.shape[1]) ** 0.5), *maps.shape[2:]))
    return F.adaptive_avg_pool2d(maps, grid).flatten(1)
