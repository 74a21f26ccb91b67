"""What finds damage, whichever way it does."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...sure import Sure

Bytes = NDArray[np.uint8]


class Finder(Protocol):
    """Says of each pixel how surely it is damaged."""

    @property
    def margin(self) -> int:
        """Pixels around a place that decide about it: tiles overlap by as many."""
        ...

    def thresholds(self, strength: float) -> Sure:
        """Return how sure it must be: `strength` 0 takes only what is surely damage, 1 all that may be."""
        ...

    def find(self, lightness: Bytes) -> Bytes:
        """Return the sureness (H, W), 0..255, of L* (H, W), 0..255, at the scan's own size."""
        ...
