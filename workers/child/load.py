"""Load the networks that a child is told of; imported when the process is confined, as `work` is."""

import ctypes
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import onnxruntime as ort

from ..network import providers
from ..network.album import OnnxAlbum
from ..network.finder import OnnxFinder
from ..network.gpu_memory import SESSION_MB
from ..network.late import LatePredictor
from ..network.networks import Networks
from ..network.predictor import LendingPredictor, OnnxPredictor
from ..network.recognizer import OnnxRecognizer
from ..network.turner import OnnxTurner
from .messages import Loaded, Ready, Setup


def load_networks(setup: Setup, *, at_once: bool = False) -> tuple[Networks[LendingPredictor], Ready]:
    """Return the networks, and what is told of them.

    Where there is no GPU, whose memory is shared out at the start, only the usual network is loaded: the others
    take as long together, and many a worker needs none of them. Their files are looked at all the same.

    Args:
        setup: names their files.
        at_once: loads all of them in any case.

    Raises:
        ModelRejected: a file is missing, or not what its setting says.
    """
    turner = OnnxTurner(setup.turner_path, threads=setup.threads) if setup.turner_path else None
    networks, told = _colorizers(setup, at_once=at_once)
    if turner is None:
        return networks, told
    if at_once or _may_use_gpu():
        turner.load()
    sha256 = turner.card.weights_sha256
    return replace(networks, turner=turner), told.model_copy(update={"turner_sha256": sha256})


def _colorizers(setup: Setup, *, at_once: bool) -> tuple[Networks[LendingPredictor], Ready]:
    if setup.film_path is None:
        usual = _predictor(setup.model_path, setup, setup.gpu_memory_mb)
        return Networks(usual), _told(usual)
    # Both share the process' GPU memory; where it is too little for two, old film is coloured by the CPU.
    # The bound on a process' memory (docs/performance.md) has no room for that of two predictions.
    half = setup.gpu_memory_mb // 2
    cramped = 0 < half < SESSION_MB
    usual = _predictor(setup.model_path, setup, setup.gpu_memory_mb if cramped else half)
    trim()
    load_film = partial(_film, setup.film_path, setup, half, cpu=cramped)
    at_once |= _may_use_gpu()
    film = load_film() if at_once else LatePredictor(setup.film_path, load_film)
    recognizer = (
        OnnxRecognizer(setup.recognizer_path, threads=setup.threads) if setup.recognizer_path else None
    )
    if recognizer and at_once:
        recognizer.load()
    told = _told(usual).model_copy(
        update={
            "film": Loaded(card=film.card, provider=film.provider),
            "recognizer_sha256": recognizer.card.weights_sha256 if recognizer else "",
            "tells_series": bool(recognizer and recognizer.tells_places),
        }
    )
    return Networks(usual, film, recognizer), told


def load_finder(setup: Setup, *, at_once: bool = False) -> OnnxFinder | None:
    """Return the network that finds damage; None where there is none, and damage is found by its form.

    When it is loaded: as in `load_networks`.

    Raises:
        ModelRejected: the file is not what its setting says.
    """
    if setup.finder_path is None:
        return None
    # What a process may take of the GPU is the colour's.
    finder = OnnxFinder(
        setup.finder_path, threads=setup.threads, gpu_memory_mb=None if setup.gpu_memory_mb else 0
    )
    if at_once or _may_use_gpu():
        finder.load()
    return finder


def load_album(setup: Setup, *, at_once: bool = False) -> OnnxAlbum:
    """Return the networks that find the photographs of album pages, for the CPU.

    Raises:
        ModelRejected: the file is missing, or not what its setting says.
    """
    album = OnnxAlbum(setup.album_path, threads=setup.threads)
    if at_once:
        album.load()
    return album


def trim() -> None:
    """Give back to the system what was freed: a file is parsed into twice its size, which glibc keeps."""
    with suppress(OSError, AttributeError):  # other C libraries have no such function
        ctypes.CDLL(None).malloc_trim(0)


def _may_use_gpu() -> bool:
    return providers.CUDA in ort.get_available_providers()


def _predictor(path: Path, setup: Setup, gpu_memory_mb: int) -> OnnxPredictor:
    return OnnxPredictor(path, threads=setup.threads, gpu_memory_mb=gpu_memory_mb)


def _film(
    path: Path, setup: Setup, gpu_memory_mb: int, content: bytes | None = None, *, cpu: bool
) -> OnnxPredictor:
    film = OnnxPredictor(
        path,
        threads=setup.threads,
        gpu_memory_mb=gpu_memory_mb,
        providers=[providers.CPU] if cpu else None,
        keeps_memory=False,
        content=content,
    )
    trim()
    return film


def _told(usual: OnnxPredictor) -> Ready:
    return Ready(card=usual.card, provider=usual.provider, fell_back=usual.fell_back, held={})
