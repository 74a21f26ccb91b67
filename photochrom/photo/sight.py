"""What a photograph shows at each place of a grid, as features of the network, and the colour that it has there.

Two places of two photographs show the same thing if each is the other's most similar place. Features are whole
numbers so small that their products add up exactly in float32, so every machine finds the same places.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..errors import ObjectNotFound

GRID = 12
PLACES = GRID * GRID
FEATURES = 120
SCALE = 317.5
"""Factor for a unit vector; nearly all of its parts lie within 0.4, and the others are clipped."""
ALIKE = 0.5
"""Least cosine at which two places may show the same thing."""
_MAGIC = b"PCS1"
_SIZE = len(_MAGIC) + 1 + (FEATURES + 2) * PLACES
Matches = tuple[NDArray[np.intp], NDArray[np.float32]]


@dataclass(frozen=True)
class Sight:
    """One photograph on a grid of 12 by 12 places, row by row, upright."""

    features: NDArray[np.int8]
    """(120, 144): unit vectors times `SCALE`."""
    colors: NDArray[np.int8]
    """(2, 144): a* and b* as the network answered."""
    anchored: bool = False
    """Whether somebody gave colour hints: these colours are lent to others, and not changed."""

    def to_bytes(self) -> bytes:
        """Return it as it is stored."""
        head = _MAGIC + bytes([self.anchored])
        return head + self.features.astype(np.int8).tobytes() + self.colors.astype(np.int8).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read it back.

        Raises:
            ObjectNotFound: these bytes are no sight.
        """
        if len(data) != _SIZE or not data.startswith(_MAGIC):
            raise ObjectNotFound("What this photograph shows cannot be read.")
        numbers = np.frombuffer(data, np.int8, offset=len(_MAGIC) + 1).reshape(FEATURES + 2, PLACES)
        return cls(numbers[:FEATURES], numbers[FEATURES:], bool(data[len(_MAGIC)]))

    def mean(self) -> NDArray[np.float32]:
        """Return the unit vector (120,) of the whole photograph."""
        mean = self.features.astype(np.int32).sum(1).astype(np.float32)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1.0), np.float32)


def likeness(one: Sight, other: Sight) -> NDArray[np.float32]:
    """Return the cosines (144, 144) between the places of two photographs."""
    exact = one.features.astype(np.float32).T @ other.features.astype(np.float32)
    return np.asarray(exact / np.float32(SCALE * SCALE), np.float32)


def matches(cosines: NDArray[np.float32]) -> Matches:
    """Return for each place of the first the most similar one of the second, and the cosine; 0 if it is not mutual."""
    there = cosines.argmax(1)
    back = cosines.argmax(0)[there]
    mutual = back == np.arange(len(cosines))
    return there, np.where(mutual, cosines.max(1), 0).astype(np.float32)
