"""Does a worker of this machine tell that it lives? `python -m workers.alive` ends with 0 if so: for containers."""

import os
import socket
import sys

from redis.exceptions import RedisError

from photochrom.fleet import Fleet
from photochrom.queue import connect
from photochrom.settings import SharedSettings


def main() -> int:
    """Ask the queue's server, as the API does."""
    host = socket.gethostname()
    try:
        if Fleet(connect(SharedSettings().redis_url)).lives_on(host):
            return os.EX_OK
    except RedisError as error:
        sys.stderr.write(f"The queue does not answer: {error}\n")
        return os.EX_UNAVAILABLE
    sys.stderr.write(f"No worker of {host} is alive.\n")
    return os.EX_TEMPFAIL


if __name__ == "__main__":
    sys.exit(main())
