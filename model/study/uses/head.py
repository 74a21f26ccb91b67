"""A linear layer trained on features that were computed once: what fine-tuning begins with."""

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from .descent import descend

_BATCH, _RATE = 1024, 1e-2
_FLOOR = 0.1  # of the mean scale: a channel that was silent in the samples must not shout elsewhere


class Layer(NamedTuple):
    """Reads features as they are."""

    weight: Tensor  # (C,D)
    bias: Tensor  # (C,)


def fit_layer(
    features: Tensor,
    labels: Tensor,
    steps: int,
    seed: int,
    class_weights: Tensor | None = None,
    classes: int = 0,
) -> Layer:
    """Minimise the cross-entropy of random features (M,D) with their labels (M,), from a layer of zeros.

    Args:
        features: (M,D).
        labels: (M,) classes.
        steps: batches of at most 1,024 features.
        seed: which features are drawn.
        class_weights: (C,) weights of the classes' losses; None: equal.
        classes: C, where there are no weights.
    """
    mean, scale = features.mean(0), features.std(0)
    scale = scale.clamp(min=float(scale.mean()) * _FLOOR)
    standard, drawn = (features - mean) / scale, torch.Generator().manual_seed(seed)
    count = classes if class_weights is None else len(class_weights)
    weight = features.new_zeros(count, features.shape[1]).requires_grad_()
    bias = features.new_zeros(count).requires_grad_()

    def loss() -> Tensor:
        index = torch.randint(len(standard), (min(_BATCH, len(standard)),), generator=drawn).to(
            standard.device
        )
        return F.cross_entropy(F.linear(standard[index], weight, bias), labels[index], class_weights)

    descend((weight, bias), loss, steps, _RATE)
    raw = weight.detach() / scale
    return Layer(raw, bias.detach() - raw @ mean)
