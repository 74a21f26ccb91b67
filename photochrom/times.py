"""The current time as records store it, and how long things are kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Retention:
    """How long each part is kept after its job has finished."""

    original: timedelta
    result: timedelta
    record: timedelta


def utc_now() -> datetime:
    """Return the current time as records store it: aware, UTC, whole milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
