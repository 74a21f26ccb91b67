"""This pipeline on one file: python -m benchmarks.ours FILE MODEL [FILM]; with a film, in the eye's light."""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.film import SENSITIVITIES, Film, Light
from photochrom.photo.options import ColorizeOptions
from workers.network.predictor import OnnxPredictor, Prediction
from workers.pipeline.color import chroma_table, film_light, gamut, luma_table
from workers.pipeline.color.space import SRGB
from workers.pipeline.colorizer import colorize

from .measure import Clock


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
    """Colorize once and print the cost; tables that a worker makes once are made before."""
    predictor = OnnxPredictor(model, threads=1)
    weights = SENSITIVITIES[film].weights if film else None
    chroma_table._table(SRGB, weights)
    gamut._reach()
    if weights:
        film_light._table(weights)
        luma_table._table(SRGB, weights)
    data = source.read_bytes()
    clock = Clock()
    light = Light.PANCHROMATIC if film else Light.AS_SCANNED
    options = ColorizeOptions(quality=90, light=light, film=film or Film.AUTO)
    result = colorize(data, Watched(predictor, clock), options, on_stage=clock.stage)
    clock.report(data, result.data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(Film, sys.argv[3:4]))
