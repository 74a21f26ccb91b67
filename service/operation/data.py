"""Asks the queue which version wrote it, as soon as it answers; and claims a storage that has no owner."""

import asyncio
import logging

from redis import Redis
from redis.exceptions import RedisError

from photochrom import schema
from photochrom.errors import PhotochromError
from photochrom.ownership import FILES_AT_START, Ownership

_log = logging.getLogger(__name__)
_AGAIN_SECONDS = 2.0


async def until_known(redis: Redis) -> None:
    """Return when it is known that this version may work with the queue.

    Raises:
        DataTooNew: a newer one has written it.
    """
    while True:
        try:
            await asyncio.to_thread(schema.check_queue, redis)
        except RedisError as error:
            _log.warning("Waiting for Redis: %s", error)
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            return


async def claim(ownership: Ownership) -> None:
    """Make an empty storage ours before a broken upload can leave a file in it; the log says where that fails."""
    try:
        await asyncio.to_thread(ownership.claim, FILES_AT_START)
    except (RedisError, PhotochromError, OSError) as error:
        _log.warning("Whose storage it is was not found out: %s; the workers look again.", error)
