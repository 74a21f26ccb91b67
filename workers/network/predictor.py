"""The network behind ONNX Runtime: small lightness in, small colour out."""

import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from photochrom.errors import ModelRejected
from photochrom.photo import capabilities
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.options import ColorizeOptions

from . import providers as execution
from .hints import hint_planes
from .session_pool import Lane, Lanes, sessions_for

_log = logging.getLogger(__name__)

_INPUTS = {"lightness": 4, "hints": 4, "palette": 2, "temperature": 0, "vividness": 0}
_OUTPUTS = {"ab": 4, "confidence": 4}


@dataclass(frozen=True)
class Prediction:
    """Colour at the network's output size."""

    ab: NDArray[np.float32]
    """(2, h, w): CIELAB a* and b*."""
    confidence: NDArray[np.float32]
    """(h, w): 0..1."""


class Predictor(Protocol):
    """Predicts colour from lightness; this is all that the pipeline knows of the network."""

    card: ModelCard
    provider: str

    def predict(self, lightness: NDArray[np.float32], options: ColorizeOptions) -> Prediction:
        """Predict from lightness (H, W), L* 0..100, of a size that the card allows."""
        ...


class LendingPredictor(Predictor, Protocol):
    """One that can follow the palette of another picture."""

    def lent(self, palette: NDArray[np.float32]) -> Self:
        """Return a predictor on the same session that uses this palette: (Q,), shares of the card's bins."""
        ...


class OnnxPredictor:
    """One exported model in one ONNX Runtime session; create it once per process.

    Attributes:
        card: what the model promises, checked against its graph.
        provider: the execution provider in use; CPU where CUDA was requested and is not available.
        fell_back: whether the installation has a better provider, which could not be used.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int = 0,
        providers: Sequence[str] | None = None,
        gpu_memory_mb: int = 0,
        keeps_memory: bool = True,
        content: bytes | None = None,
    ) -> None:
        """Load the ONNX file at `path`.

        Args:
            path: a file exported by `model.export`.
            threads: for one prediction; 0 leaves it to ONNX Runtime (one per core).
            providers: in order of preference; those that this machine lacks are skipped.
            gpu_memory_mb: the most GPU memory that this process may take, in MiB; 0 is no limit.
            keeps_memory: whether it keeps a prediction's memory for the next one: 30 MB, for 7 % of the time.
            content: of the file, where it has been read already.

        Raises:
            ModelRejected: the file is missing, unreadable, has no valid card or does not do what its card says.
        """
        available = ort.get_available_providers()
        wanted = [name for name in providers or execution.PROVIDERS if name in available]
        if not wanted:
            raise ModelRejected(
                f"None of the requested providers is available; this machine has {', '.join(available)}."
            )
        opened = partial(_open, path, execution.session_options(threads, keeps_memory=keeps_memory), wanted)
        session = opened(gpu_memory_mb, content=content)
        self.card = ModelCard.from_metadata(session.get_modelmeta().custom_metadata_map)
        on_gpu = session.get_providers()[0] == execution.CUDA
        # The card can be read only from an open session, and its side decides how many sessions fit.
        kept = sessions_for(gpu_memory_mb, self.card.predict_side) if on_gpu else 1
        if kept > 1 and gpu_memory_mb:
            # Each of several sessions gets a share of the memory. Close the first session before opening the next.
            del session
            session = opened(gpu_memory_mb // kept)
        _check_graph(session, self.card)
        self.provider: str = session.get_providers()[0]
        self.fell_back = self.provider != wanted[0]
        self._lanes = Lanes(partial(opened, gpu_memory_mb // kept), session, kept)
        self._shrinks = on_gpu and _shrinks(session, self.card)
        self._palette = np.zeros((1, len(self.card.bins)), np.float32)

    def lent(self, palette: NDArray[np.float32]) -> "OnnxPredictor":
        """Return a predictor on the same session that uses this palette: (Q,), shares of the card's bins."""
        other = copy.copy(self)
        other._palette = np.asarray(palette, np.float32)[None]
        return other

    def predict(self, lightness: NDArray[np.float32], options: ColorizeOptions) -> Prediction:
        """Predict colour from lightness (H, W), L* 0..100.

        H and W must be multiples of the card's `side_multiple` within its `side_min`..`side_max`.

        Raises:
            CapabilityMissing: the weights were not trained for hints, or for a palette, and one was given.
        """
        needed = capabilities.wanted(options, reference=bool(self._palette.any()))
        capabilities.check(needed, self.card.capabilities, f"{self.card.name} {self.card.version}")
        lane = self._lanes.of(lightness.shape)
        ab, confidence = lane.session.run(
            list(_OUTPUTS),
            {
                "lightness": np.ascontiguousarray(lightness, np.float32)[None, None],
                "hints": hint_planes(options.hints, lightness.shape)[None],
                "palette": self._palette,
                "temperature": np.array(options.temperature, np.float32),
                "vividness": np.array(options.vivid(), np.float32),
            },
            self._run_options(lane),
        )
        return Prediction(ab[0], confidence[0, 0])

    def _run_options(self, lane: Lane) -> ort.RunOptions | None:
        due = next(lane.runs) % execution.SHRINK_EVERY == 0
        return execution.shrinking() if due and self._shrinks else None


