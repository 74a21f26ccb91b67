"""Linear classification by ridge regression: exact, deterministic, and one pass over the data for all penalties."""

from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Candidates, as multiples of the number of photographs; features have variance 1."""
_FLOOR = 1e-4  # of the mean scale: what hardly varies is not enlarged without bounds
_HELD = 5  # one photograph in so many chooses the penalty


class Linear(NamedTuple):
    """A linear classifier of standardised features."""

    mean: Tensor  # (D,)
    scale: Tensor  # (D,)
    weights: Tensor  # (D,C)
    bias: Tensor  # (C,)

    def classify(self, features: Tensor) -> Tensor:
        """Return the class (N,) of features (N,D)."""
        return ((features - self.mean) / self.scale @ self.weights + self.bias).argmax(1)


class _Sums(NamedTuple):
    gram: Tensor  # (D,D)
    products: Tensor  # (D,C)
    photographs: int

    def plus(self, other: "_Sums") -> "_Sums":
        return _Sums(
            self.gram + other.gram, self.products + other.products, self.photographs + other.photographs
        )

    def solve(self, penalty: float) -> Tensor:
        ridge = self.gram.clone()
        ridge.diagonal().add_(penalty * self.photographs)
        return torch.cholesky_solve(self.products, torch.linalg.cholesky(ridge)).float()


def fit(features: Tensor, labels: Tensor, classes: int, seed: int) -> Linear:
    """Fit the classes' indicators by least squares; the penalty is the best one on a held-out fifth, then all are used.

    Args:
        features: (N,D).
        labels: (N,) classes.
        classes: how many there are.
        seed: which fifth is held out.
    """
    mean, scale = features.mean(0), features.std(0)
    scale = scale.clamp(min=float(scale.mean()) * _FLOOR)
    standard, indicators = (features - mean) / scale, F.one_hot(labels, classes).float()
    bias = indicators.mean(0)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).to(labels.device)
    held, rest = order[: len(order) // _HELD], order[len(order) // _HELD :]
    of_held, of_rest = (_sums(standard[part], indicators[part] - bias) for part in (held, rest))

    def hits(penalty: float) -> int:
        scores = standard[held] @ of_rest.solve(penalty) + bias
        return int((scores.argmax(1) == labels[held]).sum())

    return Linear(mean, scale, of_rest.plus(of_held).solve(max(PENALTIES, key=hits)), bias)


def _sums(standard: Tensor, targets: Tensor) -> _Sums:
    gram, products = standard.T @ standard, standard.T @ targets
    return _Sums(gram.double(), products.double(), len(standard))
