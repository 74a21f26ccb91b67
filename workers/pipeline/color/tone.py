"""The tone of an old print: the scan's own sepia, or a classic one, applied over the predicted colours."""

import numpy as np
from numpy.typing import NDArray

from photochrom.color import lab

from ..photo import Samples
from .upsample import Plane, RowSource

_STEPS = 101
# Gold-toned albumen prints: warmest in the middle tones, neutral in black and white.
_HUE, _CHROMA = np.deg2rad(72), 18.0
_SAMPLES = 100_000
# Neighbours in L* that each average includes; enough to close gaps in the scan's histogram.
_NEIGHBOURS = 7.0


class Tone:
    """a*, b* as a function of L*."""

    def __init__(self, ab: Plane) -> None:
        """Take a* and b* (2, 101) at L* 0, 1 ... 100."""
        self._ab = ab

    def at(self, lightness: Plane) -> Plane:
        """Return ab (2, ...) of L* (...)."""
        return np.stack([np.interp(lightness, np.arange(_STEPS), c).astype(np.float32) for c in self._ab])


def classic_sepia() -> Tone:
    """Return a sepia for scans that have no tone of their own."""
    chroma = _CHROMA * np.sin(np.linspace(0, np.pi, _STEPS))
    return Tone(np.asarray([chroma * np.cos(_HUE), chroma * np.sin(_HUE)], np.float32))


def tone_of(pixels: Samples) -> Tone:
    """Return the tone of a picture (H, W, 3): its mean a*, b* by L*; the classic one for grey (H, W)."""
    if pixels.ndim == 2:
        return classic_sepia()
    step = max(1, round((pixels.shape[0] * pixels.shape[1] / _SAMPLES) ** 0.5))
    colours = lab(pixels[::step, ::step].reshape(-1, 3) / np.iinfo(pixels.dtype).max)
    distance = np.subtract.outer(np.arange(_STEPS), np.arange(_STEPS))
    spread = np.exp(-0.5 * (distance / _NEIGHBOURS) ** 2)
    index = np.clip(np.rint(colours[:, 0]), 0, _STEPS - 1).astype(np.intp)
    counts = spread @ np.bincount(index, minlength=_STEPS) + 1e-9
    sums = [spread @ np.bincount(index, weights=colours[:, i], minlength=_STEPS) for i in (1, 2)]
    return Tone(np.asarray([total / counts for total in sums], np.float32))


class Toned:
    """Colours with a tone applied over them."""

    def __init__(self, colour: RowSource, tone: Tone, amount: float) -> None:
        self._colour, self._tone, self._amount = colour, tone, np.float32(amount)

    def rows(self, start: int, lightness: Plane) -> Plane:
        """Return ab (2, n, W) of the rows from `start`, whose lightness is (n, W)."""
        ab: NDArray[np.float32] = self._colour.rows(start, lightness)
        return ab + self._amount * self._tone.at(lightness)
