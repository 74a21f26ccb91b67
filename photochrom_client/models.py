"""The server's answers as types; fields that a newer server adds are ignored."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from photochrom.batches.record import BatchState
from photochrom.jobs.parts import JobError, Progress
from photochrom.jobs.states import UNFINISHED, JobState
from photochrom.photo.film import FilmUsed
from photochrom.photo.frames import Frame
from photochrom.photo.hints import Hint
from photochrom.photo.options import StoredOptions
from photochrom.photo.restoration import Restoration

from .errors import JobFailed


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Original(_Told):
    """The photograph as it was sent."""

    name: str
    bytes: int
    media_type: str
    sha256: str
    expires_at: datetime | None = None


class Result(_Told):
    """The colorized photograph; `sha256` is that of the file."""

    url: str
    name: str
    media_type: str
    bytes: int
    width: int
    height: int
    sha256: str
    expires_at: datetime | None = None
    restoration: Annotated[
        Restoration | None,
        Field(description="The steps before colour; null where none was asked for."),
    ] = None


class Model(_Told):
    """The network that gave the colour."""

    name: str
    version: str
    vividness: Annotated[
        float | None, Field(description="At which it coloured the photograph, also where that was `auto`.")
    ] = None


class Series(_Told):
    """Photographs of a batch that show the same thing and share their colours."""

    group: Annotated[str, Field(description="Names the series; empty of a photograph that is alone.")] = ""
    members: int = 1
    relatives: Annotated[
        tuple[str, ...], Field(description="Ids of the most similar jobs, the most similar first.")
    ] = ()
    matched: Annotated[bool, Field(description="Whether its colours are moved towards the series'.")] = False


class Job(_Told):
    """The state of one photograph in the service, at the time of the call."""

    id: str
    kind: Annotated[
        str, Field(description="`photograph`, or `page`: a scan that is split and has no result itself.")
    ] = "photograph"
    state: JobState
    url: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: Annotated[datetime | None, Field(description="When the job itself is forgotten.")] = None
    batch_id: str | None = None
    item: Annotated[str | None, Field(description="Its name in the batch, a relative path.")] = None
    cut_from: Annotated[str | None, Field(description="Id of the page that it was cut out of.")] = None
    series: Annotated[
        Series | None, Field(description="With `consistency`: null until its batch was looked through.")
    ] = None
    attempt: Annotated[int, Field(description="Above 1 after the death of a worker.")] = 0
    queue_position: int | None = None
    progress: Progress | None = None
    options: StoredOptions
    original: Original
    result: Result | None = None
    model: Model | None = None
    provider: str | None = None
    timings: Annotated[dict[str, float], Field(description="Seconds per stage.")] = {}
    warnings: tuple[str, ...] = ()
    film: Annotated[
        FilmUsed | None, Field(description="The film whose light the result was freed of, on wish.")
    ] = None
    error: JobError | None = None

    @property
    def over(self) -> bool:
        """Whether it has finished: nothing more will happen by itself."""
        return self.state not in UNFINISHED

    def done(self) -> "Job":
        """Return the job itself if it has a result.

        Raises:
            JobFailed: it failed, was canceled, has expired or has not finished; or it is a page.
        """
        if self.kind == "page" and self.error is None:
            raise JobFailed(f"Job {self.id} is a page; its photographs are items of its batch.", "is-a-page")
        if self.state is JobState.SUCCEEDED:
            return self
        if self.error is not None:
            raise JobFailed(self.error.detail, self.error.code)
        raise JobFailed(f"Job {self.id} is {self.state}; there is no result.", f"job-{self.state}")


class ProposedHint(_Told):
    """A hint that another photograph of the series has, where its spot lies in this one."""

    hint: Annotated[Hint, Field(description="As the option `hints` takes it.")]
    given_in: Annotated[str, Field(description="Id of the job that has it.")]
    likeness: Annotated[float, Field(description="How alike the two spots look, up to 1.")]


class Proposals(_Told):
    """Hints of other photographs of the series; `ready` is False until the batch's series are found."""

    ready: bool
    proposals: Annotated[tuple[ProposedHint, ...], Field(description="The most similar first.")] = ()


class FramedPage(_Told):
    """One page of a scan, upright, in pixels, and the photographs on it: none if the page is one photograph."""

    width: int
    height: int
    frames: tuple[Frame, ...]


class AlbumPage(_Told):
    """The state of a scan whose photographs are found, at the time of the call."""

    id: str
    state: Annotated[JobState, Field(description="`succeeded` when its photographs are found.")]
    url: str
    created_at: datetime
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    progress: Progress | None = None
    options: StoredOptions
    original: Original
    pages: tuple[FramedPage, ...] | None = None
    checked: Annotated[bool, Field(description="Whether the frames were given by somebody.")] = False
    photographs: int = 0
    error: JobError | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state not in UNFINISHED


class Batch(_Told):
    """A batch and its counts, at the time of the call."""

    id: str
    name: str = ""
    state: BatchState
    url: str
    total: int
    done: Annotated[int, Field(description="Items that have finished, with or without a result.")]
    counts: Annotated[dict[JobState, int], Field(description="Items by state.")]
    options: StoredOptions
    retention: Annotated[str | None, Field(description="`never` where it is kept until it is deleted.")] = (
        None
    )
    created_at: datetime
    sealed_at: datetime | None = None
    canceled_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it still accepts photographs."""
        return self.sealed_at is None and self.canceled_at is None

    @property
    def over(self) -> bool:
        """Whether it has finished: nothing more will happen by itself."""
        # A batch whose set of colours is still to be made is running with all its items done.
        return not self.open and self.done == self.total and self.state is not BatchState.RUNNING


class RejectedEntry(_Told):
    """An entry of an archive that was rejected."""

    item: str
    code: str
    detail: str


class RenamedEntry(_Told):
    """An entry of an archive whose name some system does not allow, and the item that it became."""

    entry: str
    item: str


class ArchiveReport(_Told):
    """What became of an archive's entries."""

    accepted: int
    unchanged: int
    rejected: int
    errors: tuple[RejectedEntry, ...] = ()
    renamed: tuple[RenamedEntry, ...] = ()


class Quota(_Told):
    """A daily quota (UTC); None where there is no limit."""

    limit: int | None
    used: int
    left: int | None


class Allowance(_Told):
    """The quotas of the owner of the client's key."""

    requests_per_minute: int | None
    jobs: Quota
    bytes: Quota
    pixels: Quota
    resets_at: datetime


class Limits(_Told):
    """What the server accepts and how long it keeps it."""

    max_upload_bytes: int
    max_pixels: int
    max_wait_seconds: float
    input_retention_seconds: Annotated[float | None, Field(description="None is for ever.")]
    result_retention_seconds: Annotated[float | None, Field(description="None is for ever.")]
    record_retention_seconds: Annotated[float | None, Field(description="None is for ever.")]
    formats: Annotated[tuple[str, ...], Field(description="Media types of originals.")]
    allowance: Annotated[Allowance | None, Field(description="None where the server asks for no keys.")] = (
        None
    )


class JobPage(_Told):
    """One page of a list."""

    items: tuple[Job, ...]
    next_cursor: str | None = None


class BatchPage(_Told):
    """One page of a list."""

    items: tuple[Batch, ...]
    next_cursor: str | None = None
