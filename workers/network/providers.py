"""ONNX Runtime's execution providers: their libraries, their options, and when they release memory."""

import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnxruntime as ort

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
PROVIDERS = (CUDA, CPU)
"""In order of preference."""
SHRINK_EVERY = 32
"""Predictions after which unneeded GPU memory is released: allocating it again costs milliseconds."""

# Threads that wait for their part of an operation spin, unless told to sleep. Two that sleep save 8 % of a prediction's
# CPU on a quiet machine and a third on a busy one, where the API or another worker uses it, and take 2 ms of 70 more.
# Many threads would take longer to wake than to work.
_THREADS_THAT_SLEEP = 4

_CUDA_OPTIONS = {
    # Photos come in up to 57 shapes. The default tries every algorithm, which costs each shape's first photo seconds.
    "cudnn_conv_algo_search": "HEURISTIC",
    # Grow by the requested amount, not by doubling: several processes share the memory.
    "arena_extend_strategy": "kSameAsRequested",
    # TF32 (10 bits of mantissa) would be faster, but a photograph should look the same from every worker.
    "use_tf32": "0",
}


def session_options(threads: int, *, keeps_memory: bool = True) -> ort.SessionOptions:
    """Return what every session of ours is told.

    Args:
        threads: of one run on the CPU; 0 takes all cores.
        keeps_memory: whether a run's memory is kept for the next one.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # Photos come in many shapes; keeping a memory plan for each would grow without bound on a GPU.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = keeps_memory
    options.log_severity_level = 3
    if 0 < threads <= _THREADS_THAT_SLEEP:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def open_session(
    model: Path | bytes,
    options: ort.SessionOptions,
    providers: Sequence[str],
    *,
    gpu_memory_mb: int = 0,
    cuda: Mapping[str, str] | None = None,
) -> ort.InferenceSession:
    """Return a session on the first provider that works; its `get_providers()` returns which.

    Args:
        model: an ONNX file, or its content.
        options: of the session.
        providers: names that `ort.get_available_providers()` has.
        gpu_memory_mb: the most GPU memory that the session may take, in MiB; 0 is no limit.
        cuda: options for CUDA that override ours.
    """
    told = _CUDA_OPTIONS | _limit(gpu_memory_mb) | dict(cuda or {})
    # ONNX Runtime prints its messages; keep them off standard output, where commands answer JSON.
    with contextlib.redirect_stdout(sys.stderr):
        if CUDA in providers:
            ort.preload_dlls()  # finds CUDA and cuDNN where the extras install them; nothing else does
        named = [(name, told) if name == CUDA else name for name in providers]
        session = ort.InferenceSession(model, options, providers=named)
    # Otherwise a failing GPU would silently be replaced by the CPU in the middle of the work.
    session.disable_fallback()
    return session


def shrinking() -> ort.RunOptions:
    """Return options of a run that releases all GPU memory except that of weights and results."""
    options = ort.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "gpu:0")
    return options


def _limit(gpu_memory_mb: int) -> dict[str, str]:
    return {"gpu_mem_limit": str(gpu_memory_mb << 20)} if gpu_memory_mb else {}
