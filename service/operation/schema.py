"""Asks the queue which version wrote it, as soon as it answers."""

import asyncio
import logging

from redis import Redis
from redis.exceptions import RedisError

from photochrom import schema

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
