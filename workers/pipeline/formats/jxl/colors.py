"""What the numbers of a JPEG XL mean (ISO/IEC 18181-1, E.2): by names and figures, told as an ICC profile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.jxl_bits import Bits

from ...metadata import icc

Point = tuple[float, float]
GREY = 1
HDR_CURVES = {16: "PQ", 18: "HLG"}
"""Transfer functions of pictures whose white is not the brightest (ITU-R BT.2100)."""
_XYB, _CUSTOM, _LINEAR, _SRGB = 2, 2, 8, 13
_UNKNOWN_CURVE = 2
_WHITES = {1: (0.3127, 0.3290), 10: (1 / 3, 1 / 3), 11: (0.314, 0.351)}
_PRIMARIES: dict[int, tuple[Point, ...]] = {
    1: ((0.639998686, 0.330010138), (0.300003784, 0.600003357), (0.150002046, 0.059997204)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_COORDINATE = ((19, 0), (19, 524_288), (20, 1_048_576), (21, 2_097_152))
# BT.709 and the cinema's, as powers near enough: what they are for is video.
_POWERS = {_LINEAR: 1.0, 1: 2.0, 17: 2.6}
# Numbers of ITU-T H.273 that JPEG XL does without: others for the same, and two powers.
_SAME_CURVES = dict.fromkeys((6, 14, 15), 1)
_GAMMAS = {4: 1 / 2.2, 5: 1 / 2.8}
_P3_IN_D65, _P3 = 12, 11
_GAMMA_SCALE, _LEAST_GAMMA = 10_000_000, 0.1


@dataclass(frozen=True)
class Encoding:
    """A colour encoding; the usual one is sRGB.

    Attributes:
        space: 0 is RGB, 1 grey.
        has_icc: whether a profile follows the header; then nothing else is said.
        white, primaries: x and y.
        curve: the number of a transfer function.
        gamma: light is the number to the power of 1 / gamma, in place of a curve.
    """

    space: int = 0
    has_icc: bool = False
    white: Point = _WHITES[1]
    primaries: tuple[Point, ...] = _PRIMARIES[1]
    curve: int = _SRGB
    gamma: float | None = None

    def profile(self) -> tuple[bytes | None, bool]:
        """Return an ICC profile, None for sRGB, and whether it says what the numbers mean."""
        if self.gamma is None and self.curve not in (*_POWERS, _SRGB):
            return None, self.curve == _UNKNOWN_CURVE
        exponent = _POWERS.get(self.curve) if self.gamma is None else 1 / max(self.gamma, _LEAST_GAMMA)
        usual = self.space == GREY or (self.white, self.primaries) == (_WHITES[1], _PRIMARIES[1])
        if usual:
            return (None if exponent is None else icc.power(exponent)), True
        matrix = _to_d50(self.white, self.primaries)
        return (None, False) if matrix is None else (icc.matrix(matrix, exponent), True)


def encoding_of(primaries: int, curve: int) -> Encoding | None:
    """Return the RGB encoding that numbers of ITU-T H.273 name; None for primaries that are not known."""
    points = _PRIMARIES.get(_P3 if primaries == _P3_IN_D65 else primaries)
    white = _WHITES[_P3 if primaries == _P3 else 1]
    if points is None:
        return None
    number = _SRGB if curve in _GAMMAS else _SAME_CURVES.get(curve, curve)
    return Encoding(white=white, primaries=points, curve=number, gamma=_GAMMAS.get(curve))


def read_encoding(bits: Bits) -> Encoding:
    """Read what the numbers of a picture mean."""
    if bits.flag():
        return Encoding()
    has_icc, space = bits.flag(), bits.enum()
    if has_icc or space == _XYB:
        return Encoding(space, has_icc)
    kind, primaries = bits.enum(), _PRIMARIES[1]
    white = _point(bits) if kind == _CUSTOM else _WHITES.get(kind, _WHITES[1])
    if space != GREY:
        kind = bits.enum()
        primaries = (
            tuple(_point(bits) for _ in range(3)) if kind == _CUSTOM else _PRIMARIES.get(kind, primaries)
        )
    gamma = bits.read(24) / _GAMMA_SCALE if bits.flag() else None
    curve = _SRGB if gamma is not None else bits.enum()
    bits.enum()  # rendering intent
    return Encoding(space, has_icc, white, primaries, curve, gamma)


def srgb_bits(space: int) -> tuple[int, int]:
    """Return the bits that say sRGB, of grey or RGB, the first in the lowest bit, and how many they are."""
    if space != GREY:
        return 1, 1
    word = size = 0
    # Not as usual, no profile; grey; D65; no gamma, and sRGB's curve; relative colours.
    for value, wide in ((0, 1), (0, 1), (1, 2), (1, 2), (0, 1), (2, 2), (_SRGB - 2, 4), (1, 2)):
        word |= value << size
        size += wide
    return word, size


def _point(bits: Bits) -> Point:
    x, y = (bits.number(*_COORDINATE) for _ in range(2))
    return _signed(x) * 1e-6, _signed(y) * 1e-6


def _signed(packed: int) -> int:
    return packed >> 1 if packed % 2 == 0 else -(packed + 1 >> 1)


def _to_d50(white: Point, primaries: tuple[Point, ...]) -> NDArray[np.float64] | None:
    """Return linear RGB to XYZ with the white adapted to D50 by Bradford; None for points that make no space."""
    if white[1] <= 0 or any(y == 0 for _, y in primaries):
        return None
    light, columns = _xyz(white), np.array([_xyz(point) for point in primaries]).T
    if abs(np.linalg.det(columns)) < 1e-6:
        return None
    matrix = columns * np.linalg.solve(columns, light)
    cone = _BRADFORD @ light
    if (np.abs(cone) < 1e-6).any():
        return None
    adapt = np.linalg.solve(_BRADFORD, np.diag(_BRADFORD @ np.array(icc.D50) / cone) @ _BRADFORD)
    return np.asarray(adapt @ matrix)


def _xyz(point: Point) -> NDArray[np.float64]:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
