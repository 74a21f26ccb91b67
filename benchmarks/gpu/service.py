"""Photographs a second over the API, on the GPU and on the CPU of one machine: `python -m benchmarks.gpu.service`.

Starts `photochrom up` with several workers, sends a folder of JPEGs by `photochrom batch` and waits for all
results: upload, queue, network, full-size colour, previews and download, all on this machine. Rows for the CPU are the
same service with the GPU hidden.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workers.network.providers import CPU, CUDA

from ..measuring.scenes import PHOTOS
from ..measuring.table import markdown, told
from ..throughput import Pace, album, batch, provider_of, service
from .accelerator import query, used_mb

_HEAD = [
    "provider",
    "processes",
    "photographs",
    "seconds",
    "photographs/s",
    "between first and last",
    "to 1 process",
]
_MORE = ["CPU s a photograph", "cores busy", "GPU MiB"]


def measure(folder: Path, photos: Path, provider: str, processes: int) -> tuple[Pace, float]:
    """Return the speed of the service with that many workers, and the GPU memory in MiB beyond what was in use."""
    before = used_mb(CUDA) if query("name") else 0.0
    # The default limits without keys are for people, not for benchmarks.
    env = {"PHOTOCHROM_REQUESTS_PER_MINUTE": "none"} | (
        {"CUDA_VISIBLE_DEVICES": ""} if provider == CPU else {}
    )
    with service(folder / "data", processes, env) as url:
        if (found := provider_of(url)) != provider:
            log = (folder / "service.log").read_text(errors="replace")
            raise SystemExit(f"Workers predict on {found}, but {provider} was requested:\n{log[-2000:]}")
        pace = batch(photos, folder / "results", url)
        return pace, (used_mb(CUDA) - before if query("name") else 0.0)


def row(provider: str, processes: int, pace: Pace, single: float, gpu_mb: float) -> list[str]:
    """Return one line of the table; `single` are photographs a second with one process of that provider."""
    name = provider.removesuffix("ExecutionProvider")
    rates = [f"{pace.seconds:.1f}", f"{pace.whole:.2f}", f"{pace.steady:.2f}"]
    ratio = f"{pace.steady / single:.2f}" if single else ""
    cpu = [f"{pace.cpu / pace.photos:.3f}", f"{pace.cpu / pace.seconds:.1f}"]
    memory = f"{gpu_mb:.0f}" if provider == CUDA else ""
    return [name, f"{processes}", f"{pace.photos}", *rates, ratio, *cpu, memory]


def main() -> int:
    """Measure; print each line as soon as it is ready, then the table."""
    given = _arguments()
    give_up = time.monotonic() + given.seconds
    rows: list[list[str]] = []
    single: dict[str, float] = {}
    failed = False
    plan = [(CUDA, each) for each in given.processes] + [(CPU, each) for each in given.cpu_processes]
    for provider, processes in plan:
        if time.monotonic() > give_up:
            print(f"No time left for {processes} processes on {provider}.", file=sys.stderr)
            continue
        try:
            pace, gpu_mb = one(given, provider, processes)
        except (SystemExit, subprocess.SubprocessError) as error:
            print(f"{processes} processes on {provider}: {error}", file=sys.stderr, flush=True)
            failed = True
            continue
        if processes == 1:
            single[provider] = pace.steady
        rows.append(told(row(provider, processes, pace, single.get(provider, 0), gpu_mb)))
    print(f"JPEGs of {given.megapixels:g} MP in four shapes; {len(os.sched_getaffinity(0))} cores.\n")
    print(markdown([*_HEAD, *_MORE], rows))
    return 1 if failed else 0


def one(given: argparse.Namespace, provider: str, processes: int) -> tuple[Pace, float]:
    """Measure one line, in its own folder."""
    count = min(given.photos, given.per_process * processes) // (1 if provider == CUDA else 2)
    with tempfile.TemporaryDirectory(prefix="photochrom-gpu-") as name:
        folder = Path(name)
        photos = album(folder / "album", count, given.megapixels, sorted(given.folder.glob("*.jpg")))
        return measure(folder, photos, provider, processes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu.service", description=__doc__)
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2, 4, 8], help="workers on the GPU")
    parser.add_argument("--cpu-processes", type=int, nargs="*", default=[8], help="workers on the CPU")
    parser.add_argument("--photos", type=int, default=400, help="at most (default 400)")
    parser.add_argument("--per-process", type=int, default=100, help="photographs a worker (default 100)")
    parser.add_argument("--megapixels", type=float, default=1.0)
    parser.add_argument("--folder", type=Path, default=PHOTOS, help="JPEGs to enlarge (default: the tests')")
    parser.add_argument("--seconds", type=float, default=120, help="after which no more rows are begun")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
