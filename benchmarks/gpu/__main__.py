"""The GPU worker on this machine's GPU: `python -m benchmarks.gpu [--model ONNX] [--photos FOLDER]`, 150 s.

Prints four tables: parity with the CPU, predictions a second by batch, the cost of each setting, and photographs a
second over the API with one to eight worker processes. Each part has its own process and time limit and prints when
it is done, so a failure does not affect other parts; the exit code is 1 if one failed or parity was not held.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import onnxruntime as ort

from photochrom.processes.cores import usable_cores

from ..measuring.scenes import MODEL, PHOTOS
from .accelerator import query

LIMITS = {"Parity": 60, "Predictions": 90, "Settings": 100, "End to end": 240}
"""Time limit of each part in seconds; without a fault all take far less."""


def main() -> int:
    """Run the chosen parts."""
    given = _arguments()
    print(machine(), flush=True)
    failed = [title for title in given.parts if not run(title, commands(given)[title])]
    if failed:
        print(f"\nFailed: {', '.join(failed)}.")
    return 1 if failed else 0


def commands(given: argparse.Namespace) -> dict[str, list[str]]:
    """Return the module and arguments of each part by its title."""
    model, folder = str(given.model.resolve()), str(given.photos.resolve())
    return {
        "Parity": ["benchmarks.gpu.parity", "--model", model, "--photos", folder],
        "Predictions": ["benchmarks.predict", model, "--seconds", "0.5"],
        "Settings": ["benchmarks.gpu.settings", "--model", model, "--seconds", "3"],
        "End to end": ["benchmarks.gpu.service", "--folder", folder],
    }


def run(title: str, command: list[str]) -> bool:
    """Run one part as a process; return whether it succeeded in time."""
    print(f"\n## {title}\n", flush=True)
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-u", "-m", *command], start_new_session=True)
    try:
        code = process.wait(LIMITS[title])
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)  # its children end with it
        process.wait()
        code = None
    print(
        f"\n{title}: {time.monotonic() - started:.0f} s, {'too long' if code is None else f'exit code {code}'}"
    )
    return code == 0


def machine() -> str:
    """Return the hardware and versions that the figures were measured on."""
    gpu = query("name", "memory.total", "driver_version")
    named = f"{gpu[0]} ({gpu[1]} MiB, driver {gpu[2]})" if gpu else "no GPU that nvidia-smi knows"
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    providers = ", ".join(ort.get_available_providers())
    return (
        f"Measured on {named}, {usable_cores()} cores of {cpu or platform.processor()}, Python "
        f"{platform.python_version()}, ONNX Runtime {ort.__version__} ({providers})."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="folder of JPEGs (default: the tests')")
    parser.add_argument("--parts", nargs="+", choices=LIMITS, default=list(LIMITS), help="default: all")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
