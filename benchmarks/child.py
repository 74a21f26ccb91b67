"""What the child costs: the same photographs here and through a worker's child, in turns: python -m benchmarks.child.

Both do what a worker does from the original on the disk to the result's bytes, with previews and a hash of it. Seconds
of CPU count those of both processes, and change less than wall time where other programs run beside.
"""

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from photochrom.photo.options import ColorizeOptions
from workers.child.colorist import Colorist
from workers.network.predictor import OnnxPredictor
from workers.pipeline.colorizer import colorize
from workers.settings import WorkerSettings

from .measuring.scenes import as_file, scene
from .measuring.table import markdown

_SIDE = 1024


@dataclass(frozen=True)
class Cost:
    """Of one photograph, in seconds."""

    wall: float
    cpu: float


def here(photo: Path, predictor: OnnxPredictor) -> None:
    """Colorize in this process."""
    result = colorize(photo, predictor, ColorizeOptions(), preview_side=_SIDE)
    hashlib.sha256(result.data).hexdigest()


def there(photo: Path, colorist: Colorist) -> None:
    """Colorize in the child, and take what it made."""
    with colorist.colorize(photo, ColorizeOptions(), preview_side=_SIDE) as colored:
        for _, chunks in colored.parts():
            digest = hashlib.sha256()
            for chunk in chunks:
                digest.update(chunk)


def measured(work: Callable[[], None], pids: tuple[int, ...]) -> Cost:
    """Do it once; count the CPU seconds of these processes."""
    cpu, started = _cpu(pids), time.perf_counter()
    work()
    return Cost(time.perf_counter() - started, _cpu(pids) - cpu)


def _cpu(pids: tuple[int, ...]) -> float:
    # By nanoseconds of all threads; the ticks of /proc/PID/stat are as coarse as the difference looked for.
    runs = (Path(f"/proc/{pid}/task").glob("*/schedstat") for pid in pids)
    return sum(int(found.read_text().split()[0]) for of_one in runs for found in of_one) / 1e9


def report(pairs: list[tuple[Cost, Cost]]) -> str:
    """Return the table; ratios are medians over the pairs, each of which had the machine alike."""
    rows = [
        [
            name,
            *(
                f"{statistics.median(getattr(pair[which], kind) for pair in pairs):.4f}"
                for kind in ("wall", "cpu")
            ),
        ]
        for which, name in enumerate(("in one process", "in the child"))
    ]
    ratios = (
        statistics.median(getattr(b, kind) / getattr(a, kind) for a, b in pairs) for kind in ("wall", "cpu")
    )
    rows.append(["child / one process", *(f"{ratio:.3f}" for ratio in ratios)])
    return markdown(["", "s a photograph", "CPU s a photograph"], rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.child", description=__doc__)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--megapixels", type=float, default=1.0)
    given = parser.parse_args()
    settings = WorkerSettings()
    predictor = OnnxPredictor(settings.model_path, threads=1)
    with tempfile.TemporaryDirectory() as folder, closing(Colorist(settings, 1)) as colorist:
        photo = Path(folder) / "photo.jpg"
        photo.write_bytes(as_file(scene(given.megapixels), "JPEG"))
        colorist.ready()
        ways = (partial(here, photo, predictor), partial(there, photo, colorist))
        pids = (os.getpid(), colorist.pid)
        for way in ways:
            way()  # tables are made by the first photograph
        pairs = [(measured(ways[0], pids), measured(ways[1], pids)) for _ in range(given.photos)]
    print(f"{given.photos} times a JPEG of {given.megapixels:g} MP, each way in turn\n")
    print(report(pairs))


if __name__ == "__main__":
    main()
