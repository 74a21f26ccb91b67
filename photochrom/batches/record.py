"""The record of a batch, and its state, which follows from the record and its items."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..errors import InvalidName
from ..ids import PATTERN
from ..jobs.record import UNFINISHED, JobState
from ..photo.options import StoredOptions
from ..records import STORED

_NAME_BYTES = 1024
_PART_BYTES = 255
# Control and formatting characters, lone surrogates, and characters that Windows refuses in names.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff<>:"|?*\\]')


class BatchState(StrEnum):
    """The state of a batch; items are processed as soon as they arrive, sealed or not."""

    RECEIVING = "receiving"
    SEALED = "sealed"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    CANCELED = "canceled"


class BatchRecord(BaseModel):
    """What is stored of a batch itself; everything else is counted from its items."""

    model_config = STORED

    id: Annotated[str, Field(pattern=PATTERN)]
    name: str = ""
    owner: Annotated[
        str, Field(description="Owner of the key that made it; empty where none was asked for.")
    ] = ""
    options: StoredOptions
    retention: Annotated[
        Literal["never"] | None, Field(description="`never` keeps its items until somebody deletes them.")
    ] = None
    created_at: datetime
    sealed_at: datetime | None = None
    canceled_at: datetime | None = None
    paused_at: datetime | None = None

    @property
    def open(self) -> bool:
        """True while items may be added."""
        return self.sealed_at is None and self.canceled_at is None

    def state(self, counts: Mapping[JobState, int]) -> BatchState:
        """Return the state, from the number of items in each state."""
        if self.canceled_at is not None:
            return BatchState.CANCELED
        unfinished = any(counts[state] for state in UNFINISHED)
        if self.paused_at is not None and (unfinished or self.sealed_at is None):
            return BatchState.PAUSED
        if self.sealed_at is None:
            return BatchState.RECEIVING
        if unfinished:
            waiting = counts[JobState.QUEUED] == sum(counts.values())
            return BatchState.SEALED if waiting else BatchState.RUNNING
        failed = counts[JobState.FAILED] + counts[JobState.CANCELED]
        return BatchState.COMPLETED_WITH_ERRORS if failed else BatchState.COMPLETED


def item_name(name: str) -> str:
    """Return the name of an item if it is a relative path that is safe on every system.

    Raises:
        InvalidName: it is empty, absolute or too long, contains `..`, or has characters that file names cannot have.
    """
    parts = name.split("/")
    if len(name.encode(errors="replace")) > _NAME_BYTES or not all(map(_is_part, parts)):
        raise InvalidName(
            f"{name[:80]!r} is not a name for an item: give a relative path like 'album/1931/wedding.jpg'."
        )
    return name


def _is_part(part: str) -> bool:
    long = len(part.encode(errors="replace")) > _PART_BYTES
    return bool(part) and not long and part == part.rstrip(" .") and not _FORBIDDEN.search(part)
