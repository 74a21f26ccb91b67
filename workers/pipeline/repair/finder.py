"""What finds damage, whichever way it does."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


class Sure(NamedTuple):
    """How sure a finder must be, 0..255.

    Attributes:
        weak: of each pixel of a defect.
        small: of the surest pixel of a speck; what is small is soon judged, and little is lost where it is wrong.
        large: of the surest pixel of a line.
    """

    weak: int
    small: int
    large: int


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
