"""One measurement in a separate process: CPU seconds by stage, and peak memory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

# The figures are CPU seconds; threads that wait for each other would count as work.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Measurement:
    """The cost of one way of colorizing one file."""

    seconds: dict[str, float]
    """CPU seconds by stage, the network's under "network"."""
    peak_mb: float
    start_mb: float
    """Memory before the file was opened: Python, its libraries, the network."""
    bytes_in: int
    bytes_out: int
    wall: float
    """Seconds from begin to end without the network, on as many cores as the process may use."""

    @property
    def without_network(self) -> float:
        """CPU seconds without the network."""
        return sum(seconds for stage, seconds in self.seconds.items() if stage != "network")


def in_own_process(module: str, *arguments: str, repeats: int = 3) -> Measurement:
    """Run `python -m module arguments` several times; return the run that took the least CPU time."""
    found = [_run(module, *arguments) for _ in range(repeats)]
    return min(found, key=lambda measurement: measurement.without_network)


def _run(module: str, *arguments: str) -> Measurement:
    command = [sys.executable, "-m", module, *arguments]
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | ONE_THREAD)
    return Measurement(**json.loads(run.stdout.splitlines()[-1]))


class Clock:
    """Splits the CPU time of this process into stages."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget what was before: the photograph is opened now."""
        self.seconds: dict[str, float] = {}
        self.start_mb = _peak_mb()
        self.wall = 0.0
        self._stage, self._since, self._began = "", time.process_time(), time.perf_counter()

    def stage(self, name: str) -> None:
        """End the current stage and start another."""
        now, wall = time.process_time(), time.perf_counter()
        if self._stage:
            self.seconds[self._stage] = self.seconds.get(self._stage, 0) + now - self._since
        if self._stage not in ("", "network"):
            self.wall += wall - self._began
        self._stage, self._since, self._began = name, time.process_time(), time.perf_counter()

    def report(self, source: bytes, result: bytes) -> None:
        """End the last stage and print the measurement for `in_own_process`."""
        self.stage("")
        memory = _peak_mb(), self.start_mb
        print(
            json.dumps(
                asdict(Measurement(self.seconds, *memory, len(source), len(result), round(self.wall, 4)))
            )
        )


def timed(clock: Clock, stage: str, function: Callable[[], bytes]) -> bytes:
    """Call a function as a stage of its own."""
    clock.stage(stage)
    return function()


def _peak_mb() -> float:
    # Not ru_maxrss, which on Linux begins at what the parent had.
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def file_of(folder: Path, kind: str, megapixels: float) -> Path:
    """Return the path of the scene of that kind and size."""
    return folder / f"scene-{megapixels:g}.{kind.lower()}"


def result_of(source: Path) -> Path:
    """Return where the pipeline's result of a scene lies."""
    return source.with_name(f"{source.name}.result")
