"""Long polling: `Prefer: wait=N` (RFC 7240) delays the answer until there is a change to report."""

import asyncio
import re
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Annotated

from fastapi import Header, Response
from fastapi.concurrency import run_in_threadpool

from ..edge.conditions import matches
from ..watcher import JobWatcher
from .standing import Seen, Standing, standings

Prefer = Annotated[
    str | None,
    Header(
        description="`wait=N`: delay the answer for up to N seconds, until there is a change to report.",
        examples=["wait=20"],
    ),
]
IfNoneMatch = Annotated[str | None, Header(description="The ETag of an earlier answer.")]
# Waiting requests are told of changes. This covers a lost subscription, and queue positions, which send no event.
_LOOK_AGAIN_SECONDS = 2.0
# More than that is more than any limit, and need not become a number.
_DIGITS = 6
# RFC 7240: names in any case, a word or a quoted one, blanks around the sign; of several the first one counts.
_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*(?:"(\d+)"|(\d+))\s*(?:$|[,;])', re.IGNORECASE)
# Between the quotes of another preference nothing is meant for us.
_QUOTED = re.compile(r'=\s*"(?!\d+")(?:[^"\\]|\\.)*"')


def wanted_wait(prefer: str | None, limit: float) -> float | None:
    """Return the seconds that `Prefer: wait=N` asks for, up to the limit; None where it asks for none."""
    found = _WAIT.search(_QUOTED.sub("=_", prefer or ""))
    if found is None:
        return None
    digits = found[1] or found[2]
    return limit if len(digits.lstrip("0")) > _DIGITS else min(float(digits), limit)


async def wait_until(
    watcher: JobWatcher, key: str, look: Callable[[], Seen], enough: Callable[[Seen], bool], seconds: float
) -> Seen:
    """Look at the job or batch `key` now and after each change, until there is enough to answer or the time is up.

    Raises:
        JobNotFound, BatchNotFound: as `look` does, when it is deleted meanwhile.
    """
    seen = await run_in_threadpool(look)
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(seconds),
            aclosing(standings(watcher, key, look, _LOOK_AGAIN_SECONDS)) as found,
        ):
            while not enough(seen):
                seen, _ = await anext(found)
    return seen


async def answer(
    watcher: JobWatcher,
    key: str,
    look: Callable[[], Standing],
    *,
    prefer: str | None,
    longest: float,
    if_none_match: str | None,
    retry_after: str,
) -> Response:
    """Answer with the state, or 304; with `Prefer: wait` after a change since If-None-Match, or when it is done.

    It waits for no more than `longest` seconds.
    """

    def enough(found: Standing) -> bool:
        return found.over or (if_none_match is not None and not matches(if_none_match, found.etag))

    wait = wanted_wait(prefer, longest)
    found = await (run_in_threadpool(look) if wait is None else wait_until(watcher, key, look, enough, wait))
    headers = {"ETag": found.etag, "Cache-Control": "private, no-cache"}
    if not found.over:
        headers["Retry-After"] = retry_after
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait:g}"
    if matches(if_none_match, found.etag):
        return Response(status_code=304, headers=headers)
    return Response(found.body, headers=headers, media_type="application/json")
