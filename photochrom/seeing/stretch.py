"""Stretch the lightness that the network sees where a scan is faded, dark or flat; the result keeps the scan's own.

A stretch is one straight line, limited in its gain. It grows continuously with the want of contrast, and is nothing
at all for an ordinary photograph.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

# Of 1,206 photographs in good order 95 of 100 have a range beyond the first; see docs/lab/seeing.md.
_ORDINARY, _FLAT = 64.0, 50.0
_BLACK, _WHITE = 2.0, 97.0
_LARGEST_GAIN = 6.0
ENDS = 0.5, 99.5  # percentiles: specks of dust and holes must not count


@dataclass(frozen=True)
class Stretch:
    """L* to `gain` times L* plus `offset`, within 0..100."""

    gain: float
    offset: float

    def of(self, lightness: Plane) -> Plane:
        """Return L* (...) as the network shall see it."""
        stretched = lightness * np.float32(self.gain) + np.float32(self.offset)
        return np.asarray(np.clip(stretched, 0, 100), np.float32)


def find_stretch(lightness: Plane) -> Stretch | None:
    """Return how L* (H, W), 0..100, is to be stretched; None for a photograph of ordinary contrast."""
    low, high = np.percentile(lightness, ENDS)
    if high - low >= _ORDINARY:
        return None
    gain, offset = line(low, high)
    return Stretch(float(gain), float(offset))


def line(low: Any, high: Any) -> tuple[Any, Any]:
    """Return gain and offset for L* between two percentiles; 1 and 0 for ordinary contrast.

    Numbers of numpy and tensors of torch have all that is used here, so that training shows the same.
    """
    span = high - low
    amount = ((_ORDINARY - span) / (_ORDINARY - _FLAT)).clip(0, 1)
    amount = amount * amount * (3 - 2 * amount)
    gain = ((_WHITE - _BLACK) / span.clip(1e-3)).clip(0, _LARGEST_GAIN)
    # What the limit leaves of the room lies above and below as it did.
    black = _BLACK + (_WHITE - _BLACK - gain * span) * low / (100 - span).clip(1e-3)
    mixed, start = 1 + amount * (gain - 1), low + amount * (black - low)
    return mixed, start - mixed * low
