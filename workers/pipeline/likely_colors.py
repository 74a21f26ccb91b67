"""Find the colours that the network holds for likely at each place, when somebody is about to give it hints.

The graph answers with one colour a place, the annealed mean, and no distribution. But at a low temperature that mean
is the likeliest colour itself, and `vividness` weighs the colours anew: 0 and 1 name the likeliest of a sober and of a
bold painter, beyond 1 come rarer ones that the network still holds for possible there, and high temperatures give the
means. On the photographs of the tests that names 2 to 6 different colours at a spot. It needs no other graph, and its
seven predictions are made once for a job, and only for one that is asked about.
"""

import numpy as np

from photochrom.photo.options import ColorizeOptions
from photochrom.photo.suggestions import LikelyColors

from ..network.predictor import Predictor, predict_size
from .color.pixels import reduced_lightness
from .decode import decode
from .limits import PhotoLimits
from .prediction import reduce_lightness
from .structure import format_of

_ASKED = ((0.0, 0.05), (1.0, 0.05), (2.0, 0.05), (3.0, 0.2), (2.0, 1.0), (0.0, 1.0))
"""Vividness and temperature."""


def likely_colors(
    data: bytes, predictor: Predictor, options: ColorizeOptions, limits: PhotoLimits
) -> LikelyColors:
    """Ask the network several times about one photograph.

    Args:
        data: the original.
        predictor: the network.
        options: those of the result; its hints count for the present colour, not for what is likely.
        limits: checked before pixels are decoded.
    """
    pixels = decode(data, format_of(data, limits), limits).pixels
    height, width = predict_size(pixels.shape[0], pixels.shape[1], predictor.card)
    seen = reduce_lightness(reduced_lightness(pixels, (2 * height, 2 * width)), (height, width))
    present = predictor.predict(seen, options).ab * np.float32(options.strength)
    asked = [
        options.model_copy(update={"vividness": vividness, "temperature": temperature, "hints": ()})
        for vividness, temperature in _ASKED
    ]
    modes = np.stack([predictor.predict(seen, each).ab for each in asked])
    return LikelyColors(reduce_lightness(seen, present.shape[1:]), present, modes)
