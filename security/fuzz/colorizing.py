"""The whole pipeline for one photograph, from hostile bytes to a readable file, with colours from a formula."""

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import PhotoRejected
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.film import Film, Light
from photochrom.photo.options import ColorizeOptions, OutputFormat
from photochrom.photo.sniff import HEAD_BYTES, sniff
from workers.network.predictor import Prediction
from workers.pipeline.colorizer import colorize

from . import pictures
from .decoding import LIMITS

# The first byte chooses the output format, and with its highest bit the light; the rest is the file.
_TARGETS = tuple(OutputFormat)
_RELIT = 128
_PREVIEW_SIDE = 64


class _OneColor:
    """A predictor that answers at once."""

    card = ModelCard(
        name="one-color",
        version="1",
        summary="fuzzing",
        bins=((0, 0), (10, 10)),
        side_min=32,
        side_max=128,
        predict_side=64,
        precision="fp32",
        training="none",
        training_data=(),
        license="CC0-1.0",
        weights_sha256="0" * 64,
    )
    provider = "formula"

    def predict(self, lightness: NDArray[np.float32], options: ColorizeOptions) -> Prediction:
        """Return a warm brown everywhere."""
        assert options.strength
        assert np.isfinite(lightness).all()
        height, width = (side // self.card.stride for side in lightness.shape)
        return Prediction(np.full((2, height, width), 20, np.float32), np.ones((height, width), np.float32))


_PREDICTOR = _OneColor()


def seeds() -> list[bytes]:
    """Return a picture of every kind, to be kept in its format or converted to another."""
    found = pictures.every_kind()
    plain = [bytes([choice % len(_TARGETS)]) + data for choice, data in enumerate(found)]
    return plain + [bytes([seed[0] | _RELIT]) + seed[1:] for seed in plain]


def check(data: bytes) -> None:
    """Expect a result of the same size in the requested format, or a refusal."""
    options = ColorizeOptions(format=_TARGETS[data[0] % len(_TARGETS)] if data else OutputFormat.SAME)
    if data and data[0] & _RELIT:
        options = options.model_copy(update={"light": Light.PANCHROMATIC, "film": Film.BLUE})
    try:
        result = colorize(data[1:], _PREDICTOR, options, limits=LIMITS, preview_side=_PREVIEW_SIDE)
    except PhotoRejected as refusal:
        assert str(refusal).endswith(".")
        return
    assert result.width * result.height <= LIMITS.max_pixels
    assert sniff(result.data[:HEAD_BYTES]).media_type == result.media_type
