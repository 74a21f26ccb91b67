"""The results of a batch as streams: one zip of all, plain or as a bag, and the errors line by line."""

import hashlib
import json
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from zipstream import ZIP_STORED, ZipStream

from photochrom.batches.record import BatchRecord
from photochrom.errors import ObjectNotFound
from photochrom.jobs.parts import Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from photochrom.photo.names import folded, suffix_of, with_suffix
from photochrom.storage.storage import Storage

from . import premis
from .bags import PAYLOAD, Bag, safe_name
from .manifest import Manifest, full_entry, short_entry

_MANIFEST = "manifest.json"


class Layout(StrEnum):
    """How the files lie in the zip."""

    PLAIN = "plain"
    BAGIT = "bagit"


class _Archive:
    """A zip that is being made, under the names of its layout; of a bag, its payload is entered."""

    def __init__(self, storage: Storage, batch: BatchRecord, layout: Layout) -> None:
        self.zip = ZipStream(compress_type=ZIP_STORED)
        self.bag = Bag(batch) if layout is Layout.BAGIT else None
        self._folder = f"photochrom-{batch.id}/" if self.bag else ""
        self._storage = storage
        self._taken = {folded(_MANIFEST), folded(premis.NAME)}
        self._folders: set[str] = set()

    def add_stored(self, key: str, names: tuple[str, ...], sha256: str) -> str | None:
        """Add an object under the first of the names that is free; None where its time is over."""
        try:
            reading = self._storage.read(key) if key else None
        except ObjectNotFound:
            reading = None
        if reading is None:
            return None
        name = self._free(names)
        self._enter(reading.chunks, name, reading.size, sha256)
        return name

    def add_told(self, manifest: Manifest) -> None:
        """Add what is told of the items: the manifest, and to a bag the same in PREMIS's words."""
        self._add_made(_MANIFEST, manifest.chunks)
        if self.bag is not None:
            self._add_made(premis.NAME, lambda: premis.premis(manifest.entries))

    def _add_made(self, name: str, chunks: Callable[[], Iterator[bytes]]) -> None:
        digest, size = hashlib.sha256(), 0
        for chunk in chunks():
            digest.update(chunk)
            size += len(chunk)
        self._enter(chunks(), name, size, digest.hexdigest())

    def add_tags(self) -> None:
        for name, text in self.bag.tag_files().items() if self.bag else ():
            self.zip.add(text, self._folder + name)

    def _enter(self, chunks: Iterator[bytes], name: str, size: int, sha256: str) -> None:
        if self.bag is not None:
            self.bag.add(name, sha256, size)
        payload = PAYLOAD if self.bag else ""
        self.zip.add(chunks, self._folder + payload + name, size=size)

    def _free(self, names: tuple[str, ...]) -> str:
        names = tuple(map(safe_name, names)) if self.bag else names
        name = next(filter(self._is_free, names), names[-1])
        self._taken.add(folded(name))
        self._folders |= _folders_of(name)
        return name

    def _is_free(self, name: str) -> bool:
        """Whether nothing has it, as a file or as a folder, and no file has the name of one of its folders."""
        taken = folded(name) in self._taken or folded(name) in self._folders
        return not taken and not _folders_of(name) & self._taken


def results_as_zip(
    store: JobStore,
    storage: Storage,
    batch: BatchRecord,
    layout: Layout = Layout.PLAIN,
    *,
    originals: bool = False,
) -> Iterator[bytes]:
    """Yield a zip (ZIP64 where needed) while it is being made: it is never stored as a file.

    Photographs are stored, not deflated: they are compressed already.
    """
    archive, manifest = _Archive(storage, batch, layout), Manifest(batch)
    for records in store.listed(batch_id=batch.id):
        for record in records:
            manifest.add(_added(archive, record, originals=originals))
            # Each file is read when its turn comes, then released.
            yield from archive.zip.all_files()
    manifest.close()
    archive.add_told(manifest)
    archive.add_tags()
    yield from archive.zip.finalize()


def errors_as_lines(store: JobStore, batch_id: str) -> Iterator[str]:
    """Yield one JSON object a line for every failed item."""
    for records in store.listed(JobState.FAILED, batch_id):
        for record in records:
            yield json.dumps(short_entry(record), ensure_ascii=False) + "\n"


def _added(archive: _Archive, record: JobRecord, *, originals: bool) -> dict[str, Any]:
    """Add the result of an item, and its original where that is wanted; return what the manifest says of it."""
    entry, result, original = full_entry(record), record.result, record.original
    inside = "results/" if archive.bag else ""
    if result is not None:
        names = tuple(inside + name for name in _names(record, result))
        entry["result"] = archive.add_stored(result.key, names, result.sha256)
        if entry["result"] is None:
            entry["state"] = JobState.EXPIRED
    if originals:
        names = (f"originals/{record.item}", f"originals/{record.id}{suffix_of(original.name)}")
        entry["original"] = archive.add_stored(original.key, names, original.sha256)
    return entry


def _folders_of(name: str) -> set[str]:
    return {folded(str(folder)) for folder in PurePosixPath(name).parents} - {"."}


def _names(record: JobRecord, result: Result) -> Iterator[str]:
    """The item's name with the extension of the result; `a.jpg` and `a.tif` may both become PNG."""
    assert record.item is not None
    extension = suffix_of(result.name)
    folder, slash, last = record.item.rpartition("/")
    name = folder + slash + with_suffix(last, extension)
    yield from (name, record.item + extension, f"{name}.{record.id}{extension}", f"{record.id}{extension}")
