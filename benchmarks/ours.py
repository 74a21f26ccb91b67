"""This pipeline on one file: python -m benchmarks.ours FILE MODEL."""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.options import ColorizeOptions
from workers.network.predictor import OnnxPredictor, Prediction
from workers.pipeline.color import chroma_table, gamut
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


def main(source: Path, model: Path) -> None:
    """Colorize once and print the cost; tables that a worker makes once are made before."""
    predictor = OnnxPredictor(model, threads=1)
    chroma_table._table(SRGB)
    gamut._reach()
    data = source.read_bytes()
    clock = Clock()
    result = colorize(data, Watched(predictor, clock), ColorizeOptions(quality=90), on_stage=clock.stage)
    clock.report(data, result.data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
