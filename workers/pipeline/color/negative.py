"""The orange mask of a colour negative: clear film is its lightest place, where a positive has white or nearly so."""

import numpy as np
from numpy.typing import NDArray

from ..photo import Samples, to_8bit

_SAMPLES = 100_000
_LIGHTEST = 98.0
"""The percentile from which on a place counts among the lightest."""
# Of 600 colour photographs 4 look like one by these bounds, and 565 of their negatives do.
# Shares of red in clear film, as scanners see it, and in all of it; paper that has yellowed keeps more green and blue.
_CLEAR, _ALL = (0.78, 0.6), (0.85, 0.7)
# Of 1,206 colour photographs 1 is surely one, and of their negatives five in six (docs/lab/turning.md).
_SURELY_CLEAR, _SURELY_ALL = (0.74, 0.55), (0.82, 0.66)
_DARKEST = 2.0
"""The percentile up to which a place counts among the darkest."""
_LIT = 15.0
"""Of 255, the red light that the densest film lets through; a warm photograph has blacks."""


def is_masked(pixels: Samples) -> bool:
    """Tell whether a picture (H, W, 3) looks like a colour negative; a grey one (H, W) never does."""
    if pixels.ndim == 2:
        return False
    rgb = _sampled(pixels)
    return _is_orange(_clear(rgb), _CLEAR) and _is_orange(rgb, _ALL)


def is_surely_masked(pixels: Samples) -> bool:
    """Tell whether it looks so much like a colour negative that it may be inverted unasked."""
    if pixels.ndim == 2:
        return False
    rgb = _sampled(pixels)
    dark = rgb[rgb[:, 1] <= np.percentile(rgb[:, 1], _DARKEST)]
    lit = float(dark[:, 0].mean()) >= _LIT
    return lit and _is_orange(_clear(rgb), _SURELY_CLEAR) and _is_orange(rgb, _SURELY_ALL)


def _sampled(pixels: Samples) -> NDArray[np.float32]:
    step = max(1, round((pixels.shape[0] * pixels.shape[1] / _SAMPLES) ** 0.5))
    return to_8bit(pixels[::step, ::step]).reshape(-1, 3).astype(np.float32)


def _clear(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the pixels of clear film, by green: most of the light."""
    return np.asarray(rgb[rgb[:, 1] >= np.percentile(rgb[:, 1], _LIGHTEST)])


def _is_orange(rgb: NDArray[np.float32], most: tuple[float, float]) -> bool:
    """Whether the mean (n, 3) has no more than these shares of its red in green and in blue."""
    red, green, blue = (float(value) for value in rgb.mean(axis=0))
    return green <= most[0] * red and blue <= most[1] * red
