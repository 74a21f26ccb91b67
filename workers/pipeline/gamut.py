"""Bring full-size colour into sRGB at the cost of a look-up: less chroma, same hue, same luminance."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color import fit_gamut

Plane = NDArray[np.float32]

_LIGHTNESS_STEP = 0.5
_HUES = 720
_FAR = 200.0  # beyond the chroma of any sRGB colour (blue has 134)
_NO_SECOND_MAP = np.empty(0, np.float32)
# OpenCV's remap counts pixels in 16 bits, so a run of values is folded into rows this long.
_ROW = 1024


def reach(lightness: Plane, a: Plane, b: Plane) -> Plane:
    """Return the largest chroma (n,) that sRGB holds at L* (n,) and the hue of a*, b* (n,).

    Interpolated between every half L* and half degree: within 2 % but at the gamut's ridges.
    """
    count = len(lightness)
    padded = np.zeros((3, -(-count // _ROW) * _ROW), np.float32)
    padded[:, :count] = lightness, a, b
    lightness, a, b = padded.reshape(3, -1, _ROW)
    hue = cv2.phase(a, b) * np.float32(_HUES / (2 * np.pi))
    found = cv2.remap(_table(), hue, lightness * np.float32(1 / _LIGHTNESS_STEP), cv2.INTER_LINEAR)
    return np.asarray(found, np.float32).reshape(-1)[:count]


@lru_cache(maxsize=1)
def _table() -> Plane:
    """The edge of sRGB as a picture: a row per L*, a column per hue, the first hue again at the end."""
    lightness, hue = np.meshgrid(
        np.arange(0, 100 + _LIGHTNESS_STEP, _LIGHTNESS_STEP),
        np.arange(_HUES + 1) * (2 * np.pi / _HUES),
        indexing="ij",
    )
    far = np.stack([lightness, _FAR * np.cos(hue), _FAR * np.sin(hue)], axis=-1).astype(np.float32)
    fitted = fit_gamut(far)
    return np.asarray(np.hypot(fitted[..., 1], fitted[..., 2]), np.float32)
