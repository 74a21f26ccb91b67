"""Fit the plane by logistic regression, and choose the threshold by its errors."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from .network import Recognizer

PENALTY = 10.0
"""Of the squared weights, over the number of photographs."""
_LEAST = 1e-3


@dataclass(frozen=True)
class Examples:
    """Features (N,F) of photographs, and of the same on film."""

    clean: Tensor
    film: Tensor


def fit(recognizer: Recognizer, examples: Examples) -> None:
    """Set the plane of `recognizer`."""
    features = torch.cat([examples.clean, examples.film])
    truth = torch.cat([torch.zeros(len(examples.clean)), torch.ones(len(examples.film))])
    middle, scale = features.mean(0), features.std(0).clamp(min=_LEAST)
    known = (features - middle) / scale
    weight, bias = torch.zeros(known.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimizer.zero_grad()
        value = F.binary_cross_entropy_with_logits(known @ weight + bias, truth)
        value = value + PENALTY * weight.square().sum() / len(truth)
        value.backward()  # type: ignore[no-untyped-call]
        return float(value.detach())

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        recognizer.plane.weight.copy_((weight / scale)[None])
        recognizer.plane.bias.copy_(bias - (weight / scale) @ middle)


def threshold(clean: Tensor, most: float) -> float:
    """Return the logit above which at most the share `most` of logits (N,) of clean photographs lies."""
    return round(float(torch.quantile(clean, 1 - most)) + 0.005, 2)
