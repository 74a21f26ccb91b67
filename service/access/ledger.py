"""What callers take beside the photographs that they send, in their owners' ledgers."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis.exceptions import RedisError

from photochrom.access.quotas import Allowance, Use
from photochrom.errors import PhotochromError

from ..caller import Caller

ACTION = Use(actions=1)
"""Something that stays in the queue's memory for days."""


def photographs(count: int) -> Use:
    """Return what it costs to have workers at work for so many photographs once more."""
    return Use(jobs=count)


class NotTaken(Exception):
    """Raised inside `charged` where nothing was taken after all."""


@contextmanager
def charged(allowance: Allowance, caller: Caller, use: Use) -> Iterator[None]:
    """Count it, unless what is done inside is refused; without a key nobody tells owners apart, nor counts.

    Raises:
        QuotaExceeded: it is more than the owner may take on this day.
    """
    if caller.key is None or use == Use():
        with suppress(NotTaken):
            yield
        return
    charge = allowance.charge(caller.owner, use, caller.limits)
    try:
        yield
    except (PhotochromError, NotTaken) as refused:
        with suppress(RedisError):
            allowance.give_back(charge)
        if not isinstance(refused, NotTaken):
            raise
