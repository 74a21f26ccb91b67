"""Full-size colour for pixels: L* of every pixel is kept, chroma is reduced at the limits of sRGB.

Everything runs on strips of rows, with tables for powers and roots; grey stays grey to the bit.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color import (
    RELATIVE_XYZ_TO_RGB,
    RGB_TO_XYZ,
    encoded,
    lightness_of_luminance,
    linear,
)
from photochrom.photo.film import Weights

from ..photo import Samples
from . import gamut
from .film_light import seen_by_eye
from .upsample import RowSource

Plane = NDArray[np.float32]

_LEVELS = 65536
_LIGHT = np.arange(_LEVELS) / (_LEVELS - 1)
_LIGHTNESS = np.asarray(lightness_of_luminance(_LIGHT), np.float32)
_ENCODED = np.asarray(encoded(_LIGHT), np.float32)
_LINEAR = {
    255: np.asarray(linear(np.arange(256) / 255), np.float32),
    65535: np.asarray(linear(_LIGHT), np.float32),
}
_GREY_LIGHTNESS = {
    scale: np.asarray(lightness_of_luminance(linear(np.arange(scale + 1) / scale)), np.float32)
    for scale in (255, 65535)
}
_MATRIX = RELATIVE_XYZ_TO_RGB.astype(np.float32)
_F_LINEAR = 6 / 29  # below it, CIELAB's cube root is a straight line
_STRIP = 64
_ZERO = np.zeros(1)  # adding it converts: rounded, saturated, in one go


def lightness_of(pixels: Samples) -> Plane:
    """Return L* (n, W) of grey (n, W) or sRGB (n, W, 3) samples, uint8 or uint16."""
    scale = int(np.iinfo(pixels.dtype).max)
    if pixels.ndim == 2:
        return _look_up(pixels, _GREY_LIGHTNESS[scale])
    return _look_up(_steps(_luminance(pixels, scale)), _LIGHTNESS)


def reduced_lightness(pixels: Samples, size: tuple[int, int]) -> Plane:
    """Return L* of a photo averaged down to at least `size` (height, width), never larger than the photo.

    Averages lightness, as the network's training did, in strips: the full-size plane never exists.
    """
    height, width = pixels.shape[:2]
    factor = max(1, min(height // size[0], width // size[1]))
    strips = [lightness_of(pixels[start : start + factor * 32]) for start in range(0, height, factor * 32)]
    # Whole blocks only: the remainder at the last edges is less than one small pixel.
    reduced = [_block_means(strip, factor) for strip in strips]
    return np.concatenate([strip for strip in reduced if len(strip)])


def colorize_pixels(
    pixels: Samples, colour: RowSource, film: Weights | None = None, *, in_place: bool = False
) -> Samples:
    """Return sRGB (H, W, 3) of the same type, with the L* of `pixels` and the ab of `colour`, fitted into sRGB.

    With the weights of a film, not the result's own L* is that of `pixels`, but the one that this film sees.
    `in_place` allows overwriting RGB pixels with the result: a large photo then needs no second copy.
    """
    overwrite = in_place and pixels.ndim == 3 and pixels.flags.writeable
    result = pixels if overwrite else np.empty((*pixels.shape[:2], 3), pixels.dtype)
    for start in range(0, len(pixels), _STRIP):
        strip = pixels[start : start + _STRIP]
        lightness = lightness_of(strip)
        result[start : start + _STRIP] = _colorize_strip(
            strip, lightness, colour.rows(start, lightness), film
        )
    return result


def on_film(pixels: Samples, film: Weights) -> Samples:
    """Return what a film makes of sRGB (H, W, 3), with equal channels: the scan of a result in the eye's light."""
    scale = int(np.iinfo(pixels.dtype).max)
    result, depth = np.empty_like(pixels), cv2.CV_8U if scale == 255 else cv2.CV_16U
    for start in range(0, len(pixels), _STRIP):
        light = _look_up(pixels[start : start + _STRIP], _LINEAR[scale])
        exposure = np.asarray(cv2.transform(light, np.asarray([film], np.float32)), np.float32)
        grey = cv2.add(_look_up(_steps(exposure), _ENCODED) * scale, _ZERO, dtype=depth)
        result[start : start + _STRIP] = np.asarray(grey)[..., None]
    return result


