"""The network alone: python -m benchmarks.predict [MODEL]. Photographs per second by provider, side and batch."""

import argparse
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from photochrom.photo.cards.model import ModelCard
from workers.network import providers

from .gpu.accelerator import used_mb
from .measuring.scenes import MODEL
from .measuring.table import markdown, told
from .precision import processor

BATCHES = {providers.CPU: (1, 4), providers.CUDA: (1, 2, 4, 8, 16, 32, 64)}
_SECONDS = 2.0


def report(model: Path, seconds: float = _SECONDS) -> str:
    """Return the processor and the table, for the providers that this machine can use."""
    rows = []
    for provider in [name for name in BATCHES if name in ort.get_available_providers()]:
        for side in (256, 384, 512):
            # A session for each side, in the order of batches: the GPU memory it holds is then what the row needs.
            rows += _rows(open_network(model, provider), provider, side, seconds)
    table = markdown(["provider", "side", "batch", "photographs/s", "to batch 1", "memory, MiB"], rows)
    return f"{processor()}\n\n{table}"


def _rows(session: ort.InferenceSession, provider: str, side: int, seconds: float) -> list[list[str]]:
    used = session.get_providers()[0]
    if used != provider:
        return [[provider, f"{side}", "", "cannot be used here", "", ""]]
    name, rows, first = used.removesuffix("ExecutionProvider"), [], 0.0
    for batch in BATCHES[provider]:
        try:
            rate = _rate(session, side, batch, seconds)
        except Exception as error:  # ONNX Runtime's errors have no common base; a batch may be too large
            rows.append([name, f"{side}", f"{batch}", str(error).splitlines()[0][:60], "", ""])
            break
        first = first or rate
        figures = [f"{rate:.1f}", f"{rate / first:.2f}", f"{used_mb(provider):.0f}"]
        rows.append(told([name, f"{side}", f"{batch}", *figures]))
    return rows


def open_network(
    model: Path, provider: str, cuda: dict[str, str] | None = None, gpu_memory_mb: int = 0
) -> ort.InferenceSession:
    """Return a session like a worker's, on all cores, on `provider` or else the CPU."""
    options = ort.SessionOptions()
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    return providers.open_session(model, options, [provider], gpu_memory_mb=gpu_memory_mb, cuda=cuda)


def feeds(session: ort.InferenceSession, lightness: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return the network's inputs for lightness (N, H, W) in L*, all options in the middle or empty."""
    card = ModelCard.from_metadata(session.get_modelmeta().custom_metadata_map)
    batch, height, width = lightness.shape
    return {
        "lightness": lightness[:, None],
        "hints": np.zeros((batch, 3, height, width), np.float32),
        "palette": np.zeros((batch, len(card.bins)), np.float32),
        "temperature": np.array(0.38, np.float32),
        "vividness": np.array(0.5, np.float32),
    }


def _rate(session: ort.InferenceSession, side: int, batch: int, seconds: float) -> float:
    given = feeds(session, np.random.default_rng(0).uniform(0, 100, (batch, side, side)).astype(np.float32))
    for _ in range(2):  # the first runs choose kernels and allocate memory
        session.run(None, given)
    runs, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        session.run(None, given)
        runs += 1
    return runs * batch / (time.perf_counter() - start)


if __name__ == "__main__":
    cli = argparse.ArgumentParser(prog="python -m benchmarks.predict", description=__doc__)
    cli.add_argument("model", type=Path, nargs="?", default=MODEL)
    cli.add_argument("--seconds", type=float, default=_SECONDS, help="for each row (default 2)")
    arguments = cli.parse_args()
    print(report(arguments.model, arguments.seconds))
