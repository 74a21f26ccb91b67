"""The record of a batch, and its state, which follows from the record and its items."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..ids import PATTERN
from ..jobs.states import UNFINISHED, JobState
from ..photo.options import StoredOptions
from ..records import STORED


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
    series: Annotated[
        Literal["due", "made"] | None,
        Field(
            description="Whether its photographs are still to be looked through for those that belong together; "
            "None where `consistency` was not asked for."
        ),
    ] = None
    renewals: Annotated[
        int,
        Field(description="How often items that were over went on, so that it is to be looked through anew."),
    ] = 0

    @property
    def open(self) -> bool:
        """True while items may be added."""
        return self.sealed_at is None and self.canceled_at is None

    def renewed(self) -> dict[str, object]:
        """Return what changes where an item that was over may belong to a series after all."""
        return {"series": "due", "renewals": self.renewals + 1} if self.series else {}

    def state(self, counts: Mapping[JobState, int]) -> BatchState:
        """Return the state, from the number of items in each state."""
        if self.canceled_at is not None:
            return BatchState.CANCELED
        unfinished = any(counts[state] for state in UNFINISHED)
        if self.paused_at is not None and (unfinished or self.sealed_at is None):
            return BatchState.PAUSED
        if self.sealed_at is None:
            return BatchState.RECEIVING
        if self.series == "due" and not unfinished and counts[JobState.SUCCEEDED]:
            return BatchState.RUNNING
        if unfinished:
            waiting = counts[JobState.QUEUED] == sum(counts.values())
            return BatchState.SEALED if waiting else BatchState.RUNNING
        failed = counts[JobState.FAILED] + counts[JobState.CANCELED]
        return BatchState.COMPLETED_WITH_ERRORS if failed else BatchState.COMPLETED
