"""What a start costs, process by process: `python -m benchmarks.start [--rounds 5] [--model FILE]`.

Starts `photochrom up` on an empty folder and reads the CPU time of each of its processes when it says that it is up.
Then runs commands that do nothing. Prints medians. The sender of webhooks is not there: it starts with the first one.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers.ports import free_port

from .measuring.descendants import cpu_seconds_of, descendants
from .measuring.scenes import MODEL
from .measuring.table import markdown

_COMMAND = [sys.executable, "-P", "-m", "cli"]
# By a word of their command; the first that is there counts.
_PARTS = {
    "workers.child": "worker's child, which opens photographs",
    "--single": "worker",
    "workers": "supervisor of workers",
    "service": "API",
    "cli": "photochrom up",
}
_QUEUE = "queue's server"
COMMANDS = (("--version",), ("up", "--help"), ("keys", "--help"), ("colorize", "--help"))


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(arguments.rounds):
        print(f"start {number + 1} of {arguments.rounds} ...", file=sys.stderr)
        for name, seconds in start(arguments.model).items():
            found[name].append(seconds)
        for command in COMMANDS:
            found[f"photochrom {' '.join(command)}"].append(cost(command))
    rows = [
        [name, f"{statistics.median(all_of):.2f}", f"{min(all_of):.2f}"] for name, all_of in found.items()
    ]
    print(markdown(["process", "CPU seconds", "least"], rows))


def start(model: Path) -> dict[str, float]:
    """Start the service once; return the CPU seconds of each process, and of all until it said that it is up."""
    with (
        tempfile.TemporaryDirectory(prefix="photochrom-bench-") as folder,
        _up(Path(folder), model) as launcher,
    ):
        family = [launcher, *descendants(launcher)]
        spent = {part_of(pid): cpu_seconds_of(pid) for pid in family}
        return {**spent, "together": sum(spent.values())}


def cost(command: tuple[str, ...]) -> float:
    """Return the CPU seconds of `photochrom ...`, run to its end."""
    before = os.times()
    subprocess.run([*_COMMAND, *command], stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def part_of(pid: int) -> str:
    """Return which part of the service a process is, by its command."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return next((name for word, name in _PARTS.items() if word in words), _QUEUE)


@contextmanager
def _up(folder: Path, model: Path) -> Iterator[int]:
    """Have it run on an empty folder; yield the process id of what was started."""
    where = ["--port", str(free_port()), "--data", str(folder / "data")]
    process = subprocess.Popen(
        [*_COMMAND, "up", *where],
        env={**os.environ, "PHOTOCHROM_MODEL_PATH": str(model.absolute())},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "is up" in line:
                yield process.pid
                return
        raise RuntimeError("It did not start; see above.")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", type=Path, default=MODEL, help="the network that is loaded")
    return parser.parse_args()


if __name__ == "__main__":
    main()
