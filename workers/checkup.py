"""Load the model as a worker would, predict once, and print what was found as one JSON object.

`photochrom doctor` reads it: the command line itself never imports the runtime.
"""

import json
import statistics
import time
from importlib import metadata
from typing import Any

import numpy as np

from photochrom.errors import PhotochromError
from photochrom.photo.options import ColorizeOptions

from .network.predictor import OnnxPredictor
from .settings import WorkerSettings

_RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
_RUNS = 3


def installed_runtimes() -> dict[str, str]:
    """Return the versions of the ONNX Runtime packages; two of them overwrite each other's files."""
    found = {}
    for name in _RUNTIMES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def check() -> dict[str, Any]:
    """Return runtimes, and either the model, provider and seconds for one prediction, or the error."""
    report: dict[str, Any] = {"runtimes": installed_runtimes()}
    settings = WorkerSettings()
    try:
        predictor = OnnxPredictor(
            settings.model_path, threads=settings.threads, gpu_memory_mb=settings.gpu_memory_mb
        )
    except (PhotochromError, ImportError) as error:
        return {**report, "error": str(error)}
    card = predictor.card
    lightness = np.full((card.predict_side, card.predict_side), 50, np.float32)
    return {
        **report,
        "model": f"{card.name} {card.version}",
        "precision": card.precision,
        "provider": predictor.provider,
        "side": card.predict_side,
        "seconds": statistics.median(_timed(predictor, lightness) for _ in range(_RUNS)),
    }


def _timed(predictor: OnnxPredictor, lightness: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    started = time.perf_counter()
    predictor.predict(lightness, ColorizeOptions())
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(check()))  # noqa: T201 - the report is this module's output
