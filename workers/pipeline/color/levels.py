"""One increasing curve of lightness that gives a faded photograph its black and white back.

Straight between four points, so that it can be written down and undone. A photograph that has its black or
its white, as most have, is left alone: night and fog are not damage. What lacks both is stretched, within a bound.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color import encoded, lightness_of_luminance, linear, luminance_of_lightness
from photochrom.photo.restoration import LevelCurve

from ..photo import Samples
from .light import lightness_of
from .same_light import within

Plane = NDArray[np.float32]
_DARK, _LIGHT = 0.5, 99.5  # percentiles of the content that count as its black and its white
_BLACKEST, _WHITEST = 12.0, 85.0  # of 600 clean photographs, 3 in 100 reach neither
_BLACK, _WHITE = 8.0, 92.0  # L* to which they are brought
_STEEPEST = 2.0
_BORDER = 0.08  # share of each side that may be mount or border
_SAMPLES = 250_000
_STRIP = 64


def faded(lightness: Plane) -> LevelCurve | None:
    """Return the curve for a photograph of L* (H, W), at any size; None where it needs none."""
    height, width = lightness.shape
    down, across = int(height * _BORDER), int(width * _BORDER)
    content = lightness[down : height - down, across : width - across]
    dark, light = (float(value) for value in np.percentile(content, (_DARK, _LIGHT)))
    if dark <= _BLACKEST or light >= _WHITEST or light - dark < 1:
        return None
    return _curve(dark, light, *_limited(dark, light))


def _limited(dark: float, light: float) -> tuple[float, float]:
    """Return where both ends go: all the way, or as far as the steepest stretch allows."""
    steepness = (_WHITE - _BLACK) / (light - dark)
    share = min(1.0, (_STEEPEST - 1) / (steepness - 1))
    return dark + share * (_BLACK - dark), light + share * (_WHITE - light)


def _curve(dark: float, light: float, black: float, white: float) -> LevelCurve:
    # Rounded first, so that what is written down is what was done.
    inner = [(round(dark, 2), round(black, 2)), (round(light, 2), round(white, 2))]
    return LevelCurve(points=((0.0, 0.0), *inner, (100.0, 100.0)))


def reduced(pixels: Samples) -> Plane:
    """Return L* of a few hundred thousand pixels, evenly taken."""
    step = max(1, round((pixels.shape[0] * pixels.shape[1] / _SAMPLES) ** 0.5))
    return lightness_of(np.ascontiguousarray(pixels[::step, ::step]))


def applied(curve: LevelCurve, pixels: Samples) -> Samples:
    """Return samples of the same type whose lightness went through the curve; colours keep their hue."""
    scale = int(np.iinfo(pixels.dtype).max)
    table = luminance_after(curve, scale)
    if pixels.ndim == 2:
        return np.rint(encoded(table) * scale).astype(pixels.dtype)[pixels]
    result = np.empty_like(pixels)
    for start in range(0, len(pixels), _STRIP):
        result[start : start + _STRIP] = _colored(pixels[start : start + _STRIP], curve, scale)
    return result


def luminance_after(curve: LevelCurve, scale: int) -> NDArray[np.float64]:
    """Return for each encoded grey 0..`scale` its luminance after the curve."""
    greys = linear(np.arange(scale + 1) / scale)
    return np.asarray(luminance_of_lightness(_on(curve, np.asarray(lightness_of_luminance(greys)))))


def _colored(strip: Samples, curve: LevelCurve, scale: int) -> Samples:
    lightness = lightness_of(strip)
    before, after = (
        luminance_of_lightness(values).astype(np.float32) for values in (lightness, _on(curve, lightness))
    )
    light = np.moveaxis(np.asarray(linear(strip / scale), np.float32), -1, 0)
    light = within(np.asarray(light * (after / np.maximum(before, 1e-6)), np.float32), after)
    return np.moveaxis(np.rint(encoded(light) * scale), 0, -1).astype(strip.dtype)


def _on(curve: LevelCurve, lightness: NDArray[Any]) -> NDArray[np.float64]:
    before, after = np.asarray(curve.points).T
    return np.asarray(np.interp(lightness, before, after))
