"""Labels: the classes that people gave. It is the upper bound, and the only way that needs them."""

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from ..photographs import Batch
from .heads import Verdict
from .task import Known, Task


class Labels(Task):
    """The class of the photograph is to be found."""

    def __init__(self, known: Known) -> None:
        super().__init__()
        self.head = Verdict(known.widths, known.classes)

    def inputs_targets(self, batch: Batch, random: torch.Generator) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Return L*, and the classes (N,)."""
        assert batch.labels is not None, "these photographs have no labels"
        return batch.inputs, batch.labels

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy in nats."""
        return F.cross_entropy(outputs, targets)
