"""Answers that wait: `Prefer: wait=N` (RFC 7240) holds one back until there is something to say."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Header, Response
from fastapi.concurrency import run_in_threadpool

from ..deps import Services
from .streams import happens

Prefer = Annotated[
    str | None,
    Header(
        description="`wait=N`: hold the answer back for up to N seconds, until there is something to say.",
        examples=["wait=20"],
    ),
]
IfNoneMatch = Annotated[str | None, Header(description="The ETag of an earlier answer.")]
# Waiting requests hear of changes; this is for a lost subscription, and for places in the queue, of which nobody tells.
_LOOK_AGAIN_SECONDS = 2.0
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])")

Seen = TypeVar("Seen")


class Standing(NamedTuple):
    """How a job or a batch stands, ready to be answered."""

    etag: str
    over: bool
    body: str


def wanted_wait(prefer: str | None, limit: float) -> float | None:
    """Return the seconds that `Prefer: wait=N` asks for, up to the limit; None where it asks for none."""
    found = _WAIT.search(prefer or "")
    return min(float(found[1]), limit) if found else None


def matches(if_none_match: str | None, tag: str) -> bool:
    """Compare weakly, as RFC 9110 asks for If-None-Match."""
    if if_none_match is None:
        return False
    given = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in given or tag.removeprefix("W/") in given


async def wait_until(
    services: Services, key: str, look: Callable[[], Seen], enough: Callable[[Seen], bool], seconds: float
) -> Seen:
    """Look at the job or batch `key` now and after each of its changes, until it is enough or time is over.

    Raises:
        JobNotFound, BatchNotFound: as `look` does, when it is deleted meanwhile.
    """
    seen = await run_in_threadpool(look)
    with services.watcher.watching(key) as changed, suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not enough(seen):
                changed.clear()
                seen = await run_in_threadpool(look)
                if not enough(seen):
                    await happens(changed, _LOOK_AGAIN_SECONDS)
    return seen


async def answer(
    services: Services,
    key: str,
    look: Callable[[], Standing],
    *,
    prefer: str | None,
    if_none_match: str | None,
    retry_after: str,
) -> Response:
    """Answer how it stands, or 304; with `Prefer: wait` after a change since If-None-Match, or at its end."""

    def enough(found: Standing) -> bool:
        return found.over or (if_none_match is not None and not matches(if_none_match, found.etag))

    wait = wanted_wait(prefer, services.settings.wait_limit)
    found = await (run_in_threadpool(look) if wait is None else wait_until(services, key, look, enough, wait))
    headers = {"ETag": found.etag, "Cache-Control": "private, no-cache"}
    if not found.over:
        headers["Retry-After"] = retry_after
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait:g}"
    if matches(if_none_match, found.etag):
        return Response(status_code=304, headers=headers)
    return Response(found.body, headers=headers, media_type="application/json")
