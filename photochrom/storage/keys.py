"""The names of stored files: only a file with a name of this form is ours and may be deleted as left over.

Code that deletes by a listing checks here first. Any other name belongs to somebody else, wherever it lies.
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
    rf"(?:{ORIGINALS}/{_ID}/(?:reference-|mask-)?|{RESULTS}/{_ID}/)[0-9a-f]{{{_HASH_LENGTH}}}(?:\.[a-z]{{1,20}})?\.[a-z0-9]{{1,5}}"
)
_TRASHED = re.compile(rf"{TRASH}/(\d{{8}}t\d{{6}})/(.+)")
_MOMENT = "%Y%m%dt%H%M%S"


def original_key(job_id: str, sha256: str, extension: str, prefix: str = "") -> str:
    """Return the key of the photograph with this hash; `prefix` distinguishes what came with an original."""
    return f"{ORIGINALS}/{job_id}/{prefix}{sha256[:_HASH_LENGTH]}{extension}"


def result_key(job_id: str, sha256: str, extension: str) -> str:
    """Return the key of a result, by the hash of what it is made from."""
    return f"{RESULTS}/{job_id}/{sha256[:_HASH_LENGTH]}{extension}"


def is_photograph(key: str) -> bool:
    """Return whether a key has the form that `original_key` and `result_key` give."""
    return _PHOTOGRAPH.fullmatch(key) is not None


def trash_key(key: str, now: datetime) -> str:
    """Return the key under which a photograph that went to the trash at this time is kept for a day."""
    return f"{TRASH}/{now.astimezone(UTC).strftime(_MOMENT)}/{key}"


def from_trash(key: str) -> tuple[datetime, str] | None:
    """Return when a key went to the trash, and its key before; None if `trash_key` did not make it."""
    found = _TRASHED.fullmatch(key)
    if found is None or not is_photograph(found[2]):
        return None
    try:
        return datetime.strptime(found[1], _MOMENT).replace(tzinfo=UTC), found[2]
    except ValueError:
        return None
