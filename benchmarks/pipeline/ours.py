"""This pipeline on one file: python -m benchmarks.pipeline.ours FILE MODEL [FILM]; with a film, in the eye's light.

A small photograph of the same format goes first: what a worker loads with its first photograph is no cost of each.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from photochrom.photo.film import SENSITIVITIES, Film, Light
from photochrom.photo.options import ColorizeOptions
from workers.child.load import trim
from workers.network.networks import Networks
from workers.network.predictor import OnnxPredictor, Prediction
from workers.network.recognizer import OnnxRecognizer
from workers.pipeline.color import chroma_table, film_light, gamut, luma_table
from workers.pipeline.color.space import SRGB
from workers.pipeline.colorizer import colorize

from ..measuring.measure import Clock, result_of
from ..measuring.scenes import KINDS, as_file


class Watched:
    """A predictor whose time is counted separately."""

    def __init__(self, predictor: OnnxPredictor, clock: Clock) -> None:
        self.card, self.provider = predictor.card, predictor.provider
        self._predictor, self._clock = predictor, clock

    def predict(self, lightness: NDArray[np.float32], options: ColorizeOptions) -> Prediction:
        """Predict."""
        self._clock.stage("network")
        prediction = self._predictor.predict(lightness, options)
        self._clock.stage("predict")
        return prediction


def main(source: Path, model: Path, film: Film | None = None) -> None:
    """Colorize once, print the cost and keep the result; tables that a worker makes once are made before."""
    clock = Clock()
    networks = _networks(model, clock)
    weights = SENSITIVITIES[film].weights if film else None
    chroma_table._table(SRGB, weights)
    gamut._reach()
    if weights:
        film_light._table(weights)
        luma_table._table(SRGB, weights)
    data = source.read_bytes()
    light = Light.PANCHROMATIC if film else Light.AS_SCANNED
    options = ColorizeOptions(quality=90, light=light, film=film or Film.AUTO)
    colorize(_small(source), networks, options)
    clock.restart()
    result = colorize(data, networks, options, on_stage=clock.stage)
    clock.report(data, result.data)
    result_of(source).write_bytes(result.data)  # the floor encodes its pixels


def _small(source: Path) -> bytes:
    """Return a small photograph of the same format, depth and packing: each has tables and a codec of its own."""
    with Image.open(source) as image:
        kind = next(kind for kind in KINDS if kind.startswith(str(image.format)))
    return as_file(np.full((64, 96), 90, np.uint8), kind)


def _networks(model: Path, clock: Clock) -> Networks[Watched]:
    """Load what a worker holds: the model, and that for old film with its recognizer where they lie beside it."""
    usual = Watched(OnnxPredictor(model, threads=1), clock)
    film, recognizer = (model.with_name(f"{name}.onnx") for name in ("film", "recognizer"))
    if not (film.exists() and recognizer.exists()):
        return Networks(usual)
    other = Watched(OnnxPredictor(film, threads=1, keeps_memory=False), clock)
    networks = Networks(usual, other, OnnxRecognizer(recognizer, threads=1))
    trim()
    return networks


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(Film, sys.argv[3:4]))
