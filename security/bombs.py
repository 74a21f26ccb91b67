"""Files made to do harm, each against its bound: python -m security.bombs [NAME ...].

Every one must be refused within a second of CPU time, with less than 200 MB more memory than the file itself takes.
Exits with 1 where one is taken, or is beyond its bound. The limits are those that the service has by default.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from benchmarks.measuring.table import markdown
from photochrom.batches.names import item_name
from photochrom.errors import ArchiveRejected, PhotochromError
from photochrom.photo.options import ColorizeOptions
from photochrom.storage.storage import LocalStorage
from service.settings import ServiceSettings
from service.unpacking.entries import Budget, Entry
from service.unpacking.unpack import blocks, entries
from service.uploads.receive import Sink
from workers.network.predictor import Predictor
from workers.pipeline.colorizer import colorize

from . import hostile_archives, hostile_jxl, hostile_photos, hostile_structures
from .hostile_archives import HOSTILE_ENTRIES, directory_bomb, pax_bomb, tarred, zip64_decoy, zipped

SECONDS, MEGABYTES = 1.0, 200.0
_JPEG = b"\xff\xd8\xff\xe0" + bytes(96)
_SINGLE = (
    *("zip-slip", "absolute", "backslashes", "tar-slip", "symlink", "symlink in tar", "hard link", "device"),
    *("nested zip", "encrypted", "bzip2", "LZMA", "bomb of zeros"),
)
ARCHIVES: dict[str, Callable[[], bytes]] = {
    **{f"archive, {name}": partial(HOSTILE_ENTRIES[name][0], _JPEG) for name in _SINGLE},
    "archive, an entry that unfolds to 300 MB": lambda: zipped(
        {"a.jpg": _JPEG + bytes(300 << 20)}, compression=8, compresslevel=1
    ),
    "archive, 50,001 entries": lambda: zipped({f"{n}.jpg": b"" for n in range(50_001)}),
    "archive, 50,001 entries in a tar": lambda: tarred({f"{n}": b"" for n in range(50_001)}),
    "archive, a million entries that say they are one": lambda: directory_bomb(1_000_000),
    "archive, a million entries behind a decoy": lambda: zip64_decoy(1_000_000),
    "archive, a header of 400 MB": lambda: pax_bomb(400_000_000),
    "archive, a map of 12 million numbers": lambda: hostile_archives.sparse(
        {"GNU.sparse.realsize": "10"}, 12_000_000
    ),
}
BOMBS = {**hostile_photos.FILES, **hostile_structures.FILES, **hostile_jxl.FILES, **ARCHIVES}


@dataclass(frozen=True)
class Cost:
    """What it took to refuse one."""

    refused: str
    """The error's code; empty where it was taken."""
    seconds: float
    megabytes: float
    """Beyond the process with the file in it."""
    kilobytes: float
    """Of the file."""

    @property
    def held(self) -> bool:
        """Whether it was refused within the bounds."""
        return bool(self.refused) and self.seconds < SECONDS and self.megabytes < MEGABYTES


def report(names: list[str]) -> tuple[str, bool]:
    """Return the table, and whether all were refused within their bounds."""
    rows, held = [], True
    for name in names:
        print(name, "...", file=sys.stderr)
        cost = met(name)
        held = held and cost.held
        figures = [f"{cost.kilobytes:,.0f}", f"{cost.seconds:.2f}", f"{cost.megabytes:.0f}"]
        rows.append([name, *figures, "yes" if cost.held else "NO", cost.refused or "taken"])
    return markdown(["bomb", "KB", "CPU s (< 1)", "memory MB (< 200)", "held", "refused as"], rows), held


def met(name: str) -> Cost:
    """Make it in one process and meet it in another: neither memory is the other's."""
    with tempfile.TemporaryDirectory(prefix="photochrom-bombs-") as folder:
        path = Path(folder) / "bomb"
        _forked(lambda: path.write_bytes(BOMBS[name]()))
        return cast("Cost", _forked(lambda: _measure(name, path)))


def _forked(work: Callable[[], object]) -> object:
    """Return what `work` returns in a copy of this process, whose libraries are loaded."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(work()))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    finally:
        process.join()


def _measure(name: str, path: Path) -> Cost:
    storage = LocalStorage(path.parent / "storage")
    data = b"" if name in ARCHIVES else path.read_bytes()
    before, started = _resident_mb("VmRSS"), time.process_time()
    refused = _unpacked(path, storage) if name in ARCHIVES else _colorized(data)
    seconds = time.process_time() - started
    return Cost(refused, seconds, _resident_mb("VmHWM") - before, path.stat().st_size / 1000)


def _colorized(data: bytes) -> str:
    try:
        # Refused before any network is asked.
        colorize(data, cast("Predictor", None), ColorizeOptions())
    except PhotochromError as refusal:
        return refusal.code
    return ""


def _unpacked(path: Path, storage: LocalStorage) -> str:
    """As the API does; return the code of the refusal of the archive, or of its only entry."""
    settings = ServiceSettings()
    budget, code = (
        Budget.of(path.stat().st_size, settings.max_archive_entries, settings.max_archive_bytes),
        "",
    )
    try:
        for entry in entries(path, budget):
            code = _kept(entry, budget, storage, settings.max_upload_bytes)
    except ArchiveRejected as refusal:
        code = refusal.code
    return code


def _kept(entry: Entry, budget: Budget, storage: LocalStorage, most: int) -> str:
    try:
        item_name(entry.name)
        with storage.draft() as draft:
            sink = Sink(draft, most)
            sink.expect(entry.size)
            for block in blocks(entry, budget):
                sink.write(block)
            sink.close()
    except ArchiveRejected:
        raise
    except PhotochromError as refusal:
        return refusal.code
    return ""


def _resident_mb(kind: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(kind)).split()[1]) / 1024


def main() -> int:
    """Measure, print, and tell by the exit code whether all were held."""
    parser = argparse.ArgumentParser(prog="python -m security.bombs", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="as in the table (default: all)")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BOMBS):
        parser.error(f"there is no bomb {', '.join(sorted(unknown))!r}")
    table, held = report(arguments.names or list(BOMBS))
    print(table)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
