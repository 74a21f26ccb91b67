"""The upload of a whole archive into a batch: streamed to disk, then taken apart entry by entry."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from photochrom.batches.names import item_name, made_safe, numbered
from photochrom.batches.record import BatchRecord
from photochrom.errors import (
    ArchiveRejected,
    BatchClosed,
    BatchNotFound,
    InvalidOption,
    PhotochromError,
    PhotoTooLarge,
    QueueFull,
    QuotaExceeded,
    RequestTooSlow,
    StorageFull,
    StorageUnavailable,
    TooManyArchives,
    TooManyUploads,
)
from photochrom.photo.sniff import HEAD_BYTES, sniff

from ..caller import Caller
from ..deps import BatchId, CallerDep, Services, ServicesDep
from ..edge import problems
from ..edge.routing import Router
from ..edge.storage_threads import drafted, on_storage_thread
from ..unpacking.entries import Budget, Entry
from ..unpacking.unpack import blocks, entries
from ..unpacking.zip_names import encoding_called
from ..uploads.accept import accept_item, refuse_if_full
from ..uploads.receive import Sink, Upload

router = Router(prefix="/v1/batches", tags=["batches"])

_REPORTED = 1000
_BLOCK = 1 << 20
# These end the whole upload: every further entry would meet them too.
_FATAL = (ArchiveRejected, StorageFull, QueueFull, QuotaExceeded, BatchClosed)


class RejectedEntry(BaseModel):
    """An entry that was rejected."""

    item: str
    code: str
    detail: str


class RenamedEntry(BaseModel):
    """An entry whose name some system does not allow."""

    entry: str
    item: str


class ArchiveReport(BaseModel):
    """What became of an archive's entries."""

    accepted: Annotated[int, Field(description="New items.")] = 0
    unchanged: Annotated[int, Field(description="Items that were there already, with the same bytes.")] = 0
    rejected: int = 0
    errors: Annotated[list[RejectedEntry], Field(description=f"The first {_REPORTED} rejected entries.")] = []
    renamed: Annotated[
        list[RenamedEntry],
        Field(
            description="Entries whose name some system does not allow, and the items that they became, with _ "
            f"in its place: the first {_REPORTED}."
        ),
    ] = []


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in (
                "application/zip",
                "application/x-tar",
                "application/gzip",
                "application/octet-stream",
            )
        },
    }
}


@router.post(
    "/{batch_id}/archive",
    summary="Send many photographs as one zip or tar",
    responses=problems.responses(
        BatchNotFound,
        RequestTooSlow,
        BatchClosed,
        PhotoTooLarge,
        ArchiveRejected,
        InvalidOption,
        QueueFull,
        QuotaExceeded,
        TooManyArchives,
        TooManyUploads,
        StorageUnavailable,
        *problems.DISK,
    ),
    openapi_extra=_BODY,
)
async def post_archive(
    batch_id: BatchId,
    request: Request,
    services: ServicesDep,
    caller: CallerDep,
    names: Annotated[
        str | None,
        Query(
            description="Encoding of names that do not say it, such as cp866 or cp932. By default they are UTF-8 where "
            "they can be, and else cp437.",
        ),
    ] = None,
    split: Annotated[
        Literal["off", "auto"],
        Query(description="`auto`: its files are scans, whose photographs are cut into further items."),
    ] = "off",
) -> ArchiveReport:
    """Every file becomes an item under its name with folders; bad files are reported and do not affect others.

    What some system does not allow in a name is replaced by `_`. Sending the archive again after a broken connection
    adds what is missing.
    """
    encoding = encoding_called(names)
    batch = await run_in_threadpool(services.batches.get, batch_id)
    if not batch.open:
        raise BatchClosed(f"Batch {batch_id} takes no more photographs.")
    # Those that come to an end of sending together wait for each other: what was sent is not thrown away.
    services.archives.refuse_if_busy(caller)
    with services.uploads.one(caller):
        async with drafted(services.storage) as draft:
            async for chunk in _gathered(request):
                await on_storage_thread(draft.write, chunk)
            report = ArchiveReport()
            async with services.archives.turn(caller):
                # Shielded: a caller who hangs up now would leave a thread reading a file that is gone.
                unpacking = to_thread.run_sync(
                    _unpack,
                    services,
                    caller,
                    batch,
                    draft.path,
                    encoding,
                    report,
                    split == "auto",
                    limiter=services.archives.threads,
                )
                await asyncio.shield(unpacking)
    return report


async def _gathered(request: Request) -> AsyncIterator[bytes]:
    buffer = bytearray()
    async for chunk in request.stream():
        buffer += chunk
        if len(buffer) >= _BLOCK:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def _unpack(
    services: Services,
    caller: Caller,
    batch: BatchRecord,
    path: Path,
    encoding: str | None,
    report: ArchiveReport,
    split: bool,
) -> None:
    settings = services.settings
    budget = Budget.of(path.stat().st_size, settings.max_archive_entries, settings.max_archive_bytes)
    given = _Names()
    for entry in entries(path, budget, encoding):
        try:
            name = given.item(entry.name)
            new = _keep(services, caller, batch, entry, name, budget, split=split)
        except _FATAL:
            raise
        except PhotochromError as error:
            _reject(report, entry, error)
        else:
            report.accepted += new
            report.unchanged += not new
            if name != entry.name and len(report.renamed) < _REPORTED:
                report.renamed.append(RenamedEntry(entry=_shown(entry.name), item=name))


class _Names:
    """Gives each entry of an archive the name of an item; two that differ get two that differ."""

    def __init__(self) -> None:
        self._entries: dict[str, str] = {}
        self._last: dict[str, int] = {}
        self._known: dict[str, str] = {}

    def item(self, entry: str) -> str:
        """Return the name of its item; raise `InvalidName` where it can have none."""
        safe = item_name(made_safe(entry))
        free = self._known.get(entry, safe)
        while self._entries.setdefault(free, entry) != entry:
            # Counted on: thousands of names may become one.
            self._last[safe] = self._last.get(safe, 1) + 1
            free = numbered(safe, self._last[safe])
        self._known[entry] = free
        return free


def _keep(
    services: Services,
    caller: Caller,
    batch: BatchRecord,
    entry: Entry,
    name: str,
    budget: Budget,
    *,
    split: bool,
) -> bool:
    unpacked = blocks(entry, budget)
    first = next(unpacked, b"")
    # What is not a photograph costs neither a draft nor a question to the queue: fifty thousand such are a megabyte.
    sniff(first[:HEAD_BYTES])
    refuse_if_full(services, caller, may_be_known=True)
    with services.storage.draft() as draft:
        sink = Sink(draft, services.settings.max_upload_bytes)
        sink.expect(entry.size)
        for block in chain((first,), unpacked):
            sink.write(block)
        told = draft, name, sink.size, sink.sha256, sink.close(), batch.options
        upload = Upload(*told, split=split)
        _, new = accept_item(services, caller, upload, batch, name)
    return new


def _reject(report: ArchiveReport, entry: Entry, error: PhotochromError) -> None:
    report.rejected += 1
    if len(report.errors) < _REPORTED:
        report.errors.append(RejectedEntry(item=_shown(entry.name), code=error.code, detail=str(error)))


def _shown(name: str) -> str:
    return name[:200].encode(errors="replace").decode()
