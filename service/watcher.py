"""Notify waiting requests that a job has changed, without polling: one subscription per API process."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from photochrom.jobs.store import CHANGES

_log = logging.getLogger(__name__)
_RECONNECT_SECONDS = 1.0
_CANCEL_SECONDS = 0.2


class JobWatcher:
    """Receives every change of a record and sets the events of those who watch that job."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._watchers: dict[str, set[asyncio.Event]] = defaultdict(set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen in the background for as long as the context lasts."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            # Repeat: redis-py may swallow a cancellation while it connects, and continue.
            while not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_CANCEL_SECONDS)

    async def _run(self) -> None:
        """Listen forever; after a lost connection wake everybody, since changes may have been missed."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                _log.warning("Waiting for Redis: %s", error)
                self._wake(*self._watchers)
                await asyncio.sleep(_RECONNECT_SECONDS)

    @contextmanager
    def watching(self, job_id: str) -> Iterator[asyncio.Event]:
        """Provide an event that is set with every change of the job; clear it before looking."""
        event = asyncio.Event()
        self._watchers[job_id].add(event)
        try:
            yield event
        finally:
            self._watchers[job_id].discard(event)
            if not self._watchers[job_id]:
                del self._watchers[job_id]

    async def _listen(self) -> None:
        async with Redis.from_url(self._url, health_check_interval=30) as redis, redis.pubsub() as changes:
            await changes.subscribe(CHANGES)
            self._wake(*self._watchers)
            async for message in changes.listen():
                if message["type"] == "message":
                    self._wake(message["data"].decode())

    def _wake(self, *job_ids: str) -> None:
        for job_id in job_ids:
            for event in self._watchers.get(job_id, ()):
                event.set()
