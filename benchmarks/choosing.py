"""What the choice between two models costs, beside the prediction: python -m benchmarks.choosing [RECOGNIZER].

Both in one process with one thread, in turns, as CPU seconds: a busy machine changes the ratio little.
"""

import os
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
from workers.pipeline.prediction.predict import lightness_of_pixels, predict_small

from .measuring.measure import ONE_THREAD
from .measuring.scenes import MODEL, PHOTOS, scene
from .measuring.table import markdown

_ROUNDS = 10
_MEGAPIXELS = 1.0
_OPTIONS = ColorizeOptions()


def main(recognizer: Path, rounds: int = _ROUNDS) -> None:
    """Measure each photograph and print the rows."""
    usual = OnnxPredictor(MODEL, threads=1, providers=[providers.CPU])
    networks = Networks(usual, usual, OnnxRecognizer(recognizer, threads=1))
    photos = sorted(PHOTOS.glob("*.jpg"))
    rows = [[photo.stem, *_row(scene(_MEGAPIXELS, photo), networks, rounds)] for photo in photos]
    print(markdown(["photograph", "prediction, s", "choice, s", "choice / prediction"], rows))


def _row(pixels: NDArray[np.uint8], networks: Networks[OnnxPredictor], rounds: int) -> list[str]:
    both = [_once(pixels, networks) for _ in range(rounds + 1)][1:]
    choice, prediction = (statistics.median(part) for part in zip(*both, strict=True))
    return [f"{prediction:.3f}", f"{choice:.4f}", f"{choice / prediction:.1%}"]


def _once(pixels: NDArray[np.uint8], networks: Networks[OnnxPredictor]) -> tuple[float, float]:
    size = pixels.shape[0], pixels.shape[1]
    look = remembered(lightness_of_pixels(pixels))
    # Both need the photograph's lightness at the network's size, which is worked out once for the two.
    look(predict_size(*size, networks.usual.card))
    choice = _cpu(lambda: networks.choose(_OPTIONS, look, size))
    prediction = _cpu(lambda: predict_small(look, size, 1, networks.usual, _OPTIONS, lambda: None))
    return choice, prediction


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    if not ONE_THREAD.items() <= os.environ.items():
        # As in a worker's child: threads of OpenBLAS would count their waiting for each other.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "benchmarks.choosing", *sys.argv[1:]],
            os.environ | ONE_THREAD,
        )
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL.with_name("recognizer.onnx"))
