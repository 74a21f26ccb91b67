"""How data are laid out: a number in the queue and in the data folder, so that no version harms a newer one's.

What only adds to records needs no new number: unknown fields are kept. Raise it where older code would read or change
something wrongly, with the step that brings older data forward.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from .errors import DataTooNew

if TYPE_CHECKING:
    from redis import Redis

SCHEMA = 1
"""What this version writes. 0.1.0 wrote none; what it left is laid out like 1."""
KEY = _FILE = "schema"
"""Where the queue has its number."""
_SECONDS = 2.0


def check(redis_url: str, data: Path) -> bool:
    """Look at both before a start; return whether the queue's server answered.

    Raises:
        DataTooNew: a newer version has written one of them.
    """
    # Not at the top: `photochrom up` has no other use for a client, which takes a third of its start.
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError, TimeoutError  # noqa: A004
    from redis.retry import Retry

    check_folder(data)
    try:
        with Redis.from_url(
            redis_url,
            socket_connect_timeout=_SECONDS,
            socket_timeout=_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as redis:
            check_queue(redis)
    except (ConnectionError, TimeoutError):
        return False
    return True


def check_queue(redis: "Redis") -> None:
    """Raise `DataTooNew` if a newer version has written the queue; note our number in one that has none."""
    from redis.exceptions import ResponseError

    if refuse_newer_queue(cast("bytes | None", redis.get(KEY))):
        return
    # A full one takes no note; it is there with the next start.
    with suppress(ResponseError):
        redis.set(KEY, SCHEMA, nx=True)


def refuse_newer_queue(found: bytes | None) -> bool:
    """Raise `DataTooNew` if what a queue has as its number is a newer version's; return whether it has one."""
    if found is not None:
        _compare(found.decode(), "The queue")
    return found is not None


def check_folder(data: Path) -> None:
    """Raise `DataTooNew` if a newer version has written the data folder; note our number in one that has none."""
    path = data / _FILE
    try:
        _compare(path.read_text(), f"The data folder {data}")
    except OSError:
        # Whether it can be written is seen, and told, where photographs are.
        with suppress(OSError):
            note_folder(data)


def note_folder(data: Path) -> None:
    """Write our number into a data folder, in one step."""
    data.mkdir(parents=True, exist_ok=True)
    draft = data / f".{_FILE}.{os.getpid()}"
    draft.write_text(f"{SCHEMA}\n")
    draft.replace(data / _FILE)


def refuse_newer(number: int, what: str) -> None:
    """Raise `DataTooNew` if `what`, which begins the sentence, has a number above ours."""
    _compare(str(number), what)


def _compare(found: str, what: str) -> None:
    text = found.strip()
    if not text.isdecimal() or int(text) > SCHEMA:
        raise DataTooNew(
            f"{what} was written by a newer Photochrom (schema {text[:20]!r}; this version knows up to {SCHEMA}). "
            "Run that version, or restore a backup made before the upgrade."
        )
