"""Samples as light and back, by tables over the 256 or 65,536 levels of a sample, or 65,536 steps of linear light."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color import RGB_TO_XYZ, encoded, lightness_of_luminance, linear, luminance_of_lightness

from ..photo import Samples

Plane = NDArray[np.float32]
Steps = NDArray[np.uint16]
Differences = NDArray[np.int16]

STEPS = 65535
_LIGHT = np.arange(STEPS + 1) / STEPS
_ENCODED = np.asarray(encoded(_LIGHT), np.float32)
_LUMINANCE = RGB_TO_XYZ[1:2].astype(np.float32)
LINEAR = {
    255: np.asarray(linear(np.arange(256) / 255), np.float32),
    65535: np.asarray(linear(_LIGHT), np.float32),
}
# X, Y and Z by a lightness of their own, L* + 116 / 500 a* and L* - 116 / 200 b*: up to what is far out of any gamut.
_MOST_LIGHTNESS = 140.0
_PER_LIGHTNESS = STEPS / _MOST_LIGHTNESS
_QUARTER = 0.25
# Signed numbers of 16 bits hold samples less this: their sum is then limited to what samples can be.
_MIDDLE = 1 << 15


@dataclass(frozen=True)
class Light:
    """The light of a strip (n, W).

    Attributes:
        lightness: L*, 0..100.
        luminance: 0..65535, of that lightness as `tristimulus` has it.
        rounding: what the encoding of that luminance lacks of the grey sample; None where that is nothing, in 8 bits.
    """

    lightness: Plane
    luminance: Plane
    rounding: Differences | None


def light_of(strip: Samples) -> Light:
    """Return the light of grey (n, W) or sRGB (n, W, 3) samples, uint8 or uint16."""
    scale = int(np.iinfo(strip.dtype).max)
    levels = strip if strip.ndim == 2 else _luminance_steps(strip, scale)
    tables = _tables(scale, grey=strip.ndim == 2)
    rounding = None if tables.rounding is None else np.asarray(_entries(levels, tables.rounding), np.int16)
    return Light(look_up(levels, tables.lightness), look_up(levels, tables.luminance), rounding)


def lightness_of(pixels: Samples) -> Plane:
    """Return L* (n, W) of grey (n, W) or sRGB (n, W, 3) samples, uint8 or uint16."""
    scale = int(np.iinfo(pixels.dtype).max)
    levels = pixels if pixels.ndim == 2 else _luminance_steps(pixels, scale)
    return look_up(levels, _tables(scale, grey=pixels.ndim == 2).lightness)


def tristimulus(lightness: Plane, chroma: Plane, share: float) -> Plane:
    """Return X or Z, 0..65535 for white, to an eighth: the luminance of the lightness L* + `share` times a* or b*."""
    places = cv2.addWeighted(lightness, _PER_LIGHTNESS, chroma, _PER_LIGHTNESS * share, 0, dtype=cv2.CV_16U)
    return look_up(np.asarray(places, np.uint16), _luminances())


def steps_of(light: Plane) -> Steps:
    """Round light 0..65535 to whole steps; beyond them, the first and the last."""
    return np.asarray(cv2.addWeighted(light, 1, light, 0, 0, dtype=cv2.CV_16U), np.uint16)


def encode(light: Plane, seen: Light, out: Samples) -> None:
    """Write the samples (n, W, 3) of linear light (n, W, 3), 0..65535, on what was seen as `seen`."""
    steps = steps_of(light)
    if seen.rounding is None:
        out[...] = encoded_steps(steps, 255)
        return
    # The difference that colour makes to the encoded grey: without colour, the tables' rounding cancels out.
    samples = np.asarray(_entries(steps, _signed_samples()), np.int16)
    rounding = cv2.cvtColor(seen.rounding.view(np.uint16), cv2.COLOR_GRAY2RGB).view(np.int16)
    cv2.add(samples, rounding, dst=samples)
    np.bitwise_xor(samples.view(np.uint16), np.uint16(_MIDDLE), out=out)


def encoded_steps(steps: Steps, scale: int) -> Samples:
    """Return the samples of steps of linear light."""
    return np.asarray(cv2.LUT(steps, _samples(scale)))


def look_up(samples: Samples, table: Plane) -> Plane:
    """Return the table's entry of each sample."""
    return np.asarray(_entries(samples, table), np.float32)


def _entries(samples: Samples, table: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.LUT(np.ascontiguousarray(samples), table))


@dataclass(frozen=True)
class _Tables:
    """Over the level of a grey sample, or the step of a coloured one's luminance; as `Light` has them."""

    lightness: Plane
    luminance: Plane
    rounding: Differences | None


@cache
def _tables(scale: int, *, grey: bool) -> _Tables:
    light = linear(np.arange(scale + 1) / scale) if grey else _LIGHT
    lightness = np.asarray(lightness_of_luminance(light), np.float32)
    luminance = tristimulus(lightness, np.zeros_like(lightness), 0).ravel()
    if scale == 255:
        return _Tables(lightness, luminance, None)
    greys = np.arange(scale + 1) if grey else _samples(scale).astype(np.int64)
    rounding = greys - _samples(scale)[steps_of(luminance).ravel()]
    return _Tables(lightness, luminance, rounding.astype(np.int16))


@cache
def _luminances() -> Plane:
    """The luminance of each place of `tristimulus`, never near half a step.

    Its product with a row that sums to 1, in float's few digits, then rounds to the same step as itself: grey.
    """
    light = luminance_of_lightness(np.arange(STEPS + 1) / _PER_LIGHTNESS) * STEPS
    return np.asarray((np.floor(light / _QUARTER) + 0.5) * _QUARTER, np.float32)


@cache
def _samples(scale: int) -> Samples:
    return np.asarray(np.rint(_ENCODED * np.float32(scale)).astype(np.uint8 if scale == 255 else np.uint16))


@cache
def _signed_samples() -> Differences:
    return np.asarray(_samples(65535) ^ np.uint16(_MIDDLE)).view(np.int16)


def _luminance_steps(pixels: Samples, scale: int) -> Steps:
    luminance = cv2.transform(look_up(pixels, LINEAR[scale]), _LUMINANCE * np.float32(STEPS))
    return steps_of(np.asarray(luminance, np.float32))
