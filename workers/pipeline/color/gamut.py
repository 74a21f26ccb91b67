"""The largest chroma of sRGB at each L* and hue, as a table: fitting a pixel is then one look-up."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color import in_gamut

Plane = NDArray[np.float32]

_HUES = 720
_LIGHTNESSES = 201
_STEPS = 12
_MOST_CHROMA = 140.0
_REMAP_SIDE = 32_000  # OpenCV's limit is 32,767


def fit(lightness: Plane, ab: Plane) -> Plane:
    """Reduce the chroma of ab (2, n, W) at constant hue where it is outside sRGB at lightness (n, W).

    Colours inside stay as they are; `photochrom.color.fit_gamut` is the exact, slow way.
    """
    return np.asarray(ab * share(lightness, *ab), np.float32)


def share(lightness: Plane, a: Plane, b: Plane) -> Plane:
    """Return the share (n, W), 0..1, of the chroma of a*, b* (n, W) that fits into sRGB at lightness (n, W)."""
    chroma, hue = cv2.cartToPolar(a, b)
    reach = np.empty_like(lightness)
    for start in range(0, lightness.shape[1], _REMAP_SIDE):
        part = np.s_[:, start : start + _REMAP_SIDE]
        across = hue[part] * np.float32(_HUES / (2 * np.pi))
        down = lightness[part] * np.float32((_LIGHTNESSES - 1) / 100)
        reach[part] = cv2.remap(_reach(), across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    np.maximum(chroma, np.float32(1e-6), out=chroma)
    np.divide(reach, chroma, out=reach)
    return np.minimum(reach, np.float32(1), out=reach)


@cache
def _reach() -> Plane:
    """The largest chroma at L* 0, 0.5 ... 100 (rows) and hues over the circle, the first one twice (columns)."""
    lightness, hue = np.meshgrid(
        np.linspace(0, 100, _LIGHTNESSES, dtype=np.float32),
        np.linspace(0, 2 * np.pi, _HUES + 1, dtype=np.float32),
        indexing="ij",
    )
    direction = np.stack([np.zeros_like(hue), np.cos(hue), np.sin(hue)], axis=-1)
    grey = np.stack([lightness, np.zeros_like(hue), np.zeros_like(hue)], axis=-1)
    low, high = np.zeros_like(hue), np.full_like(hue, _MOST_CHROMA)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        fits = in_gamut(grey + direction * middle[..., None])
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.asarray(low, np.float32)