def _colorize_strip(strip: Samples, lightness: Plane, ab: Plane, film: Weights | None) -> Samples:
    scale = int(np.iinfo(strip.dtype).max)
    luminance = _look_up(strip, _LINEAR[scale]) if strip.ndim == 2 else _luminance(strip, scale)
    if film is None:
        light = within(_linear_rgb(lightness, luminance, gamut.fit(lightness, ab)), luminance)
    else:
        light = _relit(lightness, luminance, ab, film)
    # The difference that colour makes to the encoded grey: without colour, the table's rounding cancels out.
    grey_step = _look_up(_steps(luminance), _ENCODED)
    grey = strip.astype(np.float32) if strip.ndim == 2 else np.rint(grey_step * scale)
    depth = cv2.CV_8U if scale == 255 else cv2.CV_16U
    channels = [
        cv2.add(grey, (_look_up(_steps(c), _ENCODED) - grey_step) * scale, dtype=depth) for c in light
    ]
    return np.asarray(cv2.merge(channels))


def _linear_rgb(lightness: Plane, luminance: Plane, ab: Plane) -> Plane:
    """Linear sRGB (3, n, W), not limited. X and Z enter as differences from Y, so that no ab means R = G = B."""
    fy = (lightness + 16) * np.float32(1 / 116)
    x = _expanded(fy + ab[0] * np.float32(1 / 500)) - luminance
    z = _expanded(fy - ab[1] * np.float32(1 / 200)) - luminance
    x[ab[0] == 0] = 0
    z[ab[1] == 0] = 0
    return np.stack([luminance + row[0] * x + row[2] * z for row in _MATRIX])


def _relit(lightness: Plane, exposure: Plane, ab: Plane, film: Weights) -> Plane:
    """Linear sRGB (3, n, W) with the given ab, whose exposure of the film is the given one, to float's last digits."""
    aim = seen_by_eye(lightness, ab, film)
    light = _linear_rgb(aim, _expanded((aim + 16) * np.float32(1 / 116)), gamut.fit(aim, ab))
    # The weights sum to 1: as much of all three makes up for what the table's steps left.
    light += exposure - np.tensordot(np.asarray(film, np.float32), light, 1)
    light[:, ~ab.any(axis=0)] = exposure[~ab.any(axis=0)]
    return within(light, exposure)


def within(light: Plane, luminance: Plane) -> Plane:
    """Move colours that the gamut table left outside 0..1 straight towards their grey, at the same luminance.

    Of a film's exposure the same is true: any weights that sum to 1 see the same all along the way.
    """
    outside = (light.min(axis=0) < 0) | (light.max(axis=0) > 1)
    colour, grey = light[:, outside] - luminance[outside], luminance[outside]
    room = np.where(colour > 0, 1 - grey, grey)
    share = (room / np.maximum(np.abs(colour), np.float32(1e-9))).min(axis=0, initial=1)
    light[:, outside] = grey + colour * np.minimum(share, 1)
    return light


def _expanded(f: Plane) -> Plane:
    cube = f * f * f
    foot = f < _F_LINEAR
    cube[foot] = (f[foot] * 116 - 16) * np.float32(27 / 24389)
    return cube


def _luminance(pixels: Samples, scale: int) -> Plane:
    light = cv2.transform(_look_up(pixels, _LINEAR[scale]), RGB_TO_XYZ[1:2].astype(np.float32))
    return np.asarray(light, np.float32)


def _steps(light: Plane) -> NDArray[np.uint16]:
    """Linear light 0..1 as one of 65536 steps; beyond it, the first and the last."""
    return np.asarray(cv2.add(light * np.float32(_LEVELS - 1), _ZERO, dtype=cv2.CV_16U), np.uint16)


def _look_up(samples: Samples, table: Plane) -> Plane:
    return (
        table.take(samples)
        if samples.ndim == 3
        else np.asarray(cv2.LUT(np.ascontiguousarray(samples), table))
    )


def _block_means(plane: Plane, factor: int) -> Plane:
    rows, columns = plane.shape[0] // factor, plane.shape[1] // factor
    if not rows:
        return np.empty((0, columns), np.float32)
    whole = plane[: rows * factor, : columns * factor]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
