"""The colour that a photograph has of its own: kept where it is plain to see, and told from a print's even tone."""

import cv2
import numpy as np

from photochrom.color import lab

from ..photo import Samples, to_8bit
from .tone import tone_of
from .upsample import Plane

# Chroma in CIELAB: below the first it counts as none, from the second on it is kept as it is.
_NONE, _PLAIN = 5.0, 12.0
# A print whose colours hardly leave its mean one at each lightness has a tone, and no colours.
_EVEN = 3.0
_BLUR = 1.0  # pixels of the small picture: neighbours are kept together


def with_own(predicted: Plane, pixels: Samples) -> Plane:
    """Return predicted a*, b* (2, h, w), with a picture's own in their place where it has colour.

    Args:
        predicted: at a small size, as the picture is stored.
        pixels: the picture (H, W, 3) at any size, or grey (H, W), which has none.
    """
    if pixels.ndim == 2:
        return predicted
    own = _own_ab(pixels, predicted.shape[1:])
    chroma = cv2.GaussianBlur(np.hypot(*own), (0, 0), _BLUR)
    share = np.clip((chroma - _NONE) / (_PLAIN - _NONE), 0, 1).astype(np.float32)
    share *= share * (3 - 2 * share)
    return np.asarray(predicted + share * (own - predicted), np.float32)


def _own_ab(pixels: Samples, size: tuple[int, ...]) -> Plane:
    """The a*, b* (2, h, w) of RGB by averages, without an even tone."""
    height, width = size
    small = to_8bit(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))
    lightness, *ab = np.moveaxis(lab(small / np.float32(255)), -1, 0).astype(np.float32)
    own = np.stack(ab)
    left = own - tone_of(small).at(lightness)
    return left if float(np.median(np.hypot(*left))) < _EVEN else own
