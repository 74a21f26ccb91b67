"""Cores between photographs and threads: python -m benchmarks.cores [--megapixels 1 12] [--cores 2 4] [--rounds 3].

On 1, 2, 4, 8 and 16 cores, as many as there are, the processes of `photochrom colorize` work through photographs, in
each number that divides those cores; each process has its share of them as threads. All start first and colour one
photograph, so no start is counted. Then each way has its turn of some seconds in every round: it is printed at once,
and at the end the medians. Photographs a second are the sum over the processes, each from the turn's start to the end
of its last photograph. Ratios are to one process on as many cores. The default is a process for each core.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cli.files.colorist import Colorist
from cli.files.plan import Item
from photochrom.photo.options import ColorizeOptions
from photochrom.processes.cores import usable_cores

from .measuring.descendants import cpu_seconds, keep_to
from .measuring.scenes import as_file, scene
from .measuring.table import markdown
from .precision import processor

_HEAD = ("MP", "cores", "processes", "threads each", "photos/s", "to one process", "CPU s a photo")
_OPTIONS = ColorizeOptions(vividness="auto")  # as the command has it


@dataclass(frozen=True)
class Way:
    """Photographs of one size, and how so many cores are shared out."""

    megapixels: float
    cores: int
    processes: int

    @property
    def threads(self) -> int:
        """Threads of each process."""
        return self.cores // self.processes


@dataclass(frozen=True)
class Turn:
    """What one way did in one round."""

    pace: float
    """Photographs a second."""
    cpu: float
    """CPU seconds of all processes of ours, a photograph."""


def splits(cores: int) -> list[int]:
    """Return the numbers of processes to try on that many cores: powers of two, from one to a process a core."""
    return [1 << power for power in range(cores.bit_length()) if 1 << power <= cores]


def ways(cores: Sequence[int], megapixels: Sequence[float]) -> list[Way]:
    """Return every way, in the order given; the most processes first."""
    return [Way(size, count, each) for count in cores for size in megapixels for each in splits(count)[::-1]]


def measured(way: Way, photo: Path, colorists: Sequence[Colorist], seconds: float) -> Turn:
    """Let the processes work side by side; each begins no photograph after so many seconds."""
    used, started = cpu_seconds(), time.perf_counter()
    with keep_to(way.cores), ThreadPoolExecutor(way.processes) as pool:
        work = partial(_work, photo, until=started + seconds)
        done = list(pool.map(work, colorists[: way.processes]))
    return Turn(
        sum(count / (end - started) for count, end in done),
        (cpu_seconds() - used) / sum(count for count, _ in done),
    )


def _work(photo: Path, colorist: Colorist, *, until: float) -> tuple[int, float]:
    """Colour the photograph again and again; return how often, and when the last was done."""
    item = Item(photo, photo.with_name(f"{id(colorist)}.jpg"), replace=True)
    for count in itertools.count(1):
        outcome = colorist.restore(item, _OPTIONS, lambda _: None)
        if not outcome.succeeded:
            raise SystemExit(outcome.detail)
        if (now := time.perf_counter()) >= until:
            return count, now
    raise AssertionError


@contextmanager
def started(tried: Sequence[Way]) -> Iterator[dict[int, list[Colorist]]]:
    """Yield the processes by their number of threads, as many of each as some way needs."""
    needed: dict[int, int] = {}
    for way in tried:
        needed[way.threads] = max(needed.get(way.threads, 0), way.processes)
    found = {
        threads: [Colorist({"PHOTOCHROM_THREADS": f"{threads}"}) for _ in range(count)]
        for threads, count in needed.items()
    }
    try:
        yield found
    finally:
        for colorists in found.values():
            for colorist in colorists:
                colorist.kill()


def report(turns: dict[Way, list[Turn]]) -> str:
    """Return the table of medians; a way that has had no turn yet has no row."""
    rows = []
    by_cores = itertools.groupby(
        sorted(turns, key=lambda way: (way.megapixels, way.cores, way.processes)),
        lambda way: (way.megapixels, way.cores),
    )
    for _, group in by_cores:
        medians = {way: statistics.median(turn.pace for turn in turns[way]) for way in group}
        alone = next((pace for way, pace in medians.items() if way.processes == 1), None)
        rows += [
            row(way, pace, statistics.median(turn.cpu for turn in turns[way]), alone)
            for way, pace in medians.items()
        ]
    return markdown(_HEAD, rows)


def row(way: Way, pace: float, cpu: float, alone: float | None = None) -> list[str]:
    """Return the cells of one way, given the pace of one process on as many cores."""
    ratio = f"{pace / alone:.2f}" if alone else ""
    return [
        f"{way.megapixels:g}", f"{way.cores}", f"{way.processes}", f"{way.threads}", f"{pace:.2f}", ratio, f"{cpu:.3f}"
    ]  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cores", description=__doc__)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1.0, 12.0])
    parser.add_argument("--cores", type=int, nargs="+", default=splits(usable_cores()))
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn (default 5)")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    tried = ways(given.cores, given.megapixels)
    print(f"{processor()}\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="photochrom-cores-") as name, started(tried) as colorists:
        photos = {size: _photo(Path(name), size) for size in given.megapixels}
        with ThreadPoolExecutor(64) as pool:
            for each in photos.values():
                list(pool.map(partial(_work, each, until=0.0), itertools.chain(*colorists.values())))
        turns: dict[Way, list[Turn]] = {}
        for _ in range(given.rounds):
            for way in tried:
                turn = measured(way, photos[way.megapixels], colorists[way.threads], given.seconds)
                turns.setdefault(way, []).append(turn)
                print(" | ".join(row(way, turn.pace, turn.cpu)), flush=True)
    print(f"\nJPEGs, {given.rounds} rounds of {given.seconds:g} s a way\n\n{report(turns)}")


def _photo(folder: Path, megapixels: float) -> Path:
    photo = folder / f"{megapixels:g}.jpg"
    photo.write_bytes(as_file(scene(megapixels), "JPEG"))
    return photo


if __name__ == "__main__":
    main()
