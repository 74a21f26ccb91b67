"""The calls on batches: many photographs, sent one by one or resumed, under names with folders."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from typing import Annotated, TypeVar

from fastapi import BackgroundTasks, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from photochrom.batches.names import item_name
from photochrom.batches.record import BatchRecord
from photochrom.errors import (
    BatchClosed,
    BatchNotFound,
    InvalidName,
    InvalidOption,
    ItemConflict,
    ItemNotFound,
    PreconditionFailed,
    QuotaExceeded,
    ResultExpired,
    ResultNotReady,
    StorageUnavailable,
    TooManyBatches,
)
from photochrom.ids import new_id
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import UNFINISHED, JobState
from photochrom.storage.storage import Storage
from photochrom.times import utc_now

from ..access.ledger import ACTION, NotTaken, charged, photographs
from ..access.recheck import while_admitted
from ..caller import Caller
from ..deps import BatchId, CallerDep, Services, ServicesDep
from ..edge import problems
from ..edge.conditions import IfMatch, require_match
from ..edge.idempotency import idempotency
from ..edge.paging import Cursor, Limit, link_next
from ..edge.prefix import address
from ..edge.routing import Router
from ..edge.storage_threads import from_storage, on_storage_thread
from ..edge.streaming import streamed
from ..jobs.schemas import JobPage, JobView
from ..live.waiting import IfNoneMatch, Prefer, answer
from ..uploads.accept import accept_item, refuse_if_full
from ..uploads.described import REFUSALS, Described, item_body
from ..uploads.receive import received
from .results import Layout, errors_as_lines, results_as_zip
from .schemas import BatchPage, BatchView, NewBatch, Retried, view_of
from .standing import standing, tag_of

router = Router(prefix="/v1/batches", tags=["batches"])

_RETRY_AFTER = "2"
_RECHECK_SECONDS = 15.0
T = TypeVar("T")


@router.post(
    "",
    status_code=201,
    summary="Begin a batch",
    responses={
        200: {"model": BatchView, "description": "The batch that an earlier call with this key began"},
        **problems.responses(*problems.JSON_BODY, InvalidOption, TooManyBatches, QuotaExceeded),
    },
)
def create_batch(
    services: ServicesDep,
    caller: CallerDep,
    response: Response,
    new: NewBatch | None = None,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> BatchView:
    """Begin a batch; then send its photographs, in any order and as often as needed, and seal it."""
    new = new or NewBatch()
    if new.retention and not services.settings.keep_batches:
        raise InvalidOption(
            "This service keeps no batch for ever; its operator can allow it (PHOTOCHROM_KEEP_BATCHES)."
        )
    record = BatchRecord(
        id=new_id(),
        name=new.name,
        owner=caller.owner,
        options=new.options,
        retention=new.retention,
        created_at=utc_now(),
        series="due" if new.options.consistency else None,
    )
    key = idempotency(idempotency_key, new.said(), caller.owner)
    begun = services.batches.made_by(key) if key else None
    if begun is None:
        with charged(services.allowance, caller, ACTION):
            begun = services.batches.create(record, key, services.settings.open_batches)
            if begun.id != record.id:
                raise NotTaken
    assert begun is not None
    response.headers["Location"] = address(f"/v1/batches/{begun.id}")
    if begun.id != record.id:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    return view_of(services.store, begun)


@router.get("", summary="List batches, newest first", responses=problems.responses(problems.INVALID_REQUEST))
def list_batches(
    services: ServicesDep,
    caller: CallerDep,
    request: Request,
    response: Response,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> BatchPage:
    """Return one page; the Link header leads to the next."""
    records, following = services.batches.page(limit, cursor, caller.only)
    link_next(request, response, following)
    return BatchPage(items=[view_of(services.store, record) for record in records], next_cursor=following)


@router.get(
    "/{batch_id:id}",
    response_model=BatchView,
    summary="See how a batch stands",
    responses={304: {"description": "Unchanged since this ETag"}, **problems.responses(BatchNotFound)},
)
async def read_batch(
    batch_id: BatchId, services: ServicesDep, if_none_match: IfNoneMatch = None, prefer: Prefer = None
) -> Response:
    """Poll this with If-None-Match and `Prefer: wait`, or as Retry-After says; or listen to the batch's events."""
    return await answer(
        services.watcher,
        batch_id,
        partial(standing, services.batches, services.store, batch_id),
        prefer=prefer,
        longest=services.settings.wait_limit,
        if_none_match=if_none_match,
        retry_after=_RETRY_AFTER,
    )


