"""The results of a batch as streams: one zip of all, and the errors line by line."""

import json
from collections.abc import Iterator
from typing import Any

from zipstream import ZIP_STORED, ZipStream

from photochrom.batches.record import BatchRecord
from photochrom.errors import ObjectNotFound
from photochrom.jobs.record import JobRecord, JobState
from photochrom.jobs.store import JobStore
from photochrom.photo.names import folded, suffix_of, with_suffix
from photochrom.storage.storage import Storage

_MANIFEST = "manifest.json"


def results_as_zip(store: JobStore, storage: Storage, batch: BatchRecord) -> Iterator[bytes]:
    """Yield a zip (ZIP64 where needed) while it is being made: it is never stored as a file.

    Photographs are stored, not deflated: they are compressed already.
    """
    archive = ZipStream(compress_type=ZIP_STORED)
    manifest: list[dict[str, Any]] = []
    taken = {folded(_MANIFEST)}
    for records in store.listed(batch_id=batch.id):
        for record in records:
            entry = _entry(record)
            if record.result is not None:
                try:
                    reading = storage.read(record.result.key)
                except ObjectNotFound:
                    entry["state"] = JobState.EXPIRED
                else:
                    entry["result"] = _free_name(record, taken)
                    archive.add(reading.chunks, entry["result"], size=reading.size)
            manifest.append(entry)
            # Each file is read when its turn comes, then released.
            yield from archive.all_files()
    text = json.dumps({"batch": batch.id, "name": batch.name, "items": manifest}, indent=1)
    archive.add(text, _MANIFEST)
    yield from archive.finalize()


def errors_as_lines(store: JobStore, batch_id: str) -> Iterator[str]:
    """Yield one JSON object a line for every failed item."""
    for records in store.listed(JobState.FAILED, batch_id):
        for record in records:
            yield json.dumps(_entry(record), ensure_ascii=False) + "\n"


def _entry(record: JobRecord) -> dict[str, Any]:
    entry: dict[str, Any] = {"item": record.item, "job": record.id, "state": record.state}
    if record.error is not None:
        entry |= {"code": record.error.code, "detail": record.error.detail}
    return entry


def _free_name(record: JobRecord, taken: set[str]) -> str:
    """Return the item's name with the extension of the result; `a.jpg` and `a.tif` may both become PNG."""
    assert record.item is not None
    assert record.result is not None
    extension = suffix_of(record.result.name)
    folder, slash, last = record.item.rpartition("/")
    name = folder + slash + with_suffix(last, extension)
    for candidate in (name, record.item + extension, f"{name}.{record.id}{extension}"):
        if folded(candidate) not in taken:
            taken.add(folded(candidate))
            return candidate
    return f"{record.id}{extension}"
