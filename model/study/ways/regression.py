"""Colorization by regression: a* and b* themselves, so grey in case of doubt."""

from torch import Tensor

from ...answers import Regression as Answer
from .colorization import Colorization, Colors
from .task import Known


class Regression(Colorization):
    """Two numbers at each place."""

    def __init__(self, known: Known) -> None:
        super().__init__(known.widths, 2)
        self.answer = Answer()

    def loss(self, outputs: Tensor, targets: Colors) -> Tensor:
        """Return the mean squared error in units of 25."""
        return self.answer.loss(outputs, targets.ab)
