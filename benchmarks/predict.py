"""The network alone: python -m benchmarks.predict MODEL. Photographs per second by provider, side and batch."""

import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

from photochrom.artifact import ModelCard

from .table import markdown

_SECONDS = 2.0
_BATCHES = {"CPUExecutionProvider": (1, 4), "CUDAExecutionProvider": (1, 4, 16, 64)}


def report(model: Path) -> str:
    """The table, for the providers that this machine has."""
    rows = []
    for provider in [p for p in _BATCHES if p in ort.get_available_providers()]:
        options = ort.SessionOptions()
        options.enable_mem_pattern = False
        session = ort.InferenceSession(model, options, providers=[provider])
        card = ModelCard.from_metadata(session.get_modelmeta().custom_metadata_map)
        for side in sorted({256, card.predict_side, 512}):
            rates = [_rate(session, card, side, batch) for batch in _BATCHES[provider]]
            name = provider.removesuffix("ExecutionProvider")
            rows += [
                [name, f"{side}", f"{batch}", f"{rate:.1f}", f"{rate / rates[0]:.2f}"]
                for batch, rate in zip(_BATCHES[provider], rates, strict=True)
            ]
    return markdown(["provider", "side", "batch", "photographs/s", "to batch 1"], rows)


def _rate(session: ort.InferenceSession, card: ModelCard, side: int, batch: int) -> float:
    feeds = {
        "lightness": np.random.default_rng(0).uniform(0, 100, (batch, 1, side, side)).astype(np.float32),
        "hints": np.zeros((batch, 3, side, side), np.float32),
        "palette": np.zeros((batch, len(card.bins)), np.float32),
        "temperature": np.array(0.38, np.float32),
        "vividness": np.array(0.5, np.float32),
    }
    for _ in range(2):  # the first runs choose kernels and take memory
        session.run(None, feeds)
    runs, start = 0, time.perf_counter()
    while time.perf_counter() - start < _SECONDS:
        session.run(None, feeds)
        runs += 1
    return runs * batch / (time.perf_counter() - start)


if __name__ == "__main__":
    print(report(Path(sys.argv[1])))
