"""The shipped colorizer's encoder under the same linear probe, for comparison: it began from ImageNet labels."""

from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

from ...checkpoint import load_network
from ..labelled import Sets
from ..tables import RESULTS, Table
from ..uses.budget import UsesBudget
from ..uses.probe import accuracies

SHIPPED = "shipped"
"""The way that stands for it in the results."""
FILE = "shipped.csv"
_FIRST = 2  # its maps at strides 4, 8, 16, 32 stand beside the study's stages 2 to 5
_ENLARGED = 2  # it was trained on larger photographs


class ShippedEncoder(nn.Module):
    """The encoder of a colorizer, in the form of the study's.

    Args:
        weights: an exported file or a checkpoint of `model.train`.

    Raises:
        ModelRejected: the file is neither.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__()
        self.encoder = load_network(weights).encoder.eval()
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # 1.7 times as fast on a CPU

    def forward(self, grey: Tensor) -> list[Tensor]:
        """Return the maps (N,C,h,w) of four strides, from the study's input (N,1,H,W), L* as -1..1."""
        large = F.interpolate(grey, scale_factor=float(_ENLARGED), mode="bicubic", align_corners=False)
        levels = ((large + 1) / 2 * 255 - 127) / 128  # as `Colorizer` shows L* to it
        return list(self.encoder(levels.expand(-1, 3, -1, -1)).values())


def measure_shipped(weights: Path, data: Sets, budget: UsesBudget, folder: Path) -> None:
    """Measure the shipped encoder once, into a file beside the results: the study may still be running."""
    table = Table(folder / FILE, RESULTS)
    if table.rows():
        return
    found = accuracies(ShippedEncoder(weights), data, budget, 0)
    table.add(
        (SHIPPED, 0, "probe", stage, None, "accuracy", f"{value:.5f}")
        for stage, value in enumerate(found, _FIRST)
    )
