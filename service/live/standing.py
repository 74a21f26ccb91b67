"""How a job or a batch stands, now and after each of its changes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple, TypeVar

from fastapi.concurrency import run_in_threadpool

from ..watcher import JobWatcher

Seen = TypeVar("Seen")


class Standing(NamedTuple):
    """How a job or a batch stands, ready to be answered."""

    etag: str
    number: int
    """Counts its changes, so a reader knows what it has missed."""
    over: bool
    body: str


async def standings(
    watcher: JobWatcher, key: str, look: Callable[[], Seen], again: float, pause: float = 0.0
) -> AsyncGenerator[tuple[Seen, bool]]:
    """Yield what `look` returns, now and after each change of the job or batch `key`, and whether one was heard of.

    Args:
        watcher: hears of changes.
        key: id of the job or batch.
        look: called on a thread; what it raises comes out of here.
        again: seconds without a change after which to look all the same: a subscription may be lost.
        pause: seconds to let pass after a change, for those that come in bursts.
    """
    heard = True
    with watcher.watching(key) as changed:
        while True:
            changed.clear()
            yield await run_in_threadpool(look), heard
            heard = await _happens(changed, again)
            await asyncio.sleep(pause)


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
