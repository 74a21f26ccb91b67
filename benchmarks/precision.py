"""Exported files against each other: python -m benchmarks.precision FP16 INT8 ... [--rounds N].

Every round runs each file once, so that all meet the same load of the machine; ratios are of medians, to the first.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

from .table import markdown

_SIDES = (256, 384)


def report(models: list[Path], rounds: int) -> str:
    """The table: milliseconds for one photograph on all cores of the CPU."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    sessions = [ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]) for model in models]
    rows = []
    for side in _SIDES:
        seconds = np.array([[_seconds(session, side) for session in sessions] for _ in range(rounds + 1)])
        medians = np.median(seconds[1:], axis=0)  # the first round chooses kernels and takes memory
        for model, median in zip(models, medians, strict=True):
            rows.append([f"{side}", model.name, f"{median * 1e3:.0f}", f"{medians[0] / median:.2f}"])
    return markdown(["side", "file", "ms", "times as fast"], rows)


def _seconds(session: ort.InferenceSession, side: int) -> float:
    bins = next(node.shape[1] for node in session.get_inputs() if node.name == "palette")
    feeds = {
        "lightness": np.random.default_rng(0).uniform(0, 100, (1, 1, side, side)).astype(np.float32),
        "hints": np.zeros((1, 3, side, side), np.float32),
        "palette": np.zeros((1, bins), np.float32),
        "temperature": np.array(0.38, np.float32),
        "vividness": np.array(0.5, np.float32),
    }
    start = time.perf_counter()
    session.run(None, feeds)
    return time.perf_counter() - start


if __name__ == "__main__":
    cli = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__.split("\n")[0])
    cli.add_argument("models", type=Path, nargs="+", help="exported .onnx files; ratios are to the first")
    cli.add_argument("--rounds", type=int, default=20, help="measured runs of each file (default 20)")
    arguments = cli.parse_args()
    print(report(arguments.models, arguments.rounds))
