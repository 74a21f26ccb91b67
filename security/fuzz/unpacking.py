"""Reads zips and tars, entry by entry, within a budget."""

import tempfile
from pathlib import Path, PurePosixPath

from photochrom.batches.names import item_name
from photochrom.errors import ArchiveRejected, InvalidName, PhotochromError
from service.unpacking.entries import Budget, Entry
from service.unpacking.unpack import blocks, entries

from . import packs

_ENTRIES, _BYTES = 64, 1 << 20
_FILE = Path(tempfile.mkdtemp(prefix="photochrom-fuzz-")) / "archive"


def seeds() -> list[bytes]:
    """Return archives of every kind."""
    return packs.every_kind()


def check(data: bytes) -> None:
    """Expect no more entries and bytes than the budget allows, and only names that stay inside the folder."""
    _FILE.write_bytes(data)
    budget, count, size = Budget(_ENTRIES, _BYTES), 0, 0
    try:
        for entry in entries(_FILE, budget):
            count += 1
            _check_name(entry.name)
            size += _read(entry, budget)
    except ArchiveRejected as refusal:
        assert str(refusal).endswith(".")
    assert count <= _ENTRIES
    assert size <= _BYTES


def _read(entry: Entry, budget: Budget) -> int:
    """Read as the API does: a fault of one entry refuses that entry, a fault of the archive refuses all."""
    size = 0
    try:
        for block in blocks(entry, budget):
            size += len(block)
    except ArchiveRejected:
        raise
    except PhotochromError as refusal:
        assert str(refusal).endswith(".")
    return size


def _check_name(name: str) -> None:
    try:
        path = PurePosixPath(item_name(name))
    except InvalidName:
        return
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert "\\" not in name
