"""What callers take beside the photographs that they send, in their owners' ledgers."""

from photochrom.access.quotas import Allowance, Use

from ..caller import Caller

ACTION = Use(actions=1)
"""Something that stays in the queue's memory for days."""


def photographs(count: int) -> Use:
    """Return what it costs to have workers at work for so many photographs once more."""
    return Use(jobs=count)


def charge(allowance: Allowance, caller: Caller, use: Use) -> None:
    """Count it; without a key nobody tells owners apart, nor counts.

    Raises:
        QuotaExceeded: it is more than the owner may take on this day.
    """
    if caller.key is not None and use != Use():
        allowance.charge(caller.owner, use, caller.limits)
