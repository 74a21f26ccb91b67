"""The network that tells photographs of old film from others, on ONNX Runtime."""

from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from photochrom.errors import ModelRejected
from photochrom.photo.recognizer_card import RecognizerCard

from . import providers as execution
from .onnx_file import OnnxFile

Plane = NDArray[np.float32]


class Recognizer(Protocol):
    """Says whether a photograph looks as if old film took it."""

    @property
    def side(self) -> int:
        """Height and width of what it sees."""
        ...

    def recognizes(self, glance: Plane) -> bool:
        """Judge L* (side, side), 0..100, of a whole photograph."""
        ...


class OnnxRecognizer:
    """One file of `model.recognizer` in one session on the CPU, where it costs a tenth of a prediction.

    The session is made by `load`, or for the first photograph.
    """

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        """Read the card of the ONNX file at `path`.

        Raises:
            ModelRejected: it is missing, damaged, or another network.
        """
        self._file, self._threads = OnnxFile(path), threads
        try:
            self.card = RecognizerCard.from_metadata(self._file.metadata)
        except ModelRejected as error:
            raise self._rejected(error) from error

    def load(self) -> None:
        """Make the session.

        Raises:
            ModelRejected: it cannot be made, or does not run.
        """
        self._session  # noqa: B018 - made by being asked for

    @property
    def side(self) -> int:
        """Height and width of what it sees."""
        return self.card.side

    def recognizes(self, glance: Plane) -> bool:
        """Judge L* (side, side), 0..100, of a whole photograph."""
        return self._oldness(glance) > self.card.threshold

    def _oldness(self, glance: Plane) -> float:
        given = np.ascontiguousarray(glance, np.float32)[None, None]
        return float(self._session.run(["oldness"], {"lightness": given})[0][0])

    @cached_property
    def _session(self) -> ort.InferenceSession:
        options = execution.session_options(self._threads)
        try:
            session = execution.open_session(self._file.read(), options, [execution.CPU])
            session.run(["oldness"], {"lightness": np.zeros((1, 1, self.side, self.side), np.float32)})
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise self._rejected(error) from error
        return session

    def _rejected(self, error: Exception) -> ModelRejected:
        return ModelRejected(f"{self._file.name} is not a recognizer of old film: {error}")
