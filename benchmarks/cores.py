"""Cores between photographs and threads: python -m benchmarks.cores [--photos 60] [--megapixels 1 12].

On 1, 2, 4, 8 and 16 cores, as many as there are, `photochrom colorize` works through one folder with each number of
processes that divides them; each process has the rest of the cores as threads. The rows of one number of cores are
taken in turns over the rounds, and ratios are of medians, to one process. The default is a process for each core.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photochrom.processes.cores import usable_cores

from .precision import processor
from .table import markdown
from .throughput import Pace, album, colorize

_HEAD = ("cores", "processes", "threads each", "photos/s", "first to last", "to one process", "CPU s a photo")


def splits(cores: int) -> list[int]:
    """Return the numbers of processes to try on that many cores: powers of two, from one to a process a core."""
    return [1 << power for power in range(cores.bit_length()) if 1 << power <= cores]


def report(folder: Path, photos: Path, rounds: int) -> str:
    """Return the table for one folder of photographs."""
    rows = []
    for cores in splits(usable_cores()):
        with only(cores):
            tried = splits(cores)
            runs = [[colorize(photos, folder / "out", count) for count in tried] for _ in range(rounds)]
        rows += compared(cores, tried, list(zip(*runs, strict=True)))
    return markdown(_HEAD, rows)


def compared(cores: int, tried: list[int], paces: list[tuple[Pace, ...]]) -> list[list[str]]:
    """Return a row for each number of processes tried, from its runs."""
    steady = [statistics.median(pace.steady for pace in each) for each in paces]
    rows = []
    for count, each, pace in zip(tried, paces, steady, strict=True):
        whole = statistics.median(one.whole for one in each)
        cpu = statistics.median(one.cpu / one.photos for one in each)
        figures = (f"{whole:.2f}", f"{pace:.2f}", f"{pace / steady[0]:.2f}", f"{cpu:.3f}")
        rows.append([f"{cores}", f"{count}", f"{max(1, cores // count)}", *figures])
    return rows


@contextmanager
def only(cores: int) -> Iterator[None]:
    """Let this process, and those that it starts, use the first `cores` of its cores; as `taskset` does."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cores", description=__doc__)
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1.0, 12.0])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(processor())
    for megapixels in given.megapixels:
        with tempfile.TemporaryDirectory(prefix="photochrom-cores-") as name:
            photos = album(Path(name) / "album", given.photos, megapixels)
            print(f"\n{given.photos} JPEGs of {megapixels:g} MP\n")
            print(report(Path(name), photos, given.rounds))


if __name__ == "__main__":
    main()
