"""What the choice between two models costs, beside the prediction: python -m benchmarks.choosing [RECOGNIZER].

Both in one process with one thread, in turns, as CPU seconds: a busy machine changes the ratio little.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photochrom.photo.options import ColorizeOptions
from photochrom.seeing.sizes import predict_size
from workers.network import providers
from workers.network.networks import Networks, remembered
from workers.network.predictor import OnnxPredictor
from workers.network.recognizer import OnnxRecognizer
from workers.pipeline.prediction import lightness_of_pixels, predict_small

from .scenes import MODEL, PHOTOS, scene
from .table import markdown

_ROUNDS = 6
_MEGAPIXELS = 1.0
_OPTIONS = ColorizeOptions()


def main(recognizer: Path, rounds: int = _ROUNDS) -> None:
    """Measure each photograph and print the rows."""
    usual = OnnxPredictor(MODEL, threads=1, providers=[providers.CPU])
    networks = Networks(usual, usual, OnnxRecognizer(recognizer, threads=1))
    rows = []
    for photo in sorted(PHOTOS.glob("*.jpg")):
        rows.append([photo.stem, *_row(scene(_MEGAPIXELS, photo), networks, rounds)])
    print(markdown(["photograph", "prediction, s", "choice, s", "choice / prediction"], rows))


def _row(pixels: NDArray[np.uint8], networks: Networks[OnnxPredictor], rounds: int) -> list[str]:
    size = pixels.shape[0], pixels.shape[1]
    chosen, predicted = [], []
    for _ in range(rounds + 1):
        # Both begin with the photograph's lightness at the network's size; the choice leaves it to the prediction.
        look = remembered(lightness_of_pixels(pixels))
        look(predict_size(*size, networks.usual.card))
        chosen.append(_cpu(lambda: networks.choose(_OPTIONS, look, size)))
        predicted.append(_cpu(lambda: predict_small(look, size, 1, networks.usual, _OPTIONS, lambda: None)))
    choice, prediction = (statistics.median(part[1:]) for part in (chosen, predicted))
    return [f"{prediction:.3f}", f"{choice:.4f}", f"{choice / prediction:.1%}"]


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL.with_name("recognizer.onnx"))
