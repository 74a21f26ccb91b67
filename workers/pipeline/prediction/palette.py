"""The palette of a reference photograph: how much of it lies in each of the network's colour bins."""

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom import color
from photochrom.errors import PhotoRejected, ReferenceRejected
from photochrom.photo.cards.model import ModelCard

from ..decode import decode
from ..limits import PhotoLimits
from ..photo import Samples
from ..structure import format_of

if TYPE_CHECKING:
    from ...network.predictor import OnnxPredictor

# A histogram needs no more: 65,536 pixels at most.
_SIDE = 256
_NEIGHBOURS = 5
_SIGMA = 5.0
_STRIP = 4096


def with_palette_of(
    reference: bytes | Path, predictor: "OnnxPredictor", limits: PhotoLimits
) -> "OnnxPredictor":
    """Return a predictor that follows the colours of the photograph `reference`, a file or its bytes.

    Raises:
        ReferenceRejected: it cannot be read, is too large, or has no colour.
    """
    return predictor.lent(palette_of(reference_pixels(reference, limits), predictor.card))


def reference_pixels(reference: bytes | Path, limits: PhotoLimits) -> Samples:
    """Return the sRGB pixels of a reference photograph; raises as `with_palette_of` does."""
    data = reference.read_bytes() if isinstance(reference, Path) else reference
    try:
        photo = decode(data, format_of(data, limits), limits)
    except PhotoRejected as error:
        raise ReferenceRejected(f"The reference photograph cannot be used: {error}") from error
    if not photo.colored:
        raise ReferenceRejected("The reference photograph has no colour to lend; send a colour photograph.")
    return photo.pixels


def palette_of(pixels: Samples, card: ModelCard) -> NDArray[np.float32]:
    """Return the share (Q,) of the card's bins in sRGB pixels (H, W, 3), 8 or 16 bits; the shares sum to 1.

    Each pixel is shared by its 5 nearest bins under a Gaussian of sigma 5, as in the training (Zhang et al. 2016).
    """
    scale = min(1.0, _SIDE / max(pixels.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    ab = color.lab(small.reshape(-1, 3) / np.float32(np.iinfo(pixels.dtype).max))[:, 1:]
    bins = np.array(card.bins, np.float32)
    histogram = np.zeros(len(bins))
    for start in range(0, len(ab), _STRIP):
        _add(histogram, np.asarray(ab[start : start + _STRIP], np.float32), bins)
    return np.asarray(histogram / histogram.sum(), np.float32)


def _add(histogram: NDArray[np.float64], ab: NDArray[np.float32], bins: NDArray[np.float32]) -> None:
    squares = ((ab[:, None] - bins) ** 2).sum(-1)  # (n, Q)
    near = np.argpartition(squares, min(_NEIGHBOURS, len(bins)) - 1, axis=1)[:, :_NEIGHBOURS]
    distance = np.take_along_axis(squares, near, 1)
    # Relative to the nearest: far outside of the gamut every Gaussian would vanish.
    share = np.exp((distance.min(1, keepdims=True) - distance) / (2 * _SIGMA**2))
    np.add.at(histogram, near, share / share.sum(1, keepdims=True))
