"""Fine-tuning: how far a few labels carry when the whole network may learn from them."""

from copy import deepcopy

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ..encoder import Encoder
from ..labelled import Labelled, Sets, network_input
from ..measures import accuracy, confusion
from .budget import UsesBudget
from .descent import descend
from .figures import Figure
from .head import Layer, fit_layer
from .ready import calibrated

_ENOUGH = 2048  # photographs for a layer that fine-tuning only begins with


class Classifier(nn.Module):
    """An encoder with a linear layer on the means of its last map."""

    def __init__(self, encoder: Encoder, layer: Layer) -> None:
        super().__init__()
        self.encoder = encoder
        self.weight, self.bias = nn.Parameter(layer.weight), nn.Parameter(layer.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (N,classes) of inputs (N,1,H,W)."""
        return F.linear(means(self.encoder, inputs), self.weight, self.bias)


def run(encoder: Encoder, data: Sets, budget: UsesBudget, seed: int) -> list[Figure]:
    """Return the accuracy (0..1) after fine-tuning with each share of the labels."""
    train, validation = data.train.first(budget.train), data.validation.first(budget.validation)
    ready = calibrated(encoder, train.first(1024).inputs())
    classes = int(data.train.labels.max()) + 1
    figures = []
    for share, steps in zip(budget.shares, budget.tune_steps, strict=True):
        chosen = train.take(share_of_labels(train.labels, share, seed))
        classifier = tuned(with_layer(ready, chosen, classes, budget, seed), chosen, steps, budget, seed)
        figures.append(Figure("finetune", None, share, "accuracy", measured(classifier, validation, classes)))
    return figures


def share_of_labels(labels: Tensor, share: float, seed: int) -> Tensor:
    """Choose the places of a share of every class, at least one photograph each; larger shares hold smaller ones."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).to(labels.device)
    places = [order[labels[order] == number] for number in torch.unique(labels).tolist()]
    return torch.cat([part[: max(1, round(share * len(part)))] for part in places])


def means(encoder: Encoder, inputs: Tensor) -> Tensor:
    """Return the means (N,D) of the last map."""
    last: Tensor = encoder(inputs)[-1]
    return last.mean((2, 3))


def with_layer(
    ready: Encoder, photographs: Labelled, classes: int, budget: UsesBudget, seed: int
) -> Classifier:
    """Train the layer alone, so that its first random steps do not disturb what the encoder knows."""
    with torch.no_grad():
        some = photographs.evenly(_ENOUGH)
        features = torch.cat([means(ready, batch) for batch in some.inputs()])
    layer = fit_layer(features, some.labels, budget.head_steps, seed, classes=classes)
    return Classifier(deepcopy(ready), layer)


def tuned(
    classifier: Classifier, photographs: Labelled, steps: int, budget: UsesBudget, seed: int
) -> Classifier:
    """Train encoder and layer on photographs that are mirrored at random."""
    device, drawn = photographs.lightness.device, torch.Generator().manual_seed(seed)
    classifier.train()
    order = torch.empty(0, dtype=torch.long)

    def loss() -> Tensor:
        nonlocal order
        while len(order) < budget.tune_batch:  # every photograph once before any comes again
            order = torch.cat([order, torch.randperm(len(photographs.labels), generator=drawn)])
        batch, order = photographs.take(order[: budget.tune_batch].to(device)), order[budget.tune_batch :]
        mirrored = (torch.rand(budget.tune_batch, 1, 1, 1, generator=drawn) < 0.5).to(device)
        inputs = network_input(batch.lightness)
        return F.cross_entropy(classifier(torch.where(mirrored, inputs.flip(3), inputs)), batch.labels)

    descend(classifier.parameters(), loss, steps, budget.tune_rate)
    return classifier.eval()


@torch.no_grad()
def measured(classifier: Classifier, photographs: Labelled, classes: int) -> float:
    """Return the share of photographs that the classifier calls by their class."""
    found = torch.cat([classifier(batch).argmax(1) for batch in photographs.inputs()])
    return accuracy(confusion(found, photographs.labels, classes))
