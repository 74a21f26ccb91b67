"""The network that tells which way a photograph is up, on ONNX Runtime."""

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import ModelRejected
from photochrom.photo.cards.turner import TurnerCard
from photochrom.photo.turning import TURNS, Quarters

from .late_session import LateSession

Plane = NDArray[np.float32]


class Turned(NamedTuple):
    """By how much a photograph is to be turned, and how likely that is."""

    turn: Quarters
    """Degrees clockwise; 0 also where the network is not sure."""
    sureness: float
    """0..1, of the likeliest turn."""


class Turner(Protocol):
    """Says which way a photograph is up."""

    @property
    def side(self) -> int:
        """Height and width of what it sees."""
        ...

    def turned(self, glance: Plane) -> Turned:
        """Judge L* (side, side), 0..100, of a whole photograph."""
        ...


class OnnxTurner:
    """One file of `model.turner` in one session on the CPU; made by `load`, or for the first photograph."""

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        """Read the card of the ONNX file at `path`.

        Raises:
            ModelRejected: it is missing, damaged, or another network.
        """
        # Few photographs are turned so: what it took goes back.
        called = "a network that tells which way is up"
        self._network = LateSession(path, called, threads=threads, keeps_memory=False)
        try:
            self.card = TurnerCard.from_metadata(self._network.metadata)
        except ModelRejected as error:
            raise self._network.rejected(error) from error

    def load(self) -> None:
        """Make the session.

        Raises:
            ModelRejected: it cannot be made, or does not run.
        """
        self._upright(np.zeros((len(TURNS), self.side, self.side), np.float32))

    @property
    def side(self) -> int:
        """Height and width of what it sees."""
        return self.card.side

    def turned(self, glance: Plane) -> Turned:
        """Judge L* (side, side), 0..100, of a whole photograph."""
        views = np.stack([np.rot90(glance, -turn // 90) for turn in TURNS])
        shares = np.exp(logits := self._upright(views)) / np.exp(logits).sum()
        best = int(shares.argmax())
        sure = bool(shares[best] > self.card.threshold)
        return Turned(TURNS[best] if sure else 0, round(float(shares[best]), 4))

    def _upright(self, views: Plane) -> NDArray[np.float64]:
        given = {"lightness": np.ascontiguousarray(views, np.float32)[:, None]}
        logits = np.asarray(self._network.run(["upright"], given)[0], np.float64)
        return np.asarray(logits - logits.max())
