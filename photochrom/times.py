"""The current time as records store it, and how long things are kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Retention:
    """How long each part is kept after its job has finished; None is for ever."""

    original: timedelta | None
    result: timedelta | None
    record: timedelta | None


NEVER = Retention(None, None, None)
"""Nothing is forgotten."""


def after(now: datetime, *kept: timedelta | None) -> datetime | None:
    """Return when the longest of these times is over; None where one never is."""
    times = [now + time for time in kept if time is not None]
    return max(times) if len(times) == len(kept) else None


def utc_now() -> datetime:
    """Return the current time as records store it: aware, UTC, whole milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
