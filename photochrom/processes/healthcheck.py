"""The health checks of containers: a process is alive that says so in Redis."""

import os
import socket
import sys
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from ..jobs.queue import connect


def tell_health(lives_on: Callable[[Redis, str], bool], who: str, redis_url: str) -> int:
    """Return the exit code of a container's health check: 0 if `who` lives on this host, else with a sentence.

    Args:
        lives_on: asks the queue's server about a host.
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
    sys.stderr.write(f"No {who} of {host} is alive.\n")
    return os.EX_TEMPFAIL
