"""Find the colours that the network holds for likely at each place, when somebody is about to give it hints.

The graph answers with one colour a place, the annealed mean, and no distribution. But at a low temperature that mean
is the likeliest colour itself, and `vividness` weighs the colours anew: 0 and 1 name the likeliest of a sober and of a
bold painter, beyond 1 come rarer ones that the network still holds for possible there, and high temperatures give the
means. On the photographs of the tests that names 2 to 6 different colours at a spot. It needs no other graph, and its
seven predictions of each view are made once for a job, and only for one that is asked about.
"""

from typing import Any

import numpy as np

from photochrom.photo.hints import Hint
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.suggestions import LikelyColors
from photochrom.seeing.see import see

from ...network.networks import Networks, networks_of, remembered
from ...network.predictor import Predictor
from ..decode import decode
from ..limits import PhotoLimits
from ..structure import format_of
from .predict import Plane, lightness_of_pixels, reduce_lightness
from .preparation import prepared
from .vividness import settle_vividness

_ASKED = ((0.0, 0.05), (1.0, 0.05), (2.0, 0.05), (3.0, 0.2), (2.0, 1.0), (0.0, 1.0))
"""Vividness and temperature."""


def likely_colors(
    data: bytes, given: Predictor | Networks[Any], options: ColorizeOptions, limits: PhotoLimits
) -> LikelyColors:
    """Ask the network several times about one photograph.

    Args:
        data: the original.
        given: the network, or two of which one is chosen, as for the result.
        options: those of the result; its hints count for the present colour, not for what is likely.
        limits: checked before pixels are decoded.
    """
    networks = networks_of(given)
    photo = decode(data, format_of(data, limits), limits)
    pixels = prepared(options, networks, lambda: photo).of_photo(photo).pixels
    size = pixels.shape[0], pixels.shape[1]
    lightness_at = remembered(lightness_of_pixels(pixels))
    predictor = networks.choose(options, lightness_at, size)
    pale = networks.pale(predictor)
    options, _ = settle_vividness(lightness_at, size, 1, predictor, options, pale, lambda: None)
    asked = [options.model_copy(update={"vividness": v, "temperature": t}) for v, t in _ASKED]

    def predict(lightness: Plane, hints: tuple[Hint, ...]) -> Plane:
        ways = [options.model_copy(update={"hints": hints})]
        ways += [way.model_copy(update={"hints": ()}) for way in asked]
        return np.concatenate([predictor.predict(lightness, way).ab for way in ways])

    seen = see(lightness_at, size, predictor.card, predict, options.hints)
    present, modes = seen.planes[:2] * np.float32(options.strength), seen.planes[2:]
    guide = reduce_lightness(seen.lightness, seen.shown.shape)
    return LikelyColors(guide, present, modes.reshape(len(_ASKED), 2, *guide.shape))
