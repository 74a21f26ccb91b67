"""The calls on single jobs."""

import logging
import re
from contextlib import suppress
from functools import partial
from typing import Annotated

from fastapi import Header, Request, Response
from redis.exceptions import RedisError

from photochrom.batches.turns import Turns
from photochrom.errors import (
    IdempotencyMismatch,
    JobConflict,
    JobNotFound,
    PreconditionFailed,
    QuotaExceeded,
    StorageUnavailable,
)
from photochrom.jobs.queue import JobQueue
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import WAITING, JobState
from photochrom.times import utc_now

from ..access.ledger import charged, photographs
from ..caller import Caller
from ..deps import CallerDep, JobId, Services, ServicesDep
from ..edge import problems
from ..edge.conditions import IfMatch, require_match
from ..edge.paging import Cursor, Limit, link_next
from ..edge.routing import Router
from ..edge.storage_threads import waits_for_storage
from ..live.later import RETRY_AFTER
from ..live.standing import Standing
from ..live.waiting import IfNoneMatch, Prefer, answer
from ..uploads.accept import accept_job, hand_over
from ..uploads.described import REFUSALS, Described, upload_body
from ..uploads.receive import Upload
from ..uploads.series import refuse_consistency
from ..uploads.split import refuse_split
from ..uploads.take import take
from .schemas import JobPage, JobView
from .standing import standing, tag_of

_log = logging.getLogger(__name__)
router = Router(prefix="/v1/jobs", tags=["jobs"])

# The part of a job's ETag after its revision.
_PLACE = re.compile(r'(?<=\d-)\d+(?=")')


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
        **problems.responses(IdempotencyMismatch, *REFUSALS),
    },
    openapi_extra=Described(upload_body),
)
async def create_job(
    request: Request,
    services: ServicesDep,
    caller: CallerDep,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
    prefer: Prefer = None,
) -> Response:
    """Upload one photograph, as the `photo` part of a form or as the whole body; options are fields or query."""
    return await take(
        request,
        services,
        caller,
        _accept,
        idempotency_key=idempotency_key,
        prefer=prefer,
        path="/v1/jobs",
        look=services.store.get,
        standing=partial(_standing, services.queue),
    )


def _accept(
    services: Services, caller: Caller, upload: Upload, idempotency_key: str | None
) -> tuple[JobRecord, bool]:
    refuse_split(upload)
    refuse_consistency(upload.options)
    return accept_job(services, caller, upload, idempotency_key)


@router.get("", summary="List jobs, newest first", responses=problems.responses(problems.INVALID_REQUEST))
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
    "/{job_id:id}",
    response_model=JobView,
    summary="See how a job stands",
    responses={304: {"description": "Unchanged since this ETag"}, **problems.responses(JobNotFound)},
)
async def read_job(
    job_id: JobId, services: ServicesDep, if_none_match: IfNoneMatch = None, prefer: Prefer = None
) -> Response:
    """Listen to its events; or poll this, with If-None-Match and `Prefer: wait`, or at the pace of Retry-After."""

    def look() -> Standing:
        return _standing(services.queue, services.store.get(job_id))

    return await answer(
        services.watcher,
        job_id,
        look,
        prefer=prefer,
        longest=services.settings.wait_limit,
        if_none_match=if_none_match,
        retry_after=RETRY_AFTER,
    )


@router.post(
    "/{job_id}:cancel",
    status_code=202,
    summary="Cancel a job",
    responses=problems.responses(JobNotFound, JobConflict),
)
def cancel_job(job_id: JobId, services: ServicesDep) -> JobView:
    """Cancel at once if it waits, before its next stage if it runs; 409 if it is over."""
    record = services.store.change(job_id, lambda job: job.request_cancel(utc_now()))
    if record.finished:
        services.queue.remove(record)
        _feed(services.turns, record)
    return JobView.of(record, position_of(services.queue, record))


@router.post(
    "/{job_id}:retry",
    status_code=202,
    summary="Try a failed or canceled job again",
    responses=problems.responses(JobNotFound, JobConflict, QuotaExceeded),
)
def retry_job(job_id: JobId, services: ServicesDep, caller: CallerDep) -> JobView:
    """Queue it again while its original is kept. Counts as sending it; 409 if it neither failed nor was canceled."""
    services.store.get(job_id).retry()  # what is refused is not refused for want of quota
    with charged(services.allowance, caller, photographs(1)):
        record = services.store.change(job_id, JobRecord.retry)
    if record.batch_id is not None and record.options.consistency:
        services.batches.renew_series(record.batch_id)
    hand_over(services.queue, services.turns, record)
    return JobView.of(record, position_of(services.queue, record))


@router.delete(
    "/{job_id:id}",
    status_code=204,
    summary="Erase a job and its files",
    responses=problems.responses(JobNotFound, PreconditionFailed, StorageUnavailable),
)
@waits_for_storage
def delete_job(job_id: JobId, services: ServicesDep, if_match: IfMatch = None) -> None:
    """Delete the job at once, even while it runs: its worker stops before the next stage."""
    erase(services, job_id, if_match)


def erase(services: Services, job_id: str, if_match: str | None) -> None:
    """Delete a job and its files; raise `JobNotFound` or `PreconditionFailed`."""
    record = services.store.delete(job_id, lambda job: require_known(job, if_match))
    services.queue.remove(record)
    for key in record.stored_keys():
        services.storage.delete(key)
    _feed(services.turns, record)


def require_known(record: JobRecord, if_match: str | None) -> None:
    """Raise `PreconditionFailed` where the caller knows another state."""
    if if_match is not None:
        # A place in the queue that has moved is not a change of the job.
        require_match(_PLACE.sub("", if_match), tag_of(record))


def _feed(turns: Turns, record: JobRecord) -> None:
    """Give the turn of an item that is over to the next one of its batch; if not now, the workers do it."""
    if record.batch_id is not None:
        with suppress(RedisError):
            turns.feed(record.batch_id)


def _standing(queue: JobQueue, record: JobRecord) -> Standing:
    return standing(record, position_of(queue, record))


def position_of(queue: JobQueue, record: JobRecord) -> int | None:
    """Return the job's place in the queue; None if it has none or the place is not known."""
    if record.state not in WAITING:
        return None
    try:
        return queue.position(record)
    except RedisError:
        return None  # a nicety; the job is as good as without it
