"""How the queue, the workers and the storage stand, by looks that everybody shares."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from redis.exceptions import RedisError

from photochrom.errors import PhotochromError, StorageFull
from photochrom.jobs.fleet import Fleet, WorkerStatus
from photochrom.storage.storage import Storage

from .looks import DEADLINE_SECONDS, Look

_log = logging.getLogger(__name__)
# It costs Redis next to nothing, and workers come while somebody waits for them.
_WORKERS_FRESH_SECONDS = 0.2
_HUNG = f"does not answer within {DEADLINE_SECONDS:g} s"


class ServiceLooks:
    """What /readyz tells."""

    def __init__(self, fleet: Fleet, storage: Storage) -> None:
        self.workers: Look[tuple[str, list[WorkerStatus]]] = Look(
            partial(_workers, fleet), (_HUNG, []), _WORKERS_FRESH_SECONDS
        )
        """What is wrong with the queue, else "ok"; and the workers that live."""
        self.storage: Look[str] = Look(partial(_storage, storage), _HUNG)
        """What is wrong with the storage, else "ok"."""

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Let them be asked for as long as the context lasts."""
        try:
            yield
        finally:
            await self.workers.end()
            await self.storage.end()


def _workers(fleet: Fleet) -> tuple[str, list[WorkerStatus]]:
    try:
        return "ok", fleet.alive()
    except RedisError as error:
        return f"not reachable ({type(error).__name__})", []


def _storage(storage: Storage) -> str:
    try:
        storage.check_writable()
    except (PhotochromError, OSError) as error:
        _log.warning("The storage is not ready: %s", error)
        return _why(error)
    return "ok"


def _why(error: Exception) -> str:
    if isinstance(error, StorageFull):
        return "full"
    if isinstance(error, OSError):
        return error.strerror or "not writable"
    return "cannot be reached, or refuses us; the log says more"
