"""Server-sent events: every event is the whole current state, so a reader that missed some has lost nothing."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import format_sse_event
from redis.exceptions import RedisError

from photochrom.errors import BatchNotFound, JobNotFound

from ..access.recheck import while_admitted
from ..edge.streaming import streamed
from ..watcher import JobWatcher
from .standing import Standing, standings

LastEventId = Annotated[str | None, Header()]

# Proxies close silent connections after a minute, and looking again repairs a lost subscription.
HEARTBEAT_SECONDS = 15.0
_RECONNECT_MILLISECONDS = 1000
_HEADERS = {"Cache-Control": "private, no-cache", "X-Accel-Buffering": "no"}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "Events `job` or `batch`, whose data is the whole job or batch, and `deleted`",
    },
    204: {"description": "Nothing will come after this Last-Event-ID; do not reconnect"},
}


async def answer_live(
    request: Request,
    watcher: JobWatcher,
    key: str,
    look: Callable[[], Standing],
    kind: str,
    *,
    last_event_id: str | None,
    pause: float = 0.0,
) -> Response:
    """Answer with the events of a job or batch, or 204 to a reader that has heard the last one."""
    seen = _number(last_event_id)
    found = await run_in_threadpool(look)
    if found.over and seen >= found.number:
        return Response(status_code=204)
    events = follow(watcher, key, look, kind, seen=seen, pause=pause)
    return streamed(
        request, while_admitted(request, events, HEARTBEAT_SECONDS), "text/event-stream", _HEADERS
    )


async def follow(
    watcher: JobWatcher, key: str, look: Callable[[], Standing], kind: str, *, seen: int = 0, pause: float = 0
) -> AsyncGenerator[bytes]:
    """Yield an event `kind` with the state of the job or batch after `seen`, and for each change until it is done."""
    yield format_sse_event(retry=_RECONNECT_MILLISECONDS)
    try:
        async with aclosing(standings(watcher, key, look, HEARTBEAT_SECONDS, pause)) as found:
            async for now, heard in found:
                if not heard:
                    yield format_sse_event(comment="alive")
                if now.number > seen:
                    seen = now.number
                    yield event(kind, now.body, seen)
                if now.over:
                    return
    except (JobNotFound, BatchNotFound):
        yield event("deleted", "{}")
    except RedisError:
        return  # the reader connects again, and resumes


def _number(last_event_id: str | None) -> int:
    given = last_event_id or ""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0


def event(kind: str, data: str, number: int | None = None) -> bytes:
    """Return one event on the wire; `data` is JSON on one line."""
    return format_sse_event(event=kind, data_str=data, id=None if number is None else str(number))
