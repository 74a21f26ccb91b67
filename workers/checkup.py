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
from .child.messages import Setup
from .formats import written
from .settings import WorkerSettings

if TYPE_CHECKING:
    from .network.predictor import Predictor

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
        setup = Setup.of(settings, settings.threads)
        held = before_threads(None, *setup.files())
        # Not at the top: their threads would not be confined.
        from .child.load import load_album, load_finder, load_networks
        from .network.recognizer import OnnxRecognizer
        from .network.turner import OnnxTurner

        networks, told = load_networks(setup, at_once=True)
        finder = load_finder(setup, at_once=True)
        album = load_album(setup, at_once=True)
    except (PhotochromError, ImportError) as error:
        return {**report, "error": str(error)}
    held |= after_threads()
    card, recognizer = told.card, networks.recognizer
    return {
        **report,
        "held": held,
        "model": f"{card.name} {card.version}",
        "film_model": f"{told.film.card.name} {told.film.card.version}" if told.film else None,
        "recognizer": recognizer.card.version if isinstance(recognizer, OnnxRecognizer) else None,
        "precision": card.precision,
        "finder": f"{finder.card.name} {finder.card.version}" if finder else "its form",
        "album": album.card.version,
        "turner": turner.card.version if isinstance(turner := networks.turner, OnnxTurner) else None,
        "provider": told.provider,
        "side": card.predict_side,
        "writes": written(),
        "seconds": statistics.median(_timed(networks.usual) for _ in range(_RUNS)),
    }


def _timed(predictor: "Predictor") -> float:
    import numpy as np

    lightness = np.full((predictor.card.predict_side,) * 2, 50, np.float32)
    started = time.perf_counter()
    predictor.predict(lightness, ColorizeOptions())
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(check()))  # noqa: T201 - the report is this module's output