@router.put(
    "/{batch_id}/items/{name:path}",
    status_code=201,
    response_model=JobView,
    summary="Send one photograph of a batch",
    responses={
        200: {"model": JobView, "description": "It was there already, with the same bytes and options"},
        **problems.responses(
            BatchNotFound,
            BatchClosed,
            ItemConflict,
            InvalidName,
            *REFUSALS,
        ),
    },
    openapi_extra=Described(item_body),
)
async def put_item(
    batch_id: BatchId, name: str, request: Request, services: ServicesDep, caller: CallerDep
) -> Response:
    """Send a photograph under its name, a relative path. Sending the same again is safe, so just resume."""
    item = item_name(name)
    batch = await run_in_threadpool(services.batches.get, batch_id)
    await run_in_threadpool(_refuse_if_full, services, caller, batch_id, item)
    limit = services.settings.max_upload_bytes
    with services.uploads.one(caller):
        async with received(
            request, services.storage, limit, services.fetcher, batch.options, caller.owner
        ) as upload:
            record, new = await on_storage_thread(accept_item, services, caller, upload, batch, item)
    view = JobView.of(record, None)
    headers = {"Location": view.url}
    return Response(view.model_dump_json(), 201 if new else 200, headers, media_type="application/json")


@router.get(
    "/{batch_id}/items",
    summary="List the items of a batch",
    responses=problems.responses(BatchNotFound, problems.INVALID_REQUEST),
)
def list_items(
    batch_id: BatchId,
    services: ServicesDep,
    request: Request,
    response: Response,
    state: JobState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JobPage:
    """Return one page of items, the last sent first; `state=failed` returns only those that failed."""
    services.batches.get(batch_id)
    records, following = services.store.page(limit, before=cursor, state=state, batch_id=batch_id)
    link_next(request, response, following)
    return JobPage(items=[JobView.of(record, None) for record in records], next_cursor=following)


@router.get(
    "/{batch_id}/items/{name:path}",
    summary="Find an item by its name",
    responses=problems.responses(BatchNotFound, ItemNotFound),
)
def read_item(batch_id: BatchId, name: str, services: ServicesDep) -> JobView:
    """Return the job of this item; a client that resumes can ask here whether it was sent already."""
    services.batches.get(batch_id)
    return JobView.of(services.batches.item(batch_id, name), None)


@router.post(
    "/{batch_id}:seal",
    summary="Say that all photographs are sent",
    responses=problems.responses(BatchNotFound),
)
def seal_batch(batch_id: BatchId, services: ServicesDep) -> BatchView:
    """Take no more photographs; the batch is completed when the last item is."""
    return view_of(services.store, services.batches.seal(batch_id))


@router.post(
    "/{batch_id}:cancel",
    status_code=202,
    summary="Cancel a batch",
    responses=problems.responses(BatchNotFound),
)
def cancel_batch(batch_id: BatchId, services: ServicesDep, background: BackgroundTasks) -> BatchView:
    """Begin no further item; finished results are kept. `:retry-failed` continues a canceled batch."""
    record = services.batches.cancel(batch_id)
    # Thousands of items take a second; if we die meanwhile, the workers' maintenance goes on.
    background.add_task(services.turns.cancel_items, batch_id)
    return view_of(services.store, record)


@router.post(
    "/{batch_id}:pause", summary="Pause a batch", responses=problems.responses(BatchNotFound, BatchClosed)
)
def pause_batch(batch_id: BatchId, services: ServicesDep) -> BatchView:
    """Begin no further item until `:resume`; running items finish, results are kept, single jobs continue."""
    return view_of(services.store, services.batches.pause(batch_id))


@router.post(
    "/{batch_id}:resume", summary="Go on with a paused batch", responses=problems.responses(BatchNotFound)
)
def resume_batch(batch_id: BatchId, services: ServicesDep) -> BatchView:
    """Continue where it was paused; a batch that is not paused stays as it is."""
    record = services.batches.resume(batch_id)
    services.turns.feed(batch_id)
    return view_of(services.store, record)


@router.post(
    "/{batch_id}:retry-failed",
    status_code=202,
    summary="Try the failed and canceled items again",
    responses=problems.responses(BatchNotFound, QuotaExceeded),
)
def retry_failed(
    batch_id: BatchId, services: ServicesDep, caller: CallerDep, background: BackgroundTasks
) -> Retried:
    """Queue them again, as far as their originals are still kept; finished results stay as they are."""
    retried = services.batches.retryable(batch_id)
    with charged(services.allowance, caller, photographs(retried)):
        if not services.batches.retry_failed(batch_id):
            retried = 0
            raise NotTaken
    background.add_task(services.turns.retry_items, batch_id)
    return Retried(retried=retried, batch=view_of(services.store, services.batches.get(batch_id)))


@router.delete(
    "/{batch_id:id}",
    status_code=204,
    summary="Erase a batch, its items and their files",
    responses=problems.responses(BatchNotFound, PreconditionFailed, StorageUnavailable),
)
def delete_batch(
    batch_id: BatchId, services: ServicesDep, background: BackgroundTasks, if_match: IfMatch = None
) -> None:
    """Delete the batch with its items; running items stop before their next stage."""
    check = None if if_match is None else lambda number: require_match(if_match, tag_of(number))
    records = services.batches.delete(batch_id, check)
    background.add_task(on_storage_thread, _delete_files, services.storage, records)


@router.get(
    "/{batch_id}/archive.zip",
    summary="Download all results as one zip",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("application/zip", "application/octet-stream")
            }
        },
        **problems.responses(
            BatchNotFound,
            ResultNotReady,
            ResultExpired,
            StorageUnavailable,
        ),
    },
)
def download_archive(
    batch_id: BatchId,
    services: ServicesDep,
    request: Request,
    layout: Annotated[
        Layout, Query(description="`bagit` packs a bag (RFC 8493), which an archive can check file by file.")
    ] = Layout.PLAIN,
    originals: Annotated[
        bool, Query(description="Whether the originals come too, as far as they are kept, in `originals/`.")
    ] = False,
) -> Response:
    """Stream the results that are there, under their names and folders, with manifest.json at the end.

    The manifest has the SHA-256 of each original and result, the options, the model and the warnings.
    """
    record = services.batches.get(batch_id)
    counts = services.store.counts(batch_id)
    if not counts[JobState.SUCCEEDED]:
        if counts[JobState.EXPIRED] and not any(counts[state] for state in UNFINISHED):
            raise ResultExpired("The results were deleted when their time was over.")
        raise ResultNotReady("The batch has no results yet.")
    headers = {"Content-Disposition": f'attachment; filename="photochrom-{batch_id}.zip"'}
    chunks = _rechecked(
        request, results_as_zip(services.store, services.storage, record, layout, originals=originals)
    )
    return streamed(request, chunks, "application/zip", headers)


