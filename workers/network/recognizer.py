"""The network that tells photographs of old film from others, on ONNX Runtime."""

from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from photochrom.errors import ModelRejected
from photochrom.photo.recognizer_card import RecognizerCard

from . import providers as execution

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
    """One file of `model.recognizer` in one session on the CPU, where it costs a tenth of a prediction."""

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        """Load the ONNX file at `path`.

        Raises:
            ModelRejected: it cannot be loaded, or is another network.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        try:
            self._session = execution.open_session(path, options, [execution.CPU])
            self.card = RecognizerCard.from_metadata(self._session.get_modelmeta().custom_metadata_map)
            self._oldness(np.zeros((self.card.side, self.card.side), np.float32))
        except Exception as error:  # ONNX Runtime's errors have no common base
            raise ModelRejected(f"{path.name} is not a recognizer of old film: {error}") from error

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
