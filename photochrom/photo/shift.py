"""How the colours of one photograph are moved towards those of its series, on the grid of `sight`."""

import base64
import binascii
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .sight import GRID, PLACES

_STEPS = 2.0
"""Steps a unit of a* and b*: half a unit is less than anybody sees."""


@dataclass(frozen=True)
class Shift:
    """What is added at each place, and how sure that is."""

    change: NDArray[np.float32]
    """(2, 144), of a* and b*."""
    sureness: NDArray[np.float32]
    """(144,), 0..1; 0 where no other photograph shows the same."""

    def packed(self) -> str:
        """Return it as text for a record; "" where nothing is changed."""
        change = np.rint(np.clip(self.change * _STEPS, -127, 127)).astype(np.int8)
        sureness = np.rint(np.clip(self.sureness, 0, 1) * 127).astype(np.int8)
        if not (sureness.any() and change.any()):
            return ""
        return base64.b64encode(change.tobytes() + sureness.tobytes()).decode()

    @classmethod
    def of(cls, text: str) -> Self:
        """Read it back.

        Raises:
            ValueError: this is no shift.
        """
        try:
            data = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError("no base64") from error
        if len(data) != 3 * PLACES:
            raise ValueError(f"{len(data)} bytes where a grid of {GRID} by {GRID} has {3 * PLACES}")
        numbers = np.frombuffer(data, np.int8).astype(np.float32).reshape(3, PLACES)
        return cls(numbers[:2] / np.float32(_STEPS), np.clip(numbers[2], 0, 127) / np.float32(127))
