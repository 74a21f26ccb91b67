"""Load the model as a worker's child would, confined like it, predict, and print what was found as one JSON object.

`photochrom doctor` reads it: the command line itself never imports the runtime.
"""

import json
import statistics
import time
from importlib import metadata
from typing import TYPE_CHECKING, Any

from photochrom.errors import PhotochromError
from photochrom.photo.options import ColorizeOptions

from .child.confinement import after_threads, before_threads
from .formats import written
from .settings import WorkerSettings

if TYPE_CHECKING:
    from .network.predictor import OnnxPredictor

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
    film_path, recognizer_path = settings.film_model(), settings.recognizer()
    finder_path = settings.finder()
    paths = (settings.model_path, film_path, recognizer_path, finder_path)
    held = before_threads(None, *filter(None, paths))
    try:
        # Not at the top: their threads would not be confined.
        from .network.finder import OnnxFinder
        from .network.predictor import OnnxPredictor
        from .network.recognizer import OnnxRecognizer

        predictor = OnnxPredictor(
            settings.model_path, threads=settings.threads, gpu_memory_mb=settings.gpu_memory_mb
        )
        film = film_path and OnnxPredictor(film_path, threads=settings.threads)
        recognizer = recognizer_path and OnnxRecognizer(recognizer_path, threads=settings.threads)
        found = OnnxFinder(finder_path, threads=settings.threads).card if finder_path else None
    except (PhotochromError, ImportError) as error:
        return {**report, "error": str(error)}
    held |= after_threads()
    card = predictor.card
    return {
        **report,
        "held": held,
        "model": f"{card.name} {card.version}",
        "film_model": f"{film.card.name} {film.card.version}" if film else None,
        "recognizer": recognizer.card.version if recognizer else None,
        "precision": card.precision,
        "finder": f"{found.name} {found.version}" if found else "its form",
        "provider": predictor.provider,
        "side": card.predict_side,
        "writes": written(),
        "seconds": statistics.median(_timed(predictor) for _ in range(_RUNS)),
    }


def _timed(predictor: "OnnxPredictor") -> float:
    import numpy as np

    lightness = np.full((predictor.card.predict_side,) * 2, 50, np.float32)
    started = time.perf_counter()
    predictor.predict(lightness, ColorizeOptions())
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(check()))  # noqa: T201 - the report is this module's output
