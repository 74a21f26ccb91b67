"""Exported files against each other: python -m benchmarks.precision OLD NEW ... [--rounds N] [--threads N].

Every round runs each file once, so that all meet the same load of the machine; ratios are of medians, to the first.
On one thread the time is that thread's own of the processor, which a busy machine changes little. The instructions
of the processor stand above the table: figures of two machines differ by half.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from .measuring.table import markdown, told

_INSTRUCTIONS = {
    "AVX2": {"avx2"},
    "AVX-512": {"avx512f"},
    "VNNI": {"avx512_vnni", "avx_vnni"},
    "BF16": {"avx512_bf16", "amx_bf16"},
}
"""Names in /proc/cpuinfo of what ONNX Runtime's kernels are chosen by."""
_SIDES = (256, 384, 512)


def report(models: list[Path], rounds: int, threads: int, sides: Sequence[int] = _SIDES) -> str:
    """The processor and the table: milliseconds for one photograph; 0 threads are all cores of the CPU."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    clock = time.thread_time if threads == 1 else time.perf_counter
    sessions = [ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]) for model in models]
    rows = []
    for side in sides:
        seconds = np.array(
            [[_seconds(session, side, clock) for session in sessions] for _ in range(rounds + 1)]
        )
        medians = np.median(seconds[1:], axis=0)  # the first round chooses kernels and takes memory
        for model, median in zip(models, medians, strict=True):
            ratio, times = median / medians[0], medians[0] / median
            rows.append(told([f"{side}", model.name, f"{median * 1e3:.0f}", f"{ratio:.3f}", f"{times:.2f}"]))
    head = ["side", "file", "CPU ms" if threads == 1 else "ms", "of the first", "times as fast"]
    return f"{processor()}\n\n{markdown(head, rows)}"


def processor() -> str:
    """Return this machine's processor and its instructions."""
    path = Path("/proc/cpuinfo")
    return instructions(path.read_text() if path.exists() else "")


def instructions(cpuinfo: str) -> str:
    """Return the processor's name and which of the instructions that matter here it has."""
    fields = dict(line.split(":", 1) for line in reversed(cpuinfo.splitlines()) if ":" in line)
    values = {name.strip(): value.strip() for name, value in fields.items()}
    flags = set(values.get("flags", values.get("Features", "")).split())
    has = [name if flags & known else f"no {name}" for name, known in _INSTRUCTIONS.items()]
    return f"{values.get('model name', 'an unnamed processor')}: {', '.join(has)}"


def _seconds(session: ort.InferenceSession, side: int, clock: Callable[[], float]) -> float:
    bins = next(node.shape[1] for node in session.get_inputs() if node.name == "palette")
    feeds = {
        "lightness": np.random.default_rng(0).uniform(0, 100, (1, 1, side, side)).astype(np.float32),
        "hints": np.zeros((1, 3, side, side), np.float32),
        "palette": np.zeros((1, bins), np.float32),
        "temperature": np.array(0.38, np.float32),
        "vividness": np.array(0.5, np.float32),
    }
    start = clock()
    session.run(None, feeds)
    return clock() - start


if __name__ == "__main__":
    cli = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__.split("\n")[0])
    cli.add_argument("models", type=Path, nargs="+", help="exported .onnx files; ratios are to the first")
    cli.add_argument("--rounds", type=int, default=20, help="measured runs of each file (default 20)")
    cli.add_argument("--threads", type=int, default=1, help="of each prediction; 0: one a core (default 1)")
    cli.add_argument(
        "--sides", type=int, nargs="+", default=_SIDES, help="pixels of the square (default 256 384 512)"
    )
    arguments = cli.parse_args()
    print(report(arguments.models, arguments.rounds, arguments.threads, arguments.sides))
