"""The trash keeps photographs that no job names for a day, in case moving them there was a mistake."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from ..errors import ObjectNotFound
from .keys import TRASH, from_trash
from .storage import Storage

_log = logging.getLogger(__name__)


def empty(storage: Storage, oldest: datetime) -> None:
    """Delete what went to the trash before `oldest`, and nothing with a name of another form."""
    for one in storage.listing(TRASH):
        known = from_trash(one.key)
        if known is not None and known[0] < oldest:
            with failures_logged(one.key):
                storage.delete(one.key)


def take_back(storage: Storage) -> int:
    """Move everything in the trash back to its place; return the number of files."""
    count = 0
    # List first: what moves during a listing might be seen twice, or never.
    for key in [one.key for one in storage.listing(TRASH)]:
        known = from_trash(key)
        if known is not None:
            with failures_logged(key):
                storage.move(key, known[1])
                count += 1
    return count


@contextmanager
def failures_logged(key: str) -> Iterator[None]:
    """Process one of many; an error of one file is logged, and the next call tries it again."""
    try:
        yield
    except ObjectNotFound:
        return
    except OSError:
        _log.exception("%s stays where it is", key)
