"""Server-sent events: every event is the whole present state, so a reader that missed some has missed nothing."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from redis.exceptions import RedisError

from photochrom.errors import BatchNotFound, JobNotFound

from ..access.recheck import while_admitted
from ..batches.schemas import BatchView, view_of
from ..deps import BatchId, JobId, Services, ServicesDep
from ..edge import problems
from ..jobs.schemas import JobView

router = APIRouter(tags=["events"])

# Proxies cut silent connections after a minute, and a lost subscription is made good by looking.
HEARTBEAT_SECONDS = 15.0
_RECONNECT_MILLISECONDS = 1000
# A batch changes with every stage of every item; nobody reads that fast.
_PAUSE_SECONDS = 0.2
_HEADERS = {"Cache-Control": "private, no-cache", "X-Accel-Buffering": "no"}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "Events `job` or `batch`, whose data is the whole job or batch, and `deleted`",
    },
    204: {"description": "Nothing will come after this Last-Event-ID; do not reconnect"},
}


@router.get(
    "/v1/jobs/{job_id}/events",
    summary="Follow a job live",
    response_class=StreamingResponse,
    responses={**EVENTS, **problems.responses(404, 503)},
)
@router.head("/v1/jobs/{job_id}/events", include_in_schema=False)
async def job_events(
    job_id: JobId,
    services: ServicesDep,
    request: Request,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Send the job now and after each change; ends when the job does. Reconnecting resumes by Last-Event-ID."""
    record = await run_in_threadpool(services.store.get, job_id)
    seen = _number(last_event_id)
    if record.finished and seen >= record.revision:
        return Response(status_code=204)
    return _live(request, _follow(services, job_id, seen))


async def _follow(services: Services, job_id: str, seen: int) -> AsyncGenerator[str]:
    yield f"retry: {_RECONNECT_MILLISECONDS}\n\n"
    with services.watcher.watching(job_id) as changed:
        while True:
            changed.clear()
            try:
                record = await run_in_threadpool(services.store.get, job_id)
            except JobNotFound:
                yield event("deleted", "{}")
                return
            except RedisError:
                return  # the reader connects again, and resumes
            if record.revision > seen:
                seen = record.revision
                yield event("job", JobView.of(record, None).model_dump_json(), seen)
            if record.finished:
                return
            if not await happens(changed, HEARTBEAT_SECONDS):
                yield ": alive\n\n"


@router.get(
    "/v1/batches/{batch_id}/events",
    summary="Follow a batch live",
    response_class=StreamingResponse,
    responses={**EVENTS, **problems.responses(404, 503)},
)
@router.head("/v1/batches/{batch_id}/events", include_in_schema=False)
async def batch_events(
    batch_id: BatchId,
    services: ServicesDep,
    request: Request,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Send event `batch` with the whole batch now and as it changes; ends when the batch does."""
    view, number = await run_in_threadpool(_present, services, batch_id)
    seen = _number(last_event_id)
    if view.over and seen >= number:
        return Response(status_code=204)
    return _live(request, _follow_batch(services, batch_id, seen))


async def _follow_batch(services: Services, batch_id: str, seen: int) -> AsyncGenerator[str]:
    yield f"retry: {_RECONNECT_MILLISECONDS}\n\n"
    with services.watcher.watching(batch_id) as changed:
        while True:
            changed.clear()
            try:
                view, number = await run_in_threadpool(_present, services, batch_id)
            except BatchNotFound:
                yield event("deleted", "{}")
                return
            except RedisError:
                return
            if number > seen:
                seen = number
                yield event("batch", view.model_dump_json(), seen)
            if view.over:
                return
            if not await happens(changed, HEARTBEAT_SECONDS):
                yield ": alive\n\n"
            await asyncio.sleep(_PAUSE_SECONDS)


def _live(request: Request, events: AsyncGenerator[str]) -> Response:
    return streamed(
        request, while_admitted(request, events, HEARTBEAT_SECONDS), "text/event-stream", _HEADERS
    )


def streamed(
    request: Request, chunks: Iterator[Any] | AsyncIterator[Any], kind: str, headers: Mapping[str, str]
) -> Response:
    """Return a stream as the answer; to HEAD only what would stand above it, without making any of it."""
    if request.method == "HEAD":
        response = Response(headers=headers, media_type=kind)
        # Nobody knows how long the stream would be; it is not of length 0.
        del response.headers["Content-Length"]
        return response
    return StreamingResponse(chunks, media_type=kind, headers=headers)


def _present(services: Services, batch_id: str) -> tuple[BatchView, int]:
    # The number first: what changes in between is shown now, and once more.
    number = services.batches.events(batch_id)
    return view_of(services, services.batches.get(batch_id)), number


def _number(last_event_id: str | None) -> int:
    given = last_event_id or ""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0


def event(kind: str, data: str, number: int | None = None) -> str:
    """Return one event on the wire; `data` is JSON on one line."""
    identity = "" if number is None else f"id: {number}\n"
    return f"{identity}event: {kind}\ndata: {data}\n\n"


async def happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, at most so long; tell whether it came."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
