"""Healthchecks for containers: a process is alive while its heartbeat in Redis is fresh."""

import os
import socket
import sys
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from ..jobs.queue import connect


def tell_health(lives_on: Callable[[Redis, str], bool], who: str, redis_url: str) -> int:
    """Return the exit code of a container's healthcheck: 0 if `who` is alive on this host, else print why not.

    Args:
        lives_on: looks up a host at the queue's server.
        who: for the sentence, for example "worker".
        redis_url: the queue's server.
    """
    host = socket.gethostname()
    try:
        if lives_on(connect(redis_url), host):
            return os.EX_OK
    except RedisError as error:
        sys.stderr.write(f"The queue does not answer: {error}\n")
        return os.EX_UNAVAILABLE
    sys.stderr.write(f"No {who} is alive on {host}; see its log.\n")
    return os.EX_TEMPFAIL
