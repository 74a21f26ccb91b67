"""Photographs that cost more than they are worth (F3, F21), sent to a service that runs."""

import struct
import threading
from contextlib import suppress

import psutil

from security import hostile_structures

from .finding import finding
from .ways import Way, Ways

CHUNKS = 1_000_000
MOST_MEGABYTES = 200.0
CODE = "unreadable-photo"


def _flood() -> bytes:
    """A WebP of empty chunks."""
    header = b"VP8X" + struct.pack("<I", 10) + bytes(4) + bytes([63, 0, 0, 63, 0, 0])
    body = b"WEBP" + header + b"ABCD\0\0\0\0" * CHUNKS
    return b"RIFF" + struct.pack("<I", len(body)) + body


@finding("F3", f"a WebP of {CHUNKS:,} empty chunks (8 MB)")
def webp(ways: Ways) -> str:
    return _refused(ways, _flood())


@finding("F21", "JPEG 2000 of some hundred bytes: precincts of 2x2, and 65,535 layers")
def jpeg2000(ways: Ways) -> str:
    said = {_refused(ways, data) for data in _codestreams()}
    return "; ".join(sorted(said))


def _codestreams() -> list[bytes]:
    named = [make for name, make in hostile_structures.FILES.items() if "precinct" in name or "layer" in name]
    assert len(named) > 1
    return [make() for make in named]


def _refused(ways: Ways, data: bytes) -> str:
    """Send it both ways; return how it was refused, and what its process took."""
    most = max(_megabytes(way, data) for way in ways.both)
    assert most < MOST_MEGABYTES, f"{most:.0f} MB"
    return f"refused as `{CODE}`; {most:.0f} MB more than an ordinary photograph"


def _megabytes(way: Way, data: bytes) -> float:
    way.done()
    before, over, seen = _largest(way), threading.Event(), [0.0]
    watching = threading.Thread(target=_watch, args=(way, over, seen), daemon=True)
    watching.start()
    with way.client() as client:
        job = client.get(way.done(data)).json()
    over.set()
    watching.join()
    assert job["state"] == "failed", "it was taken"
    assert job["error"]["code"] == CODE, job["error"]
    return max(0.0, max(seen) - before - len(data) / 1e6)


def _largest(way: Way) -> float:
    """Megabytes of its largest process."""
    found = []
    for process in way.processes():
        with suppress(psutil.Error):
            found.append(process.memory_info().rss / 1e6)
    return max(found)


def _watch(way: Way, over: threading.Event, grown: list[float]) -> None:
    while not over.wait(0.05):
        grown.append(_largest(way))
