"""Jigsaw: in which order were the pieces of the photograph laid out (Noroozi and Favaro 2016)?"""

from itertools import permutations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ..photographs import Batch
from .task import Known, Task

ROW = 2
"""Pieces in a row. Theirs are 3 x 3 of 75 px; of 64 px a ninth is smaller than what the last stage sees."""
PIECES = ROW**2
ORDERS = tuple(permutations(range(PIECES)))
_GAP = 8  # of a piece's cell, one part is cut off at random, so that edges do not tell which pieces touch
_HIDDEN = 128


class Jigsaw(Task):
    """Every piece passes the encoder alone; the head compares what it says of all four."""

    def __init__(self, known: Known) -> None:
        super().__init__()
        self.head = Comparison(known.widths)

    def inputs_targets(self, batch: Batch, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return normal pieces (4N,1,s,s) in random orders, and the numbers (N,) of the orders."""
        count, device = len(batch.inputs), random.device
        chosen = torch.randint(len(ORDERS), (count,), generator=random, device=device)
        cut = torch.randint(_gap(batch) + 1, (2 * PIECES,), generator=random, device=device).tolist()
        laid = pieces(batch.inputs, cut)
        order = torch.tensor(ORDERS, device=device)[chosen]
        shuffled = laid[torch.arange(count, device=device)[:, None], order].flatten(0, 1)
        return normal(shuffled), chosen

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy in nats."""
        return F.cross_entropy(outputs, targets)


class Comparison(nn.Module):
    """A hidden layer over the means of all pieces' last maps, side by side."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(PIECES * widths[-1], _HIDDEN), nn.ReLU(inplace=True), nn.Linear(_HIDDEN, len(ORDERS))
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Return (N,24) of maps of 4N pieces."""
        orders: Tensor = self.layers(maps[-1].mean((2, 3)).reshape(len(maps[-1]) // PIECES, -1))
        return orders


def pieces(inputs: Tensor, cut: list[int]) -> Tensor:
    """Cut inputs (N,1,S,S) into (N,4,1,s,s), row by row; piece k begins `cut[2k]`, `cut[2k+1]` px inside its cell."""
    cell = inputs.shape[-1] // ROW
    side = cell - cell // _GAP
    corners = [(row * cell, column * cell) for row in range(ROW) for column in range(ROW)]
    starts = [(top + cut[2 * k], left + cut[2 * k + 1]) for k, (top, left) in enumerate(corners)]
    return torch.stack([inputs[:, :, y : y + side, x : x + side] for y, x in starts], 1)


def normal(inputs: Tensor) -> Tensor:
    """Give each of the inputs (N,1,s,s) mean 0 and variance 1: brightness must not tell where a piece lay."""
    mean, spread = inputs.mean((1, 2, 3), keepdim=True), inputs.std((1, 2, 3), keepdim=True)
    return (inputs - mean) / spread.clamp(min=0.02)


def _gap(batch: Batch) -> int:
    return batch.inputs.shape[-1] // ROW // _GAP
