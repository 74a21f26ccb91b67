"""The present, as records hold it, and how long things are kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Retention:
    """How long each part outlives the end of its job."""

    original: timedelta
    result: timedelta
    record: timedelta


def utc_now() -> datetime:
    """Return the time as the records hold it: aware, UTC, whole milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
