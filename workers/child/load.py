"""Load the networks that a child is told of; imported when the process is confined, as `work` is."""

import ctypes
from contextlib import suppress
from pathlib import Path

from ..network import providers
from ..network.finder import OnnxFinder
from ..network.gpu_memory import SESSION_MB
from ..network.networks import Networks
from ..network.predictor import OnnxPredictor
from ..network.recognizer import OnnxRecognizer
from .messages import Loaded, Ready, Setup


def load_networks(setup: Setup) -> tuple[Networks[OnnxPredictor], Ready]:
    """Return the networks, and what is told of them.

    Raises:
        ModelRejected: a file is missing, or not what its setting says.
    """
    if setup.film_path is None:
        usual = _predictor(setup.model_path, setup, setup.gpu_memory_mb)
        return Networks(usual), _told(usual)
    # Both share the process' GPU memory; where it is too little for two, old film is coloured by the CPU.
    # The bound on a process' memory (docs/performance.md) has no room for that of two predictions.
    half = setup.gpu_memory_mb // 2
    cramped = 0 < half < SESSION_MB
    usual = _predictor(setup.model_path, setup, setup.gpu_memory_mb if cramped else half)
    film = _predictor(setup.film_path, setup, half, cpu=cramped, keeps_memory=False)
    recognizer = (
        OnnxRecognizer(setup.recognizer_path, threads=setup.threads) if setup.recognizer_path else None
    )
    trim()
    told = _told(usual).model_copy(
        update={
            "film": Loaded(card=film.card, provider=film.provider),
            "recognizer_sha256": recognizer.card.weights_sha256 if recognizer else "",
        }
    )
    return Networks(usual, film, recognizer), told


def load_finder(setup: Setup) -> OnnxFinder | None:
    """Return the network that finds damage; None where there is none, and damage is found by its form.

    Raises:
        ModelRejected: the file is not what its setting says.
    """
    if setup.finder_path is None:
        return None
    # What a process may take of the GPU is the colour's.
    return OnnxFinder(
        setup.finder_path, threads=setup.threads, gpu_memory_mb=None if setup.gpu_memory_mb else 0
    )


def trim() -> None:
    """Give back to the system what was freed: a file is parsed into twice its size, which glibc keeps."""
    with suppress(OSError, AttributeError):  # other C libraries have no such function
        ctypes.CDLL(None).malloc_trim(0)


def _predictor(
    path: Path, setup: Setup, gpu_memory_mb: int, *, cpu: bool = False, keeps_memory: bool = True
) -> OnnxPredictor:
    on = [providers.CPU] if cpu else None
    return OnnxPredictor(
        path, threads=setup.threads, gpu_memory_mb=gpu_memory_mb, providers=on, keeps_memory=keeps_memory
    )


def _told(usual: OnnxPredictor) -> Ready:
    return Ready(card=usual.card, provider=usual.provider, fell_back=usual.fell_back, held={})
