"""The linear light of a colour that is as light as the scan: for the eye, or for a film."""

import cv2
import numpy as np
from numpy.typing import NDArray

from photochrom.color import RELATIVE_XYZ_TO_RGB
from photochrom.photo.film import Weights

from . import gamut
from .film_light import seen_by_eye
from .light import STEPS, Light, tristimulus

Plane = NDArray[np.float32]

_MATRIX = RELATIVE_XYZ_TO_RGB.astype(np.float32)
_OF_A, _OF_B = 116 / 500, -116 / 200
# What rounds to a step that there is.
_RANGE = (-0.5,) * 4, (STEPS + 0.5,) * 4
_LEAST = np.float32(1e-9)
_PIXEL = np.dtype((np.void, 12))
"""Three floats: numpy copies one value many times as fast as three."""


def colored(seen: Light, ab: Plane) -> Plane:
    """Return linear sRGB (n, W, 3), 0..65535, of the luminance that was seen and ab (2, n, W), fitted into sRGB."""
    light = _light(seen.lightness, seen.luminance, ab)
    outside = np.flatnonzero(cv2.inRange(light, *_RANGE) == 0)
    if len(outside):
        light.view(_PIXEL).put(outside, _fitted(seen, ab, outside).view(_PIXEL))
    return light


def relit(seen: Light, ab: Plane, film: Weights) -> Plane:
    """Return linear sRGB (n, W, 3), 0..65535, with the given ab, whose exposure of the film is the luminance seen."""
    aim = seen_by_eye(seen.lightness, ab, film)
    light = _planes(_light(aim, tristimulus(aim, aim, 0), gamut.fit(aim, ab)))
    # The weights sum to 1: as much of all three makes up for what the table's steps left.
    light += seen.luminance - np.tensordot(np.asarray(film, np.float32), light, 1)
    grey = ~ab.any(axis=0)
    light[:, grey] = seen.luminance[grey]
    return _joined(within(light, seen.luminance, STEPS))


def within(light: Plane, luminance: Plane, white: float = 1) -> Plane:
    """Move colours (3, ...) that lie outside 0..`white` straight towards their grey, at the same luminance (...).

    Of a film's exposure the same is true: any weights that sum to 1 see the same all along the way.
    """
    colour = light - luminance
    above, below = colour.max(axis=0), colour.min(axis=0)
    np.divide(np.float32(white) - luminance, np.maximum(above, _LEAST, out=above), out=above)
    np.divide(-luminance, np.minimum(below, -_LEAST, out=below), out=below)
    share = np.minimum(above, below, out=above)
    colour *= np.minimum(share, np.float32(1), out=share)
    colour += luminance
    return np.asarray(colour, np.float32)


def _fitted(seen: Light, ab: Plane, places: NDArray[np.intp]) -> Plane:
    """The light (count, 3) of the pixels at these places, with as much chroma of their hue as fits."""
    lightness, luminance, a, b = (plane.take(places)[None] for plane in (seen.lightness, seen.luminance, *ab))
    share = gamut.share(lightness, a, b)
    a *= share
    b *= share
    light = np.ascontiguousarray(_light(lightness, luminance, (a, b))[0].T)
    return np.ascontiguousarray(within(light, luminance[0], STEPS).T)


def _light(lightness: Plane, luminance: Plane, ab: Plane | tuple[Plane, Plane]) -> Plane:
    """Linear sRGB (n, W, 3), 0..65535, not limited."""
    x, z = tristimulus(lightness, ab[0], _OF_A), tristimulus(lightness, ab[1], _OF_B)
    return np.asarray(cv2.transform(cv2.merge([x, luminance, z]), _MATRIX), np.float32)


def _planes(light: Plane) -> Plane:
    return np.stack(cv2.split(light))


def _joined(planes: Plane) -> Plane:
    return np.asarray(cv2.merge(list(planes)), np.float32)
