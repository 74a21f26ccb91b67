"""The network that tells photographs of old film from others, and what is where on them, on ONNX Runtime."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import ModelRejected
from photochrom.photo.cards.recognizer import RecognizerCard
from photochrom.photo.sight import FEATURES, GRID, PLACES

from .late_session import LateSession

Plane = NDArray[np.float32]
_PLACES = "photochrom.recognizer.places"
_LEAST = 1e-6


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
        self._network = LateSession(path, "a recognizer of old film", threads=threads)
        try:
            self.card = RecognizerCard.from_metadata(self._network.metadata)
        except ModelRejected as error:
            raise self._network.rejected(error) from error

    def load(self) -> None:
        """Make the session.

        Raises:
            ModelRejected: it cannot be made, or does not run.
        """
        self._oldness(np.zeros((self.side, self.side), np.float32))

    @property
    def side(self) -> int:
        """Height and width of what it sees."""
        return self.card.side

    def recognizes(self, glance: Plane) -> bool:
        """Judge L* (side, side), 0..100, of a whole photograph."""
        return self._oldness(glance) > self.card.threshold

    @property
    def tells_places(self) -> bool:
        """Whether the file also tells what it sees at each place of the grid of `photochrom.photo.sight`."""
        return bool(self._network.metadata.get(_PLACES) == f"{FEATURES} {GRID}")

    def places(self, square: Plane) -> Plane:
        """Return unit vectors (120, 144) of what is seen at each place of L* (side, side), 0..100."""
        given = np.ascontiguousarray(square, np.float32)[None, None]
        seen = self._network.run(["places"], {"lightness": given})[0].reshape(FEATURES, PLACES)
        return np.asarray(seen / np.maximum(np.linalg.norm(seen, axis=0), _LEAST), np.float32)

    def _oldness(self, glance: Plane) -> float:
        given = np.ascontiguousarray(glance, np.float32)[None, None]
        return float(self._network.run(["oldness"], {"lightness": given})[0][0])
