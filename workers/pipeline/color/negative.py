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


def is_masked(pixels: Samples) -> bool:
    """Tell whether a picture (H, W, 3) looks like a colour negative; a grey one (H, W) never does."""
    if pixels.ndim == 2:
        return False
    step = max(1, round((pixels.shape[0] * pixels.shape[1] / _SAMPLES) ** 0.5))
    rgb = to_8bit(pixels[::step, ::step]).reshape(-1, 3).astype(np.float32)
    green = rgb[:, 1]  # most of the light
    clear = rgb[green >= np.percentile(green, _LIGHTEST)]
    return _is_orange(clear, _CLEAR) and _is_orange(rgb, _ALL)


def _is_orange(rgb: NDArray[np.float32], most: tuple[float, float]) -> bool:
    """Whether the mean (n, 3) has no more than these shares of its red in green and in blue."""
    red, green, blue = (float(value) for value in rgb.mean(axis=0))
    return green <= most[0] * red and blue <= most[1] * red
