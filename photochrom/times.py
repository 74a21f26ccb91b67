"""The present, as records and logs hold it."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time as the records hold it: aware, UTC, whole milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
