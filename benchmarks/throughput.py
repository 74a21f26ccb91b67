"""Is a batch over the API as fast as the command alone? `python -m benchmarks.throughput [--photos 500]`.

Colorizes the same folder by `photochrom colorize --processes N` and by `photochrom batch` on a service with N workers,
in turns, and compares photographs per second from the command's start to its end, and between the first and the last
result (without starting processes and loading the model, which a running service has done). The bar is 0.9. Everything
runs on one machine, so upload, download, records, previews and the client use the same cores.
"""

import argparse
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.servers.ports import free_port

from .measuring.descendants import cpu_seconds
from .measuring.scenes import as_file, scene
from .measuring.table import markdown

_READY_SECONDS = 60.0
_ASPECTS = (4 / 3, 3 / 4, 3 / 2, 1.0)


@dataclass(frozen=True)
class Pace:
    """The speed of one folder."""

    photos: int
    seconds: float
    between: float
    """Seconds from the first result to the last."""
    cpu: float
    """CPU seconds of all processes of ours."""

    @property
    def whole(self) -> float:
        """Photographs a second, from start to end."""
        return self.photos / self.seconds

    @property
    def steady(self) -> float:
        """Photographs a second, between the first result and the last."""
        return (self.photos - 1) / self.between


def colorize(album: Path, out: Path, processes: int) -> Pace:
    """Measure `photochrom colorize`."""
    return _paced(album, out, ["colorize", str(album), str(out), "--processes", str(processes)])


def batch(album: Path, out: Path, url: str) -> Pace:
    """Measure `photochrom batch` on the service at `url`."""
    return _paced(album, out, ["batch", str(album), "--to", str(out), "--server", url])


def _paced(album: Path, out: Path, arguments: list[str]) -> Pace:
    cpu = cpu_seconds()
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "cli", *arguments], check=True, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    made = sorted(path.stat().st_mtime for path in out.rglob("*.jpg"))
    photos = len(list(album.glob("*.jpg")))
    if len(made) != photos:
        raise SystemExit(f"{len(made)} results of {photos} photographs")
    shutil.rmtree(out)
    return Pace(photos, seconds, made[-1] - made[0], cpu_seconds() - cpu)


@contextmanager
def service(folder: Path, workers: int, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run `photochrom up` with `env` added to this process' environment; yield its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "cli", "up", "--port", str(port), "--data", str(folder)]
    log = (folder.parent / "service.log").open("wb")
    told = os.environ | dict(env or {})
    up = subprocess.Popen([*command, "--workers", str(workers)], stdout=log, stderr=log, env=told)
    try:
        _wait_for_workers(url, workers)
        yield url
    finally:
        up.terminate()
        up.wait(timeout=60)
        log.close()


def provider_of(url: str) -> str:
    """Return the execution provider that the workers report; several are joined by a comma."""
    workers = httpx.get(f"{url}/readyz", timeout=5).json()["workers"]
    return ", ".join(sorted({worker["model"]["provider"] for worker in workers}))


def album(folder: Path, count: int, megapixels: float, sources: Sequence[Path] = ()) -> Path:
    """Write that many JPEGs into a new folder, made from `sources` in four shapes, or from one scene; return it."""
    folder.mkdir()
    if sources:
        pairs = itertools.islice(itertools.product(sources, _ASPECTS), count)
        photos = [as_file(scene(megapixels, source, aspect), "JPEG") for source, aspect in pairs]
    else:
        photos = [as_file(scene(megapixels), "JPEG")]
    for number in range(count):
        # The same pictures repeatedly; a comment makes each a different file.
        (folder / f"{number:04}.jpg").write_bytes(with_comment(photos[number % len(photos)], f"{number}"))
    return folder


def _wait_for_workers(url: str, workers: int) -> None:
    give_up = time.monotonic() + _READY_SECONDS
    while time.monotonic() < give_up:
        try:
            if len(httpx.get(f"{url}/readyz", timeout=5).json()["workers"]) == workers:
                return
        except (httpx.HTTPError, ValueError, KeyError):
            pass
        time.sleep(0.1)
    raise SystemExit("The service is not ready.")


def report(pairs: list[tuple[Pace, Pace]], processes: int) -> str:
    """Return the table; the ratios are of the medians over the rounds."""
    rows = []
    for number, (bare, served) in enumerate(pairs, 1):
        for name, pace in (("colorize", bare), ("batch", served)):
            figures = (pace.whole, pace.steady, pace.cpu / pace.photos)
            rows.append([f"{number}", name, f"{processes}", *(f"{figure:.3f}" for figure in figures)])
        ratios = (served.whole / bare.whole, served.steady / bare.steady, served.cpu / bare.cpu)
        rows.append([f"{number}", "batch / colorize", "", *(f"{ratio:.3f}" for ratio in ratios)])
    head = ["round", "command", "processes", "photos/s", "between first and last", "CPU s a photo"]
    return markdown(head, rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--megapixels", type=float, default=1.0)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photochrom-throughput-") as name:
        folder = Path(name)
        photos = album(folder / "album", given.photos, given.megapixels)
        kib = (photos / "0000.jpg").stat().st_size >> 10
        pairs = []
        for number in range(given.rounds):
            bare = colorize(photos, folder / "bare", given.processes)
            with service(folder / f"data{number}", given.processes) as url:
                pairs.append((bare, batch(photos, folder / "served", url)))
    print(f"{given.photos} JPEGs of {given.megapixels:g} MP, {kib} KiB each\n")
    print(report(pairs, given.processes))


def with_comment(jpeg: bytes, comment: str) -> bytes:
    """Make a different file of a JPEG, with the same picture."""
    text = re.sub(r"[^0-9a-z]", "", comment).encode()
    return jpeg[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + jpeg[2:]


if __name__ == "__main__":
    main()
