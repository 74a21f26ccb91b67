"""The cost and benefit of each setting of the GPU worker: `python -m benchmarks.gpu.settings`.

Each row is a separate process that predicts one photograph in many shapes, several times, with one setting changed;
the figures are of single predictions. Memory is that of the whole GPU beyond what was in use before the process.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from photochrom.photo.cards.model import ModelCard
from photochrom.seeing.sizes import predict_size
from workers.network import providers

from ..measuring.scenes import MODEL, PHOTOS
from ..measuring.table import markdown, told
from ..predict import feeds, open_network
from .accelerator import used_mb

_LIMIT_MB = 2048
VARIANTS: dict[str, dict[str, Any]] = {
    "as the worker is": {},
    "memory given back after each prediction": {"every": 1},
    "memory never given back": {"every": 0},
    "TF32 allowed": {"cuda": {"use_tf32": "1"}},
    "every algorithm tried (ONNX Runtime's default)": {"cuda": {"cudnn_conv_algo_search": "EXHAUSTIVE"}},
}


def measure(variant: dict[str, Any], model: Path, provider: str, seconds: float) -> dict[str, float]:
    """Predict in all shapes repeatedly for so many seconds; return the figures of one row."""
    before = used_mb(provider)
    session = open_network(model, provider, variant.get("cuda"), _LIMIT_MB)
    if session.get_providers()[0] != provider:
        raise SystemExit(f"ONNX Runtime cannot use {provider} here.")
    card = ModelCard.from_metadata(session.get_modelmeta().custom_metadata_map)
    every = variant.get("every", providers.SHRINK_EVERY)
    cuda = provider == providers.CUDA
    first: dict[tuple[int, int], float] = {}
    later: list[float] = []
    early = most = 0.0
    asked = time.monotonic()
    give_up = asked + seconds
    # As many known shapes as new ones, even if the time is up early.
    twice = [each for shape in shapes(card) for each in (shape, shape)]
    for runs, size in enumerate(itertools.cycle(twice), 1):
        due = cuda and every and runs % every == 0
        taken = _milliseconds(session, size, providers.shrinking() if due else None)
        if size in first:
            later.append(taken)
        first.setdefault(size, taken)
        if runs == 16 or time.monotonic() > asked + 0.7:
            most, asked = max(most, used_mb(provider) - before), time.monotonic()
            early = early or most
        if time.monotonic() > give_up and len(later) > 1:
            break
    most = max(most, used_mb(provider) - before)
    if cuda and every:
        session.run(None, _given(session, size), providers.shrinking())
    return {
        "shapes": len(first),
        "predictions": runs,
        "first": statistics.median(list(first.values())[1:]),
        "later": statistics.median(later),
        "slowest": max(later),
        "early": early,
        "most": most,
        "rest": used_mb(provider) - before,
        "difference": _difference(session, model),
    }


def shapes(card: ModelCard) -> Iterator[tuple[int, int]]:
    """Yield every shape (H, W) in which photographs are predicted; there are few, because sides are rounded."""
    aspects = np.geomspace(1 / 16, 16, 2001)
    found = {predict_size(round(4000 * aspect**0.5), round(4000 / aspect**0.5), card) for aspect in aspects}
    return iter(sorted(found, key=lambda size: abs(np.log(size[0] / size[1]))))


def _given(session: Any, size: tuple[int, int]) -> dict[str, Any]:
    with Image.open(PHOTOS / "coffee.jpg") as photo:
        grey = photo.convert("L").resize(size[::-1])
    return feeds(session, np.asarray(grey, np.float32)[None] / np.float32(2.55))


def _milliseconds(session: Any, size: tuple[int, int], options: Any) -> float:
    given = _given(session, size)
    started = time.perf_counter()
    session.run(None, given, options)
    return (time.perf_counter() - started) * 1000


def _difference(session: Any, model: Path) -> float:
    """Return the largest |difference| in a*, b* from the CPU, at 384 x 384."""
    here = open_network(model, providers.CPU)
    ours, theirs = (each.run(["ab"], _given(each, (384, 384)))[0] for each in (here, session))
    return float(np.abs(ours - theirs).max())


def report(model: Path, provider: str, seconds: float) -> str:
    """Return the table; a row that fails says so, and the others continue."""
    rows = []
    for name in VARIANTS:
        command = [sys.executable, "-m", "benchmarks.gpu.settings", "--one", name, "--model", str(model)]
        command += ["--provider", provider, "--seconds", f"{seconds}"]
        try:
            run = subprocess.run(
                command, stdout=subprocess.PIPE, text=True, timeout=4 * seconds + 20, check=True
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            sys.stderr.write(f"{error}\n")
            rows.append([name, *["failed"] * 9])
            continue
        found = json.loads(run.stdout.splitlines()[-1])
        whole = [f"{found[key]:.0f}" for key in ("shapes", "predictions")]
        times = [f"{found[key]:.1f}" for key in ("first", "later", "slowest")]
        memory = [f"{found[key]:.0f}" for key in ("early", "most", "rest")]
        rows.append(told([name, *whole, *times, *memory, f"{found['difference']:.4f}"]))
    head = ["setting", "shapes", "predictions", "ms, new shape", "ms, known", "slowest known"]
    return markdown([*head, "MiB after 16", "most MiB", "MiB at rest", "max |Δab| to CPU"], rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.settings", description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--provider", default=providers.CUDA)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each row (default 3)")
    parser.add_argument("--one", choices=VARIANTS, help="measure this row only, as JSON")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(VARIANTS[given.one], given.model, given.provider, given.seconds)))
    else:
        print(report(given.model, given.provider, given.seconds))


if __name__ == "__main__":
    main()
