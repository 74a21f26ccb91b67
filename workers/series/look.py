"""What the network's first stages see at each place of a photograph, and the colours that were predicted there."""

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.photo.sight import GRID, SCALE, Sight
from photochrom.seeing.resize import resized

from ..network.recognizer import OnnxRecognizer

Plane = NDArray[np.float32]
_MOSTLY = 0.5


def sight_of(
    recognizer: OnnxRecognizer, lightness: Plane, ab: Plane, shown: NDArray[np.bool_], *, anchored: bool
) -> Sight:
    """Return what a photograph shows.

    Args:
        recognizer: holds the first stages of the encoder.
        lightness: L* (H, W), 0..100, of the whole photograph, upright and small.
        ab: (2, h, w) as the network answered, upright.
        shown: (h, w), where the photograph is; its mount is left out, because all mounts look alike.
        anchored: whether colour hints were given.
    """
    seen = recognizer.places(resized(lightness, (recognizer.side, recognizer.side)))
    seen = seen * (on_grid(shown.astype(np.float32)).reshape(-1) > _MOSTLY)
    features = np.clip(np.rint(seen * np.float32(SCALE)), -127, 127).astype(np.int8)
    colors = np.stack([on_grid(plane) for plane in ab]).reshape(2, -1)
    return Sight(features, np.clip(np.rint(colors), -127, 127).astype(np.int8), anchored)


def on_grid(plane: Plane) -> Plane:
    """Return the mean of a plane (h, w) in each place, (12, 12)."""
    return np.asarray(cv2.resize(plane, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)
