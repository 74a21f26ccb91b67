"""sRGB, CIELAB and the gamut between them, in plain numpy: the reference that faster code is tested against.

Encoded and linear RGB are in 0..1, L* in 0..100, a* and b* unbounded; CIELAB is taken relative to the D65
white of sRGB, so that every grey has a* = b* = 0. Arrays may have any shape; colour lies on the last axis.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .hex_color import EPSILON, KAPPA, RGB_TO_XYZ_ROWS

Floats = NDArray[np.floating[Any]]

RGB_TO_XYZ = np.array(RGB_TO_XYZ_ROWS)
WHITE = RGB_TO_XYZ.sum(axis=1)
# XYZ relative to white: grey then has X = Y = Z, which keeps it grey to the last bit.
RGB_TO_RELATIVE_XYZ = RGB_TO_XYZ / WHITE[:, None]
RELATIVE_XYZ_TO_RGB = np.linalg.inv(RGB_TO_RELATIVE_XYZ)
LUMA = np.array([0.299, 0.587, 0.114])

_GAMUT_STEPS = 16


def linear(encoded: ArrayLike) -> Floats:
    """Decode sRGB: encoded 0..1 to linear 0..1. Values below 0 stay on the linear foot."""
    encoded = _floats(encoded)
    with np.errstate(invalid="ignore"):
        curve = ((encoded + 0.055) / 1.055) ** 2.4
    return np.where(encoded <= 0.04045, encoded / 12.92, curve).astype(encoded.dtype, copy=False)


def encoded(linear_light: ArrayLike) -> Floats:
    """Encode sRGB: linear 0..1 to encoded 0..1. Values below 0 stay on the linear foot."""
    light = _floats(linear_light)
    curve = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, light * 12.92, curve).astype(light.dtype, copy=False)


def lightness_of_luminance(luminance: ArrayLike) -> Floats:
    """Return L* (0..100) of luminance Y relative to white (0..1)."""
    return 116 * _compress(_floats(luminance)) - 16


def luminance_of_lightness(lightness_: ArrayLike) -> Floats:
    """Return luminance Y relative to white (0..1) of L* (0..100)."""
    return _expand((_floats(lightness_) + 16) / 116)


def lightness(rgb: ArrayLike) -> Floats:
    """Return L* (..., 0..100) of encoded sRGB (..., 3) in 0..1: from linear light, not from luma."""
    return lightness_of_luminance(linear(rgb) @ RGB_TO_XYZ[1].astype(_floats(rgb).dtype))


def lab(rgb: ArrayLike) -> Floats:
    """Return CIELAB (..., 3) of encoded sRGB (..., 3)."""
    light = linear(rgb)
    f = _compress(light @ RGB_TO_RELATIVE_XYZ.T.astype(light.dtype))
    fx, fy, fz = np.moveaxis(f, -1, 0)
    return np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)


def linear_rgb(lab_: ArrayLike) -> Floats:
    """Return linear sRGB (..., 3) of CIELAB (..., 3), not limited to 0..1."""
    lab_ = _floats(lab_)
    fy = (lab_[..., 0] + 16) / 116
    relative = _expand(np.stack([fy + lab_[..., 1] / 500, fy, fy - lab_[..., 2] / 200], axis=-1))
    return relative @ RELATIVE_XYZ_TO_RGB.T.astype(lab_.dtype)


def srgb(lab_: ArrayLike) -> Floats:
    """Return encoded sRGB (..., 3) of CIELAB (..., 3), not limited to 0..1: see `fit_gamut`."""
    return encoded(linear_rgb(lab_))


def fit_gamut(lab_: ArrayLike) -> Floats:
    """Bring CIELAB (..., 3) into sRGB by reducing chroma along its hue; L* does not change.

    Clipping RGB instead would move lightness and hue. Colours already inside are returned as they are;
    for the others the largest chroma that fits is found by bisection (to 1/65536 of the given chroma).
    """
    lab_ = _floats(lab_).copy()
    lab_[..., 0] = np.clip(lab_[..., 0], 0, 100)
    outside = ~in_gamut(lab_)
    colours = lab_[outside]
    low, high = np.zeros(len(colours), lab_.dtype), np.ones(len(colours), lab_.dtype)
    for _ in range(_GAMUT_STEPS):
        middle = (low + high) / 2
        fits = in_gamut(_scaled(colours, middle))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    lab_[outside] = _scaled(colours, low)
    return lab_


def in_gamut(lab_: ArrayLike, tolerance: float = 1e-5) -> NDArray[np.bool_]:
    """Return (...) whether CIELAB (..., 3) lies in sRGB, to `tolerance` of linear light."""
    rgb = linear_rgb(lab_)
    return np.asarray(((rgb >= -tolerance) & (rgb <= 1 + tolerance)).all(axis=-1))


def _scaled(lab_: Floats, chroma: Floats) -> Floats:
    return np.stack([lab_[..., 0], lab_[..., 1] * chroma, lab_[..., 2] * chroma], axis=-1)


def _compress(ratio: Floats) -> Floats:
    return np.where(ratio > EPSILON, np.cbrt(ratio), (KAPPA * ratio + 16) / 116).astype(
        ratio.dtype, copy=False
    )


def _expand(f: Floats) -> Floats:
    cube = f * f * f
    return np.where(cube > EPSILON, cube, (116 * f - 16) / KAPPA).astype(f.dtype, copy=False)


def _floats(values: ArrayLike) -> Floats:
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)
