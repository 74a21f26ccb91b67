"""One colour written as `#rrggbb`, without numpy, which the client and the command line's help do not have."""

import math
import re

# IEC 61966-2-1, with enough digits that the rows add up to the white point in float64.
RGB_TO_XYZ_ROWS = (
    (0.4123907992659595, 0.3575843393838780, 0.1804807884018343),
    (0.2126390058715104, 0.7151686787677559, 0.0721923153607337),
    (0.0193308187155918, 0.1191947797946259, 0.9505321522496608),
)
EPSILON, KAPPA = 216 / 24389, 24389 / 27
"""Where CIELAB's curve becomes a straight line, and that line's slope."""
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def ab_of_hex(text: object) -> tuple[float, float]:
    """Return a*, b* of an sRGB colour like `#a04030`, as `color.lab` does for arrays.

    Raises:
        ValueError: it is not such a text.
    """
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise ValueError("color must be a text like #a04030")
    light = [_linear(int(text[at : at + 2], 16) / 255) for at in (1, 3, 5)]
    fx, fy, fz = (
        _compressed(sum(share * part for share, part in zip(row, light, strict=True)) / sum(row))
        for row in RGB_TO_XYZ_ROWS
    )
    # A grey gives exactly 0, and never -0.
    return round(500 * (fx - fy), 9) + 0.0, round(200 * (fy - fz), 9) + 0.0


def _linear(encoded: float) -> float:
    return encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4


def _compressed(ratio: float) -> float:
    return math.cbrt(ratio) if ratio > EPSILON else (KAPPA * ratio + 16) / 116
