"""The names of what we keep: the only form in which a file is ours, and may be taken for left over.

Who deletes by a listing looks here first. What has another form is somebody else's, whatever lies beside it.
"""

import re
from datetime import UTC, datetime

from ..ids import PATTERN

ORIGINALS, RESULTS, TRASH = "originals", "results", "trash"
MARKER = "photochrom.json"
"""Says whose storage it is; see `ownership`."""
_ID = PATTERN.strip("^$")
_HASH_LENGTH = 32
_PHOTOGRAPH = re.compile(
    rf"(?:{ORIGINALS}/{_ID}/(?:reference-)?|{RESULTS}/{_ID}/)[0-9a-f]{{{_HASH_LENGTH}}}(?:\.[a-z]{{1,20}})?\.[a-z0-9]{{1,5}}"
)
_TRASHED = re.compile(rf"{TRASH}/(\d{{8}}t\d{{6}})/(.+)")
_MOMENT = "%Y%m%dt%H%M%S"


def original_key(job_id: str, sha256: str, extension: str, prefix: str = "") -> str:
    """Return where the photograph with this hash is kept; `prefix` tells a job's reference from its original."""
    return f"{ORIGINALS}/{job_id}/{prefix}{sha256[:_HASH_LENGTH]}{extension}"


def result_key(job_id: str, sha256: str, extension: str) -> str:
    """Return where a result is kept, by the hash of what it is made from."""
    return f"{RESULTS}/{job_id}/{sha256[:_HASH_LENGTH]}{extension}"


def is_photograph(key: str) -> bool:
    """Tell whether a key is of the form that `original_key` and `result_key` give."""
    return _PHOTOGRAPH.fullmatch(key) is not None


def trash_key(key: str, now: datetime) -> str:
    """Return where a photograph is kept for a day that went to the trash at this time."""
    return f"{TRASH}/{now.astimezone(UTC).strftime(_MOMENT)}/{key}"


def from_trash(key: str) -> tuple[datetime, str] | None:
    """Return when a key of the trash went there, and what it was before; None if `trash_key` did not make it."""
    found = _TRASHED.fullmatch(key)
    if found is None or not is_photograph(found[2]):
        return None
    try:
        return datetime.strptime(found[1], _MOMENT).replace(tzinfo=UTC), found[2]
    except ValueError:
        return None
