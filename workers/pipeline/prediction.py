"""From a photo's lightness to small colour: the steps at the network's size."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.options import ColorizeOptions

from ..network.predictor import Predictor, predict_size
from .metadata.orientation import as_stored, upright

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class SmallColor:
    """A prediction as the photo is stored (not turned upright), at the network's output size."""

    ab: Plane
    """(2, h, w), scaled by the requested strength."""
    confidence: Plane
    """(h, w), 0..1."""
    lightness: Plane
    """(h, w), L* as the network saw it, averaged down to this size."""


def reduce_lightness(lightness: Plane, size: tuple[int, int]) -> Plane:
    """Resize L* (H, W) to (h, w): by averages where it shrinks, bilinearly where it grows."""
    # OpenCV's area mode is an average only when both sides shrink.
    smaller = tuple(min(a, b) for a, b in zip(lightness.shape, size, strict=True))
    shrunk = cv2.resize(lightness, smaller[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def predict_small(
    lightness: Plane, size: tuple[int, int], orientation: int, predictor: Predictor, options: ColorizeOptions
) -> SmallColor:
    """Predict the colour of a photo.

    Args:
        lightness: (h, w) as stored, reduced or not, L* 0..100.
        size: (height, width) of the photo as stored.
        orientation: EXIF 1..8; the network sees the photo upright.
        predictor: the network.
        options: passed to the network; `strength` scales what it returns.
    """
    turned = upright(lightness, orientation)
    height, width = size if orientation < 5 else size[::-1]
    seen = reduce_lightness(np.ascontiguousarray(turned), predict_size(height, width, predictor.card))
    prediction = predictor.predict(seen, options)
    guide = reduce_lightness(seen, prediction.ab.shape[1:])
    ab = [as_stored(plane, orientation) for plane in prediction.ab * np.float32(options.strength)]
    return SmallColor(
        np.ascontiguousarray(ab),
        np.ascontiguousarray(as_stored(prediction.confidence, orientation)),
        np.ascontiguousarray(as_stored(guide, orientation)),
    )
