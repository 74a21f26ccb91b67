"""The calls on single jobs."""

import hashlib
import logging
from contextlib import suppress
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from redis.exceptions import RedisError

from photochrom.access.quotas import Charge
from photochrom.errors import InvalidOption
from photochrom.jobs.record import WAITING, JobRecord, JobState, utc_now
from photochrom.jobs.store import IdempotencyKey
from photochrom.photo.options import ColorizeOptions

from ..access.auth import Caller
from ..access.ledger import charge, photographs
from ..deps import CallerDep, JobId, Services, ServicesDep
from ..edge import problems
from ..edge.paging import Cursor, Limit, link_next
from ..edge.storage_threads import on_storage_thread, waits_for_storage
from ..live.waiting import IfNoneMatch, Prefer, Standing, answer, wait_until, wanted_wait
from ..uploads.accept import hand_over, kept, refuse_if_full
from ..uploads.form import PHOTO_FIELD, REFERENCE_FIELD
from ..uploads.receive import Upload, received
from .schemas import JobPage, JobView

_log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

_RETRY_AFTER = "1"


def upload_body() -> dict[str, Any]:
    """Return the OpenAPI of an upload: FastAPI cannot know what we read from the stream ourselves."""
    references = "#/components/schemas/{model}"
    options = ColorizeOptions.model_json_schema(ref_template=references)["properties"]
    # A form and a query carry it as text.
    options["hints"] = {
        "type": "string",
        "contentMediaType": "application/json",
        "description": options["hints"]["description"],
        "examples": ['[{"x":0.4,"y":0.3,"color":"#a04030"}]'],
    }
    file = {"type": "string", "format": "binary"}
    lender = {
        **file,
        "description": "A colour photograph that lends its palette, or the id of a job that does.",
    }
    form = {PHOTO_FIELD: file, REFERENCE_FIELD: lender, **options}
    raw = {"schema": {"type": "string", "format": "binary"}}
    content = {
        "multipart/form-data": {"schema": {"type": "object", "required": [PHOTO_FIELD], "properties": form}},
        "image/*": raw,
        "application/octet-stream": raw,
    }
    texts = {
        "name": "File name of a raw body.",
        REFERENCE_FIELD: "Id of a job whose result lends its palette.",
    }
    names = [
        {"name": name, "in": "query", "schema": {"type": "string"}, "description": told}
        for name, told in texts.items()
    ]
    parameters = names + [
        {"name": key, "in": "query", "schema": schema, "description": schema.get("description", "")}
        for key, schema in options.items()
    ]
    return {"requestBody": {"required": True, "content": content}, "parameters": parameters}


@router.post(
    "",
    status_code=202,
    response_model=JobView,
    summary="Colorize a photograph",
    responses={
        200: {
            "model": JobView,
            "description": "Done within `Prefer: wait`, or the earlier answer to this key",
        },
        **problems.responses(408, 413, 415, 422, 429, 503, 507),
    },
    openapi_extra=upload_body(),
)
async def create_job(
    request: Request,
    services: ServicesDep,
    caller: CallerDep,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
    prefer: Prefer = None,
) -> Response:
    """Upload one photograph, as the `photo` part of a form or as the whole body; options are fields or query."""
    known = idempotency_key is not None
    await run_in_threadpool(refuse_if_full, services, caller, may_be_known=known)
    limit = services.settings.max_upload_bytes
    with services.uploads.one(caller):
        async with received(request, services.storage, limit) as upload:
            record, new = await on_storage_thread(_accept, services, caller, upload, idempotency_key)
    wait = wanted_wait(prefer, services.settings.wait_limit)
    if wait is not None:
        look = partial(services.store.get, record.id)
        record = await wait_until(services, record.id, look, lambda seen: seen.finished, wait)
    view = await run_in_threadpool(_view, services, record)
    headers = {"Location": view.url, "ETag": etag(record, view)}
    if not record.finished:
        headers["Retry-After"] = _RETRY_AFTER
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait:g}"
    if not new:
        headers["Idempotent-Replayed"] = "true"
    return _json(view, 200 if record.finished else 202, headers)


