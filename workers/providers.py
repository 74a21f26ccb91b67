"""ONNX Runtime's execution providers: their libraries, what they are told, and what they may keep of memory."""

import contextlib
import itertools
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import onnxruntime as ort

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
PROVIDERS = (CUDA, CPU)
"""In order of preference."""
SHRINK_EVERY = 32
"""Predictions after which the GPU gets back what the last ones do not need: taking memory anew costs milliseconds."""

SESSION_MB = 512
"""Memory of a GPU that one session gets at most; a prediction of 384 x 384 pixels takes about 340 MB (NVIDIA H100)."""
MOST_SESSIONS = 12
"""More shapes than that are not met in one archive, but in pathological ones."""

_CUDA_OPTIONS = {
    # Photos come in up to 57 shapes; the default, trying every algorithm, costs each shape's first photo seconds.
    "cudnn_conv_algo_search": "HEURISTIC",
    # Grows by what is asked for, not by doubling: several processes share the memory.
    "arena_extend_strategy": "kSameAsRequested",
    # 10 bits of mantissa would be faster, but a photograph should look the same from every worker.
    "use_tf32": "0",
}


def open_session(
    model: Path | bytes,
    options: ort.SessionOptions,
    providers: Sequence[str],
    *,
    gpu_memory_mb: int = 0,
    cuda: Mapping[str, str] | None = None,
) -> ort.InferenceSession:
    """Return a session on the first provider that works; `get_providers()` tells which.

    Args:
        model: an ONNX file, or its content.
        options: of the session.
        providers: names that `ort.get_available_providers()` has.
        gpu_memory_mb: what the session may take of a GPU at most, in MiB; 0 is no limit.
        cuda: options for CUDA that go before ours.
    """
    told = _CUDA_OPTIONS | _limit(gpu_memory_mb) | dict(cuda or {})
    # ONNX Runtime prints its complaints; standard output is not its to write to: commands answer JSON there.
    with contextlib.redirect_stdout(sys.stderr):
        if CUDA in providers:
            ort.preload_dlls()  # finds CUDA and cuDNN where the extras install them; without it nobody does
        named = [(name, told) if name == CUDA else name for name in providers]
        session = ort.InferenceSession(model, options, providers=named)
    # Else a failing GPU would be left for the CPU in the middle of the work, and nobody would be told.
    session.disable_fallback()
    return session


@dataclass
class Lane:
    """A session and the number of the run that comes next in it."""

    session: ort.InferenceSession
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))


class Lanes:
    """Sessions of one model, each for photographs of one shape, those used last.

    When a session meets another shape than the time before, ONNX Runtime (1.20 and later) has cuDNN plan every
    convolution anew, also if it knew the shape earlier: on an H100 a photograph then took a second of CPU around a
    prediction of 5 ms. A session that sees one shape plans once. On a CPU nothing is planned and one is enough.

    Args:
        open_session: opens another session of the same model.
        first: the session that is open already.
        kept: how many may be open at once.
    """

    def __init__(
        self, open_session: Callable[[], ort.InferenceSession], first: ort.InferenceSession, kept: int
    ) -> None:
        self._open, self._spare, self.kept = open_session, [Lane(first)], kept
        self._lanes: OrderedDict[tuple[int, ...], Lane] = OrderedDict()

    def of(self, shape: tuple[int, ...]) -> Lane:
        """Return the lane of a shape; the one unused for longest gives way to a new one."""
        key = shape if self.kept > 1 else ()
        if key not in self._lanes:
            if len(self._lanes) == self.kept:
                self._lanes.popitem(last=False)
            self._lanes[key] = self._spare.pop() if self._spare else Lane(self._open())
        self._lanes.move_to_end(key)
        return self._lanes[key]


def sessions_for(gpu_memory_mb: int) -> int:
    """Return how many sessions fit into that memory of a GPU, in MiB; 0 is no limit."""
    return max(1, min(MOST_SESSIONS, gpu_memory_mb // SESSION_MB)) if gpu_memory_mb else MOST_SESSIONS


def shrinking() -> ort.RunOptions:
    """Return options of a run after which the GPU has back all memory that holds neither weights nor results."""
    options = ort.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "gpu:0")
    return options


def _limit(gpu_memory_mb: int) -> dict[str, str]:
    return {"gpu_mem_limit": str(gpu_memory_mb << 20)} if gpu_memory_mb else {}