@router.get(
    "/{batch_id}/errors.jsonl",
    summary="List what failed, one JSON object a line",
    response_class=StreamingResponse,
    responses={
        # Generators of clients that do not know the first take the second.
        200: {
            "content": {kind: {"schema": {"type": "string"}} for kind in ("application/jsonl", "text/plain")}
        },
        **problems.responses(BatchNotFound),
    },
)
def download_errors(batch_id: BatchId, services: ServicesDep, request: Request) -> Response:
    """Stream item, job, code and detail of every failed item."""
    services.batches.get(batch_id)
    chunks = _rechecked(request, errors_as_lines(services.store, batch_id))
    return streamed(request, chunks, "application/jsonl", {})


def _rechecked(request: Request, chunks: Iterator[T]) -> AsyncIterator[T]:
    """Make a long answer on threads, and break it off when the key that asked for it is over."""

    async def made() -> AsyncGenerator[T]:
        async for chunk in from_storage(chunks):
            yield chunk

    return while_admitted(request, made(), _RECHECK_SECONDS, must_be_whole=True)


def _refuse_if_full(services: Services, caller: Caller, batch_id: str, item: str) -> None:
    """Refuse before an upload is read, unless it is there already, and so costs nothing."""
    try:
        refuse_if_full(services, caller)
    except QuotaExceeded:
        with suppress(ItemNotFound):
            services.batches.item(batch_id, item)
            return
        raise


def _delete_files(storage: Storage, records: list[JobRecord]) -> None:
    for record in records:
        for key in record.stored_keys():
            storage.delete(key)
