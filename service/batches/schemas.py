"""What the API shows of batches."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from photochrom.batches.record import BatchRecord, BatchState
from photochrom.jobs.states import UNFINISHED, JobState
from photochrom.jobs.store import JobStore
from photochrom.photo.options import ColorizeOptions, ShownOptions

from ..edge.prefix import address
from ..edge.view import View


class NewBatch(BaseModel):
    """What a batch begins with."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=200, examples=["Album 1931"])] = ""
    options: Annotated[
        ColorizeOptions, Field(description="For all its photographs; each may override single ones.")
    ] = ColorizeOptions()
    retention: Annotated[
        Literal["never"] | None,
        Field(description="`never` keeps its originals, results and records until somebody deletes them."),
    ] = None

    def said(self) -> str:
        """Return what a call said, for telling it from others; the same after an upgrade that knows more options."""
        options = self.options.identity() if "options" in self.model_fields_set else ""
        return f"{self.name!r} {options} {self.retention or ''}"

    @field_validator("options")
    @classmethod
    def _for_all(cls, options: ColorizeOptions) -> ColorizeOptions:
        if options.hints:
            raise ValueError("hints are spots of one photograph; send them with its item")
        if options.keep:
            raise ValueError("keep names places of one photograph; send it with its item")
        return options


class BatchView(View):
    """One batch."""

    id: str
    name: str
    state: BatchState
    url: str
    total: int
    done: Annotated[int, Field(description="Items that are over, one way or another.")]
    counts: Annotated[dict[JobState, int], Field(description="Items by state.")]
    options: ShownOptions
    retention: Annotated[
        Literal["never"] | None, Field(description="`never` where it is kept until somebody deletes it.")
    ]
    created_at: datetime
    sealed_at: datetime | None
    canceled_at: datetime | None
    paused_at: Annotated[datetime | None, Field(description="Since when no item begins.")]

    @property
    def over(self) -> bool:
        """True when nothing more will happen by itself."""
        if self.state is BatchState.CANCELED:
            return self.done == self.total
        return self.state in (BatchState.COMPLETED, BatchState.COMPLETED_WITH_ERRORS)


class BatchPage(BaseModel):
    """Batches, newest first."""

    items: list[BatchView]
    next_cursor: str | None


class Retried(BaseModel):
    """What `:retry-failed` did."""

    retried: Annotated[int, Field(description="Items that are being queued anew.")]
    batch: BatchView


def view_of(jobs: JobStore, record: BatchRecord) -> BatchView:
    """Show `record` with its items counted."""
    counts = jobs.counts(record.id)
    total = sum(counts.values())
    return BatchView(
        **record.model_dump(),
        state=record.state(counts),
        url=address(f"/v1/batches/{record.id}"),
        total=total,
        done=total - sum(counts[state] for state in UNFINISHED),
        counts=counts,
    )
