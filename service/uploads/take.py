"""One upload from its first byte to the answer: the same for a photograph and for a scan of album pages."""

from collections.abc import Callable
from functools import partial

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from photochrom.jobs.record import JobRecord

from ..caller import Caller
from ..deps import Services
from ..edge.prefix import address
from ..edge.storage_threads import on_storage_thread
from ..live.later import RETRY_AFTER
from ..live.standing import Standing
from ..live.waiting import wait_until, wanted_wait
from .accept import refuse_if_full
from .receive import Upload, received

Accept = Callable[[Services, Caller, Upload, str | None], tuple[JobRecord, bool]]
"""Keeps an upload, under an idempotency key; returns its record, and whether it is new."""


async def take(
    request: Request,
    services: Services,
    caller: Caller,
    accept: Accept,
    *,
    idempotency_key: str | None,
    prefer: str | None,
    path: str,
    look: Callable[[str], JobRecord],
    standing: Callable[[JobRecord], Standing],
) -> Response:
    """Receive an upload, keep it, and answer with its state: 202, or 200 where it has ended.

    Args:
        request: with the upload.
        services: the API's.
        caller: who sends it.
        accept: runs on a thread for storage.
        idempotency_key: of the request.
        prefer: its header `Prefer`; `wait=N` delays the answer.
        path: of the collection that it becomes a member of.
        look: returns the record of an id.
        standing: is what the answer shows of a record.

    Raises:
        QueueFull, QuotaExceeded: before the upload is read.
        PhotochromError: as `received`, `accept` and `look` do.
    """
    settings = services.settings
    await run_in_threadpool(refuse_if_full, services, caller, may_be_known=idempotency_key is not None)
    with services.uploads.one(caller):
        async with received(
            request, services.storage, settings.max_upload_bytes, services.fetcher, owner=caller.owner
        ) as upload:
            record, new = await on_storage_thread(accept, services, caller, upload, idempotency_key)
    wait = wanted_wait(prefer, settings.wait_limit)
    if wait is not None:
        again = partial(look, record.id)
        record = await wait_until(services.watcher, record.id, again, lambda seen: seen.finished, wait)
    found = await run_in_threadpool(standing, record)
    headers = {"Location": address(f"{path}/{record.id}"), "ETag": found.etag}
    if not record.finished:
        headers["Retry-After"] = RETRY_AFTER
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait:g}"
    if not new:
        headers["Idempotent-Replayed"] = "true"
    return Response(found.body, 200 if record.finished else 202, headers, media_type="application/json")