@router.get("", summary="List jobs, newest first", responses=problems.responses(422, 503))
@router.head("", include_in_schema=False)
def list_jobs(
    services: ServicesDep,
    caller: CallerDep,
    response: Response,
    request: Request,
    state: JobState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JobPage:
    """Return one page; the Link header leads to the next."""
    records, following = services.store.page(limit, before=cursor, state=state, owner=caller.only)
    link_next(request, response, following)
    # Positions cost a search of the queue each; they are for single jobs.
    return JobPage(items=[JobView.of(record, None) for record in records], next_cursor=following)


@router.get(
    "/{job_id}",
    response_model=JobView,
    summary="See how a job stands",
    responses={304: {"description": "Unchanged since this ETag"}, **problems.responses(404, 503)},
)
@router.head("/{job_id}", include_in_schema=False)
async def read_job(
    job_id: JobId, services: ServicesDep, if_none_match: IfNoneMatch = None, prefer: Prefer = None
) -> Response:
    """Listen to its events; or poll this, with If-None-Match and `Prefer: wait`, or at the pace of Retry-After."""

    def look() -> Standing:
        record = services.store.get(job_id)
        view = _view(services, record)
        return Standing(etag(record, view), record.finished, view.model_dump_json())

    return await answer(
        services, job_id, look, prefer=prefer, if_none_match=if_none_match, retry_after=_RETRY_AFTER
    )


@router.post(
    "/{job_id}:cancel", status_code=202, summary="Cancel a job", responses=problems.responses(404, 409, 503)
)
def cancel_job(job_id: JobId, services: ServicesDep) -> JobView:
    """Cancel at once if it waits, before its next stage if it runs; 409 if it is over."""
    record = services.store.change(job_id, lambda job: job.request_cancel(utc_now()))
    if record.finished:
        services.queue.remove(record)
        _feed(services, record)
    return _view(services, record)


@router.post(
    "/{job_id}:retry",
    status_code=202,
    summary="Try a failed or canceled job again",
    responses=problems.responses(404, 409, 429, 503),
)
def retry_job(job_id: JobId, services: ServicesDep, caller: CallerDep) -> JobView:
    """Queue it anew while its original is kept, which counts as sending it; 409 if neither failed nor canceled."""
    services.store.get(job_id).retry()  # what is refused costs nothing
    charge(services.allowance, caller, photographs(1))
    record = services.store.change(job_id, JobRecord.retry)
    hand_over(services, record)
    return _view(services, record)


@router.delete(
    "/{job_id}", status_code=204, summary="Erase a job and its files", responses=problems.responses(404, 503)
)
@waits_for_storage
def delete_job(job_id: JobId, services: ServicesDep) -> None:
    """Forget it at once, running or not: a worker that has it stops before its next stage."""
    record = services.store.delete(job_id)
    services.queue.remove(record)
    for key in record.stored_keys():
        services.storage.delete(key)
    _feed(services, record)


def etag(record: JobRecord, view: JobView) -> str:
    """Return a weak tag: the record's revision, and the position, which changes without it."""
    return f'W/"{record.revision}-{"" if view.queue_position is None else view.queue_position}"'


def _accept(
    services: Services, caller: Caller, upload: Upload, idempotency_key: str | None
) -> tuple[JobRecord, bool]:
    def add(record: JobRecord, charge: Charge | None) -> tuple[JobRecord, bool]:
        said = f"{record.original.sha256} {record.original.name} {record.asked()}"
        key = idempotency(idempotency_key, said, record.owner)
        kept_before = services.store.create(record, key, charge)
        return kept_before, kept_before.id == record.id

    record, new = kept(services, caller, upload, add)
    if new:
        hand_over(services, record)
    return record, new


def _feed(services: Services, record: JobRecord) -> None:
    """Give the turn of an item that is over to the next one of its batch; if not now, the workers do it."""
    if record.batch_id is not None:
        with suppress(RedisError):
            services.batches.feed(record.batch_id)


def idempotency(key: str | None, said: str, owner: str) -> IdempotencyKey | None:
    """Return the key that `owner` gave to a call, with what the call says, both hashed; None without a key.

    Raises:
        InvalidOption: the key is empty.
    """
    if key is None:
        return None
    if not key.strip():
        raise InvalidOption("The Idempotency-Key is empty.")
    # One owner's key is nothing to another.
    mine = f"{owner} {key}" if owner else key
    return IdempotencyKey(_hashed(mine), _hashed(said))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _view(services: Services, record: JobRecord) -> JobView:
    return JobView.of(record, _position(services, record) if record.state in WAITING else None)


def _position(services: Services, record: JobRecord) -> int | None:
    try:
        return services.queue.position(record)
    except RedisError:
        return None  # a nicety; the job is as good as without it


def _json(view: JobView, status: int, headers: dict[str, str]) -> Response:
    return Response(view.model_dump_json(), status, headers, media_type="application/json")