def _open(
    path: Path,
    options: ort.SessionOptions,
    wanted: Sequence[str],
    gpu_memory_mb: int,
    content: bytes | None = None,
) -> ort.InferenceSession:
    try:
        return execution.open_session(content or path, options, wanted, gpu_memory_mb=gpu_memory_mb)
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise ModelRejected(f"ONNX Runtime cannot load {path.name}: {_first_line(error)}") from error


def _check_graph(session: ort.InferenceSession, card: ModelCard) -> None:
    _check_nodes("input", session.get_inputs(), _INPUTS)
    _check_nodes("output", session.get_outputs(), _OUTPUTS)
    side = card.side_min
    try:
        ab, confidence = session.run(list(_OUTPUTS), _all_zeros(session, card))
    except Exception as error:  # as above
        raise ModelRejected(
            f"The model does not run on {side} x {side} pixels: {_first_line(error)}"
        ) from error
    small = side // card.stride
    if ab.shape != (1, 2, small, small) or confidence.shape != (1, 1, small, small):
        raise ModelRejected(
            f"The model card says stride {card.stride}; the graph returns {ab.shape} for {side} px."
        )


def _shrinks(session: ort.InferenceSession, card: ModelCard) -> bool:
    """Return whether the GPU's memory can be released; it is better to know now than during a photograph."""
    try:
        session.run(list(_OUTPUTS), _all_zeros(session, card), execution.shrinking())
    except Exception:  # as above
        _log.warning("ONNX Runtime cannot release GPU memory; it keeps what it has taken", exc_info=True)
        return False
    return True


def _check_nodes(kind: str, nodes: Sequence[ort.NodeArg], expected: dict[str, int]) -> None:
    found = {node.name: node for node in nodes}
    if missing := expected.keys() - found.keys():
        raise ModelRejected(f"The model lacks the {kind} {', '.join(sorted(missing))}.")
    for name, rank in expected.items():
        if found[name].type != "tensor(float)" or len(found[name].shape) != rank:
            raise ModelRejected(
                f"The model's {kind} {name!r} is {found[name].type} {found[name].shape}; it must be float, rank {rank}."
            )
    if extra := found.keys() - expected.keys():
        raise ModelRejected(f"The model has an unknown {kind}: {', '.join(sorted(extra))}.")


def _all_zeros(session: ort.InferenceSession, card: ModelCard) -> dict[str, NDArray[np.float32]]:
    return {node.name: _zeros(node.name, card.side_min, len(card.bins)) for node in session.get_inputs()}


def _zeros(name: str, side: int, bins: int) -> NDArray[np.float32]:
    shapes = {"lightness": (1, 1, side, side), "hints": (1, 3, side, side), "palette": (1, bins)}
    return np.zeros(shapes[name], np.float32) if name in shapes else np.array(0.5, np.float32)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
