"""Colorization by histograms of hue and of chroma (Larsson, Maire and Shakhnarovich 2016)."""

from torch import Tensor

from ...answers import HueChroma
from ...network import HISTOGRAM
from .colorization import Colorization, Colors
from .task import Known


class Histograms(Colorization):
    """Two histograms of 32 bins at each place."""

    def __init__(self, known: Known) -> None:
        super().__init__(known.widths, 2 * HISTOGRAM)
        self.answer = HueChroma()

    def loss(self, outputs: Tensor, targets: Colors) -> Tensor:
        """Return KL(chroma) + 5 chroma KL(hue) in nats."""
        return self.answer.loss(outputs, targets.ab)
