"""The state of a job or a batch, now and after each change."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple, TypeVar

from fastapi.concurrency import run_in_threadpool

from ..watcher import JobWatcher

Seen = TypeVar("Seen")


class Standing(NamedTuple):
    """The state of a job or a batch, ready to be answered."""

    etag: str
    number: int
    """Counts its changes, so a reader knows what it has missed."""
    over: bool
    body: str


async def standings(
    watcher: JobWatcher, key: str, look: Callable[[], Seen], again: float, pause: float = 0.0
) -> AsyncGenerator[tuple[Seen, bool]]:
    """Yield what `look` returns, now and after each change of the job or batch `key`, and whether a change was heard.

    Args:
        watcher: hears of changes.
        key: id of the job or batch.
        look: called on a thread; what it raises comes out of here.
        again: seconds without a change after which to look anyway, since a subscription may be lost.
        pause: seconds to wait after a change, because changes come in bursts.
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
