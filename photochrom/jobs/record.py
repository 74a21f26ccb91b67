"""The record of one job and its states; pure, without Redis: every change gives a new record."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from ..errors import JobCanceled, JobConflict, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from ..ids import PATTERN
from ..photo.film import FilmUsed
from ..photo.options import StoredOptions
from ..photo.series import Series
from ..records import STORED
from ..times import NEVER, Retention, after
from .parts import JobError, Lease, ModelUsed, Original, Progress, Result
from .split import Split
from .states import TRANSITIONS, UNFINISHED, JobState

# No retry can succeed with these, so their originals are not kept for one, only long enough to look at them.
_AT_FAULT = {error.code for error in (UnreadablePhoto, UnsupportedFormat, PhotoTooLarge)}
_EXTRA_ATTEMPTS = 5
NOT_MATCHED = (
    "It belongs to a series, but could not be given its colours; it keeps those that it has by itself."
)
_REFUSED_KEPT = timedelta(minutes=30)


class JobRecord(BaseModel):
    """Everything that is known about one job; a record is never changed, only replaced."""

    model_config = STORED

    id: Annotated[str, Field(pattern=PATTERN)]
    revision: Annotated[int, Field(description="Counts the writes; the store raises it.")] = 1
    state: JobState = JobState.QUEUED
    options: StoredOptions
    original: Original
    reference: Annotated[
        Original | None,
        Field(description="A colour photograph that lends its palette; kept as long as the original."),
    ] = None
    repair_mask: Annotated[
        Original | None,
        Field(description="An image that says where to repair; kept as long as the original."),
    ] = None
    owner: Annotated[
        str, Field(description="Owner of the key that made it; empty where none was asked for.")
    ] = ""
    batch_id: Annotated[str | None, Field(description="The batch that the job is an item of.")] = None
    item: Annotated[str | None, Field(description="Its name in the batch: a relative path.")] = None
    forever: Annotated[bool, Field(description="Whether its batch is kept until somebody deletes it.")] = (
        False
    )
    result: Result | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: Annotated[datetime | None, Field(description="When this record itself is forgotten.")] = None
    dispatch: Annotated[int, Field(description="How often the job was handed to the queue.")] = 1
    attempt: Annotated[int, Field(description="How often a worker began it since it was handed over.")] = 0
    lease: Lease | None = None
    progress: Progress | None = None
    timings: Annotated[dict[str, float], Field(description="Seconds per stage.")] = {}
    model: ModelUsed | None = None
    warnings: tuple[str, ...] = ()
    film: Annotated[
        FilmUsed | None, Field(description="The film whose light the result was freed of, on wish.")
    ] = None
    error: JobError | None = None
    deleting: Annotated[
        tuple[str, ...],
        Field(
            description="Keys of files whose time is over and that are being deleted: nothing uses them any more."
        ),
    ] = ()
    suggestion_attempts: Annotated[int, Field(description="How often workers looked for likely colours.")] = 0
    tiling_attempts: Annotated[int, Field(description="How often workers made tiles for viewers.")] = 0
    split: Annotated[
        Split | None, Field(description="Of a scan of album pages, whose photographs are to be cut out.")
    ] = None
    cut_from: Annotated[
        str | None, Field(description="Of a photograph that was cut out of a page: the page's own id.")
    ] = None
    series: Annotated[
        Series | None,
        Field(
            description="The photographs that show the same, once its batch was looked through for `consistency`."
        ),
    ] = None
    trace: Annotated[
        str, Field(description="W3C traceparent of the request that made it; empty where nothing is traced.")
    ] = ""

    @property
    def finished(self) -> bool:
        """True when no worker will change the job any more."""
        return self.state not in UNFINISHED

    @property
    def next_expiry(self) -> datetime | None:
        """When something of this job expires next, None while it is unfinished."""
        due = self.finished_at if self.deleting else None
        times = (due, self.original.expires_at, self.result and self.result.expires_at, self.expires_at)
        return min((time for time in times if time), default=None)

    def stored_keys(self) -> set[str]:
        """Return the storage keys that belong to this job."""
        return self._kept_keys() | set(self.deleting)

    @property
    def inputs(self) -> tuple[Original, ...]:
        """The files that came with the job, the photograph first."""
        return tuple(part for part in (self.original, self.reference, self.repair_mask) if part is not None)

    def _kept_keys(self) -> set[str]:
        kept = {part.key for part in self.inputs if part.key}
        if self.split and self.split.previews_key:
            kept.add(self.split.previews_key)
        return kept | self.result.keys if self.result else kept

    def asked(self) -> str:
        """Return the request apart from the photograph, as text: equal texts give equal results."""
        said = [self.options.identity(), *([self.reference.sha256] if self.reference else ())]
        said += [f"mask {self.repair_mask.sha256}"] if self.repair_mask else []
        return " ".join(said + (["split"] if self.split else []))

    def claim(self, worker: str, now: datetime, max_attempts: int) -> Self:
        """Start (or take over from a dead worker), or give up after `max_attempts` lost workers.

        Raises:
            JobConflict: the job is finished.
        """
        if self.state is JobState.CANCELING:
            return self.cancel(now)
        if self.attempt >= max_attempts:
            return self.fail(_worker_lost(self.attempt), now)
        lease = Lease(worker=worker, dispatch=self.dispatch, attempt=self.attempt + 1)
        started = {
            "started_at": now,
            "attempt": lease.attempt,
            "lease": lease,
            "progress": None,
            "error": None,
        }
        return self._to(JobState.RUNNING, **started)

    def check(self, lease: Lease) -> None:
        """Raise `JobCanceled` if the holder of `lease` has to stop because of a cancel or a takeover."""
        if self.lease != lease or self.state is not JobState.RUNNING:
            raise JobCanceled(f"Job {self.id} is {self.state}; this attempt stops.")

    def advance(self, lease: Lease, progress: Progress) -> Self:
        """Record the stage that starts; raise `JobCanceled` if it must not start."""
        self.check(lease)
        return self._to(JobState.RUNNING, progress=progress)

    def succeed(
        self,
        lease: Lease,
        result: Result,
        model: ModelUsed,
        *,
        now: datetime,
        timings: dict[str, float],
        warnings: tuple[str, ...],
        film: FilmUsed | None = None,
    ) -> Self:
        """Publish the result; raise `JobCanceled` if another attempt owns the job."""
        if self.lease != lease:
            raise JobCanceled(f"Job {self.id} was taken over; this attempt's result is dropped.")
        return self._succeeded(now, timings, warnings, result=result, model=model, film=film)

    def look(self, lease: Lease, split: Split, progress: Progress) -> Self:
        """Record where the photographs of its pages lie, and the stage that starts; raises as `advance` does."""
        self.check(lease)
        return self._to(JobState.RUNNING, split=split, progress=progress)

    def split_up(
        self, lease: Lease, *, now: datetime, timings: dict[str, float], warnings: tuple[str, ...]
    ) -> Self:
        """End with its photographs found, and cut if it is an item; raise `JobCanceled` as `succeed` does."""
        if self.lease != lease:
            raise JobCanceled(f"Job {self.id} was taken over; this attempt ends.")
        return self._succeeded(now, timings, warnings)

    def _succeeded(
        self, now: datetime, timings: dict[str, float], warnings: tuple[str, ...], **made: object
    ) -> Self:
        return self._to(
            JobState.SUCCEEDED,
            **made,
            timings=timings,
            warnings=warnings,
            finished_at=now,
            progress=self.progress and self.progress.model_copy(update={"done": self.progress.total}),
            lease=None,
            error=None,
            **self._left_by(made.get("result")),
        )

    def _left_by(self, result: object) -> dict[str, object]:
        """Name the files of an earlier result that a new one does not use: nobody needs them any more."""
        if self.result is None or not isinstance(result, Result):
            return {}
        return {"deleting": (*self.deleting, *sorted(self.result.keys - result.keys))}

    def join(self, series: Series) -> Self:
        """Record which photographs it belongs to, and queue it again where they change its colours.

        The result that it has stays until there is another, and for good where that cannot be made. Its colours are
        decided once: a second call, when others have come, says who they are and changes nothing else.

        Raises:
            JobConflict: it has no result.
        """
        if self.state is not JobState.SUCCEEDED or self.result is None:
            raise JobConflict(f"Job {self.id} is {self.state}; only results belong to a series.")
        if self.series is not None:
            told = series.model_copy(update={"shift": self.series.shift})
            return self._changed(series=told) if series.group and told != self.series else self
        if not series.shift or self.original.key == "":
            return self._changed(series=series.model_copy(update={"shift": ""}))
        fresh: dict[str, Any] = {"attempt": 0, "dispatch": self.dispatch + 1, "expires_at": None}
        fresh |= {"started_at": None, "finished_at": None}
        fresh |= {"original": self.original.model_copy(update={"expires_at": None})}
        fresh |= {"result": self.result.model_copy(update={"expires_at": None})}
        return self._to(JobState.QUEUED, series=series, **fresh)

    def _as_it_was(self, now: datetime) -> Self:
        """End with the result that it had before its series was known."""
        alone = self.series and self.series.model_copy(update={"shift": ""})
        over = {"finished_at": now, "progress": None, "lease": None, "error": None}
        return self._to(JobState.SUCCEEDED, series=alone, warnings=(*self.warnings, NOT_MATCHED), **over)

    def frame(self, split: Split) -> Self:
        """Replace the frames; raise `JobConflict` unless they have been found and nothing is cut by them."""
        if self.split is None or self.state is not JobState.SUCCEEDED or self.batch_id is not None:
            raise JobConflict(
                f"Page {self.id} is {self.state}; frames can be changed once they are found, and before they are cut."
            )
        return self._changed(split=split)

    def suggest(self, key: str) -> Self:
        """Record where the likely colours are; raise `JobConflict` if there is no result that they belong to."""
        return self._with_result("suggestions", suggestions_key=key)

    def tile(self, tiles: str, of_original: str | None = None) -> Self:
        """Record where the tiles are; raise `JobConflict` if there is no result that they belong to."""
        others = {"original_tiles_key": of_original} if of_original else {}
        return self._with_result("tiles", tiles_key=tiles, **others)

    def _with_result(self, what: str, **keys: str) -> Self:
        if self.state is not JobState.SUCCEEDED or self.result is None:
            raise JobConflict(f"Job {self.id} is {self.state}; only results have {what}.")
        return self._changed(result=self.result.model_copy(update=keys))

    def fail(self, error: JobError, now: datetime) -> Self:
        """End without a result; one that it has from before stays."""
        if self.result is not None:
            return self._as_it_was(now)
        return self._to(JobState.FAILED, error=error, finished_at=now, progress=None, lease=None)

    def lose_worker(self, now: datetime, max_attempts: int) -> Self:
        """Wait for another attempt, or fail if there were enough."""
        if self.state is JobState.CANCELING:
            return self.cancel(now)
        if self.attempt >= max_attempts:
            return self.fail(_worker_lost(self.attempt), now)
        return self._to(JobState.RETRYING, progress=None, lease=None)

    def stumble(self, lease: Lease, error: JobError, now: datetime, max_attempts: int) -> Self:
        """Record an error that another attempt may not meet; fail after enough of them."""
        self.check(lease)
        if self.attempt >= max_attempts:
            return self.fail(error, now)
        return self._to(JobState.RETRYING, error=error, progress=None, lease=None)

    def reject(self, lease: Lease, error: JobError, now: datetime) -> Self:
        """Fail for good: another attempt would meet the same error."""
        self.check(lease)
        return self.fail(error, now)

    def release(self, lease: Lease) -> Self:
        """Return a running job to the queue because its worker shuts down; the attempt does not count."""
        self.check(lease)
        return self._to(JobState.QUEUED, attempt=self.attempt - 1, progress=None, lease=None, started_at=None)

    def request_cancel(self, now: datetime) -> Self:
        """Cancel a waiting job at once, a running one before its next stage; a second call is not an error."""
        if self.state is JobState.CANCELING:
            return self
        if self.state is JobState.RUNNING:
            return self._to(JobState.CANCELING)
        return self.cancel(now)

    def cancel(self, now: datetime) -> Self:
        """Finish as canceled; a result that it has from before stays."""
        if self.result is not None:
            return self._as_it_was(now)
        return self._to(JobState.CANCELED, finished_at=now, progress=None, lease=None)

    def retry(self) -> Self:
        """Queue a failed or canceled job again.

        Raises:
            JobConflict: it is not failed or canceled, or its original is gone.
        """
        if self.state not in (JobState.FAILED, JobState.CANCELED):
            raise JobConflict(f"Job {self.id} is {self.state}; only failed and canceled jobs can be retried.")
        if self.original.key == "":
            raise JobConflict("The original has expired; upload it again.")
        fresh: dict[str, Any] = {
            "attempt": 0,
            "dispatch": self.dispatch + 1,
            "error": None,
            "expires_at": None,
        }
        fresh |= {"started_at": None, "finished_at": None}
        fresh |= {"original": self.original.model_copy(update={"expires_at": None})}
        return self._to(JobState.QUEUED, **fresh)

    def redispatch(self) -> Self:
        """Record that an unfinished job is queued again, because the queue had lost it."""
        if self.finished:
            raise JobConflict(f"Job {self.id} is {self.state}.")
        return self._changed(dispatch=self.dispatch + 1)

    def ask_for_suggestions(self) -> Self:
        """Count one more attempt to find likely colours.

        Raises:
            JobConflict: it was tried too often; a photograph that crashes its workers would continue to do so.
        """
        if self.suggestion_attempts >= _EXTRA_ATTEMPTS:
            raise JobConflict(
                f"Suggestions for job {self.id} were tried {_EXTRA_ATTEMPTS} times, and failed."
            )
        return self._changed(suggestion_attempts=self.suggestion_attempts + 1)

    def ask_for_tiles(self) -> Self:
        """Count one more attempt to make tiles; raise `JobConflict` if it was tried too often."""
        if self.tiling_attempts >= _EXTRA_ATTEMPTS:
            raise JobConflict(f"Tiles for job {self.id} were tried {_EXTRA_ATTEMPTS} times, and failed.")
        return self._changed(tiling_attempts=self.tiling_attempts + 1)

    def keep(self, retention: Retention, now: datetime) -> Self:
        """Set the times at which the parts of a job that just finished expire; there may be none."""
        kept = NEVER if self.forever else retention
        of_original = kept.original
        if self._refused:
            of_original = _REFUSED_KEPT if of_original is None else min(of_original, _REFUSED_KEPT)
        original = self.original.model_copy(update={"expires_at": after(now, of_original)})
        result = self.result and self.result.model_copy(update={"expires_at": after(now, kept.result)})
        forgotten = after(now, kept.original, kept.result, kept.record)
        return self._changed(original=original, result=result, expires_at=forgotten)

    @property
    def _refused(self) -> bool:
        """True if the photograph itself is at fault: no retry can succeed."""
        return self.error is not None and self.error.code in _AT_FAULT

    def sweep(self, now: datetime) -> Self:
        """Expire what is due by `now`: the state says so, and `deleting` has the keys of the files to delete."""
        swept = self
        if self.original.expires_at and self.original.expires_at <= now:
            gone = {"key": "", "expires_at": None}
            came_with = {
                name: part.model_copy(update=gone)
                for name in ("original", "reference", "repair_mask")
                if (part := getattr(self, name)) is not None
            }
            swept = swept._changed(**came_with, split=self.split and self.split.without_previews())
        if swept.result and swept.result.expires_at and swept.result.expires_at <= now:
            swept = swept._to(JobState.EXPIRED, result=None)
        over = sorted(self._kept_keys() - swept._kept_keys())
        return swept._changed(deleting=(*self.deleting, *over)) if over else swept

    def deleted(self, keys: Collection[str]) -> Self:
        """Forget the files that have been deleted."""
        return self._changed(deleting=tuple(key for key in self.deleting if key not in keys))

    def _to(self, state: JobState, **changes: object) -> Self:
        if state not in TRANSITIONS[self.state]:
            raise JobConflict(f"Job {self.id} is {self.state}; it cannot become {state}.")
        return self._changed(state=state, **changes)

    def _changed(self, **changes: object) -> Self:
        return self.model_copy(update=changes)


def _worker_lost(attempts: int) -> JobError:
    detail = (
        f"The worker died {attempts} times on this photograph; it may be damaged in a way that "
        "crashes the decoder, or need more memory than the worker has."
    )
    return JobError(code="worker-lost", detail=detail)
