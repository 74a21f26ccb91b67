"""The RGB space in which a JPEG's luma and chroma are meant, as its ICC profile tells it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photochrom.color import encoded, lightness_of_luminance, linear

from ..metadata import icc

Floats = NDArray[np.float32]
Rows = tuple[tuple[float, ...], ...]

_IDENTITY: Rows = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# Beyond 0..1 a curve goes on straight, as steep as sRGB's foot: out of gamut must stay out of gamut.
_FOOT = 12.92


@dataclass(frozen=True)
class RgbSpace:
    """Three primaries and one tone curve; the default is sRGB."""

    from_srgb: Rows = _IDENTITY
    """Linear light of this space from linear sRGB."""
    curve: tuple[float, ...] = ()
    """Linear light at equidistant encoded values 0..1; empty for sRGB's own curve."""

    def encode(self, srgb_light: Floats) -> Floats:
        """Return encoded values (..., 3), not limited to 0..1, of linear sRGB (..., 3)."""
        if self.from_srgb is not _IDENTITY:
            srgb_light = srgb_light @ np.asarray(self.from_srgb, np.float32).T
        if not self.curve:
            return np.asarray(encoded(srgb_light), np.float32)
        inside = np.interp(srgb_light, self.curve, np.linspace(0, 1, len(self.curve)))
        beyond = np.minimum(srgb_light, 0) * _FOOT + np.maximum(srgb_light - 1, 0)
        return np.asarray(inside + beyond, np.float32)

    def lightness_of_grey(self, values: Floats) -> Floats:
        """Return L* of encoded greys 0..1."""
        return np.asarray(lightness_of_luminance(self.decode(values)), np.float32)

    def decode(self, values: Floats) -> NDArray[np.floating[Any]]:
        """Return linear light of encoded values 0..1."""
        if not self.curve:
            return linear(values)
        return np.interp(values, np.linspace(0, 1, len(self.curve)), self.curve)


SRGB = RgbSpace()


def space_of(profile: bytes | None) -> RgbSpace | None:
    """Return the space of a grey or matrix RGB profile, sRGB where there is none; None for profiles of other kinds."""
    if profile is None:
        return SRGB
    if icc.color_space(profile) == "GRAY":
        curve = icc.tone_curve(profile, b"kTRC")
        return None if curve is None else RgbSpace(curve=_increasing(curve))
    if icc.is_srgb(profile):
        return SRGB
    primaries, curve = icc.primaries(profile), icc.tone_curve(profile, b"rTRC")
    if primaries is None or curve is None or not icc.is_usable(profile):
        return None
    matrix = np.linalg.inv(primaries) @ icc.SRGB_PRIMARIES
    return RgbSpace(tuple(tuple(map(float, row)) for row in matrix), _increasing(curve))


def _increasing(curve: NDArray[np.float64]) -> tuple[float, ...]:
    # A flat piece has no inverse; a slope that no 8-bit value can tell gives it one.
    steps = np.maximum.accumulate(curve) + np.arange(len(curve)) * 1e-9
    return tuple(map(float, steps))
