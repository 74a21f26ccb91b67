"""Sessions of one model side by side, one per shape, as many as fit into the GPU's memory."""

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import onnxruntime as ort

from .gpu_memory import SESSION_MB

SESSION_SIDE = 384
"""Side of a square, in pixels; a prediction's memory grows with its area."""
MOST_SESSIONS = 12
"""Only pathological archives have more shapes than that."""


@dataclass
class Lane:
    """A session and the number of its next run."""

    session: ort.InferenceSession
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))


class Lanes:
    """The most recently used sessions of one model, each for photographs of one shape.

    When the shape changes from one run to the next, ONNX Runtime (1.20 and later) makes cuDNN plan every convolution
    again, even for a shape it has planned before: on an H100 a photograph then took a second of CPU around a
    prediction of 5 ms. A session that sees one shape plans once. A CPU needs no plans, so one session is enough.

    Args:
        open_session: opens another session of the same model.
        first: the session that is already open.
        kept: the most sessions that may be open at once.
    """

    def __init__(
        self, open_session: Callable[[], ort.InferenceSession], first: ort.InferenceSession, kept: int
    ) -> None:
        self._open, self._spare, self.kept = open_session, [Lane(first)], kept
        self._lanes: OrderedDict[tuple[int, ...], Lane] = OrderedDict()

    def of(self, shape: tuple[int, ...]) -> Lane:
        """Return the session of a shape; a new one replaces the least recently used."""
        key = shape if self.kept > 1 else ()
        if key not in self._lanes:
            if len(self._lanes) == self.kept:
                self._lanes.popitem(last=False)
            self._lanes[key] = self._spare.pop() if self._spare else Lane(self._open())
        self._lanes.move_to_end(key)
        return self._lanes[key]


def sessions_for(gpu_memory_mb: int, side: int) -> int:
    """Return how many sessions fit into the memory of a GPU.

    Args:
        gpu_memory_mb: in MiB; 0 is no limit.
        side: of the square whose area the model predicts at, in pixels.

    Returns:
        1 to `MOST_SESSIONS`.
    """
    if not gpu_memory_mb:
        return MOST_SESSIONS
    each = SESSION_MB * max(1.0, (side / SESSION_SIDE) ** 2)
    return max(1, min(MOST_SESSIONS, int(gpu_memory_mb / each)))
