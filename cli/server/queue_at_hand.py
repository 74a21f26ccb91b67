"""The queue that a command works on: that of REDIS_URL, else the embedded one, started for the moment if need be."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from photochrom.errors import PhotochromError, QueueUnavailable
from photochrom.processes.valkey import address, valkey

from ..errors import failed

if TYPE_CHECKING:
    from redis import Redis

_REDIS_SECONDS = 5
Data = Annotated[
    Path, typer.Option(help="Data folder of `photochrom up`; not looked at where REDIS_URL is set.")
]


@contextmanager
def queue_at_hand(data: Path) -> "Iterator[Redis]":
    """Have its client; what goes wrong in between ends the command with a sentence."""
    # Half of what a command takes to start; most need no queue.
    from redis import Redis
    from redis.exceptions import RedisError

    with ExitStack() as stack:
        try:
            redis = Redis.from_url(
                _url(data, stack), socket_connect_timeout=_REDIS_SECONDS, socket_timeout=_REDIS_SECONDS
            )
            stack.enter_context(redis).ping()
            yield redis
        except PhotochromError as error:
            raise failed(error) from None
        except (RedisError, ValueError) as error:
            raise failed(QueueUnavailable(f"The queue's server does not answer: {error}.")) from None


def _url(data: Path, stack: ExitStack) -> str:
    from .up import AlreadyRuns, locked, shared_settings

    if given := shared_settings().given_redis_url():
        return given
    try:
        stack.enter_context(locked(data))
    except AlreadyRuns:
        try:
            return address(data / "queue").read_text()
        except OSError:
            raise QueueUnavailable(
                f"The service that runs on {data} has no queue of its own; set REDIS_URL to the server it uses."
            ) from None
    return stack.enter_context(valkey(data / "queue"))
