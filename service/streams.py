"""Server-sent events: every event is the whole present state, so a reader that missed some has missed nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from redis.exceptions import RedisError

from photochrom.errors import JobNotFound

from . import problems
from .deps import Services, ServicesDep
from .schemas import JobView

router = APIRouter(tags=["events"])

# Proxies cut silent connections after a minute, and a lost subscription is made good by looking.
HEARTBEAT_SECONDS = 15.0
_RECONNECT_MILLISECONDS = 1000
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "Events `job` (data: the job) with the revision as id, `deleted` as the last one",
    },
    204: {"description": "Nothing will come after this Last-Event-ID; do not reconnect"},
}


@router.get(
    "/v1/jobs/{job_id}/events",
    summary="Follow a job live",
    response_class=StreamingResponse,
    responses={**EVENTS, **problems.responses(404, 503)},
)
async def job_events(
    job_id: str, services: ServicesDep, last_event_id: Annotated[str | None, Header()] = None
) -> Response:
    """Send the job now and after each change; ends when the job does. Reconnecting resumes by Last-Event-ID."""
    record = await run_in_threadpool(services.store.get, job_id)
    seen = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else 0
    if record.finished and seen >= record.revision:
        return Response(status_code=204)
    return StreamingResponse(
        _follow(services, job_id, seen), media_type="text/event-stream", headers=_HEADERS
    )


async def _follow(services: Services, job_id: str, seen: int) -> AsyncIterator[str]:
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
