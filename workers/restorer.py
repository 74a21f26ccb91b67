"""One job from its record to its published result.

Every step may be the last before a kill -9, and RQ may deliver a job twice. So: the record is claimed and changed
by compare-and-set under a lease, and the result's name follows from what went in, so doing it again gives the same.
"""

import errno
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import overload

from photochrom import tracing
from photochrom.batches.turns import Turns
from photochrom.errors import (
    CapabilityMissing,
    JobCanceled,
    JobConflict,
    JobNotFound,
    PhotochromError,
    PhotoRejected,
    StorageFull,
    StorageUnavailable,
)
from photochrom.jobs.record import JobError, JobRecord, JobState, Lease, ModelUsed, Progress, Result
from photochrom.jobs.store import JobStore
from photochrom.logs import about
from photochrom.photo.sniff import PhotoFormat
from photochrom.storage.drafts import FULL
from photochrom.storage.storage import Storage
from photochrom.times import utc_now

from .deadline import JobTimedOut
from .network.predictor import OnnxPredictor
from .out_of_memory import lacks_memory, let_go
from .pipeline.colorizer import STAGES, ColorizedPhoto, colorize
from .pipeline.limits import PhotoLimits
from .pipeline.palette import with_palette_of

_log = logging.getLogger(__name__)
PREVIEW_SIDE = 1024
_PREVIEW, _ORIGINAL_PREVIEW, _CONFIDENCE = _COMPANIONS = (".preview.jpg", ".original.jpg", ".confidence.png")


@dataclass(frozen=True)
class Restorer:
    """All that a worker process needs to restore photographs; made once, before its first job."""

    store: JobStore
    storage: Storage
    predictor: OnnxPredictor
    limits: PhotoLimits
    worker: str
    max_attempts: int
    turns: Turns

    def model_used(self) -> ModelUsed:
        """Say which network this worker runs, and on what."""
        card = self.predictor.card
        return ModelUsed(name=card.name, version=card.version, provider=self.predictor.provider)

    def restore(self, job_id: str) -> None:
        """Take the job through; all that concerns the caller ends in its record.

        Raises:
            Exception: something that another attempt may not meet; RQ delivers the job again.
        """
        try:
            if self.turns.hold(self.store.get(job_id)):
                return
            record = self.store.change(
                job_id, lambda job: job.claim(self.worker, utc_now(), self.max_attempts)
            )
        except (JobNotFound, JobConflict) as stale:
            _log.info("Nothing to do: %s", stale)
            return
        try:
            if record.lease is not None:
                self._traced_attempt(record, record.lease)
        finally:
            if record.batch_id is not None:
                # The item is over: the next of its batch takes its place before this worker looks for work.
                self.turns.feed(record.batch_id)

    def _traced_attempt(self, record: JobRecord, lease: Lease) -> None:
        told: tracing.Attributes = {"photochrom.job_id": record.id, "photochrom.attempt": lease.attempt}
        with tracing.continued("restore", record.trace, "CONSUMER", told), about(**tracing.ids()):
            if lease.attempt == 1 and record.started_at:
                tracing.past("wait", record.created_at, record.started_at)
            self._attempt(record, lease)

    def _attempt(self, record: JobRecord, lease: Lease) -> None:
        try:
            self._colorize(record, lease)
        except (JobCanceled, JobNotFound) as stop:
            _log.info("Stopped: %s", stop)
            self._settle(record, lease)
        except (PhotoRejected, CapabilityMissing) as error:
            if lacks_memory(error):
                # The decoder took its own want of memory for damage of the file.
                self._stumble(record, lease, error)
                raise
            explained = _explained(error)
            self._end(record, lambda job: job.reject(lease, explained, utc_now()))
        except JobTimedOut:
            self._end(record, lambda job: job.reject(lease, _timed_out(), utc_now()))
        except (KeyboardInterrupt, SystemExit, StorageUnavailable):
            # Nothing is wrong with the photograph: it is given back, and the attempt does not count.
            self._end(record, lambda job: job.release(lease))
            raise
        except Exception as error:
            self._stumble(record, lease, error)
            raise

    def _stumble(self, record: JobRecord, lease: Lease, error: Exception) -> None:
        explained = _explained(error)
        if lacks_memory(error):
            let_go(error)
        self._end(record, lambda job: job.stumble(lease, explained, utc_now(), self.max_attempts))

    def _colorize(self, record: JobRecord, lease: Lease) -> None:
        def on_stage(stage: str) -> None:
            progress = Progress(stage=stage, done=STAGES.index(stage), total=len(STAGES))
            self.store.change(record.id, lambda job: job.advance(lease, progress))

        with ExitStack() as opened:
            with tracing.span("fetch original"):
                original, predictor = opened.enter_context(self.inputs(record))
            photo = colorize(
                original,
                predictor,
                record.options,
                limits=self.limits,
                on_stage=on_stage,
                preview_side=PREVIEW_SIDE,
            )
        with tracing.span("store result"):
            result = self._keep(record, photo)
        _log.info("Colorized in %.2f s", sum(photo.timings.values()), extra={"timings": photo.timings})
        self.store.change(
            record.id,
            lambda job: job.succeed(
                lease,
                result,
                self.model_used(),
                now=utc_now(),
                timings=photo.timings,
                warnings=photo.warnings,
            ),
        )

    @contextmanager
    def inputs(self, record: JobRecord) -> Iterator[tuple[Path, OnnxPredictor]]:
        """Have the original as a file, and a predictor that follows the palette of the reference, if there is one.

        Raises:
            ReferenceRejected: the reference cannot lend its palette.
        """
        with ExitStack() as files:
            predictor = self.predictor
            if record.reference is not None:
                reference = files.enter_context(self.storage.file(record.reference.key))
                predictor = with_palette_of(reference, predictor, self.limits)
            yield files.enter_context(self.storage.file(record.original.key)), predictor

    def _keep(self, record: JobRecord, photo: ColorizedPhoto) -> Result:
        name = PurePath(record.original.name).stem + photo.extension
        key = self.write(record, photo.extension, photo.data, photo.media_type, name)
        return Result(
            key=key,
            linked=self.storage.link(key) is not None,
            preview_key=self.write(record, _PREVIEW, photo.preview, "image/jpeg"),
            original_preview_key=self.write(record, _ORIGINAL_PREVIEW, photo.original_preview, "image/jpeg"),
            confidence_key=self.write(record, _CONFIDENCE, photo.confidence, "image/png"),
            name=name,
            media_type=photo.media_type,
            bytes=len(photo.data),
            width=photo.width,
            height=photo.height,
            sha256=hashlib.sha256(photo.data).hexdigest(),
        )

    @overload
    def write(
        self, record: JobRecord, extension: str, data: bytes, media_type: str, name: str = ""
    ) -> str: ...
    @overload
    def write(
        self, record: JobRecord, extension: str, data: bytes | None, media_type: str, name: str = ""
    ) -> str | None: ...
    def write(
        self, record: JobRecord, extension: str, data: bytes | None, media_type: str, name: str = ""
    ) -> str | None:
        """Store what there is; return its key."""
        if data is None:
            return None
        key = self.result_key(record, extension)
        with self.storage.draft() as draft:
            draft.write(data)
            draft.commit(key, media_type=media_type, name=name)
        return key

    def result_key(self, record: JobRecord, extension: str) -> str:
        """Return the name that this original, these options and this model always lead to."""
        identity = "\n".join(
            (
                record.original.sha256,
                record.asked(),
                self.predictor.card.weights_sha256,
            )
        )
        return f"results/{record.id}/{hashlib.sha256(identity.encode()).hexdigest()[:32]}{extension}"

    def _settle(self, record: JobRecord, lease: Lease) -> None:
        """After a stop: cancel if that was asked for, and leave no file that no record names."""
        try:
            now = self.store.change(
                record.id, lambda job: job.cancel(utc_now()) if _canceling(job, lease) else job
            )
        except JobNotFound:
            self._forget_files(record)
        else:
            if now.state is JobState.CANCELED:
                self._forget_results(record)

    def _end(self, record: JobRecord, change: Callable[[JobRecord], JobRecord]) -> None:
        try:
            ended = self.store.change(record.id, change)
            tracing.tell(
                {"photochrom.state": ended.state, "error.type": ended.error.code if ended.error else ""}
            )
        except (JobCanceled, JobNotFound):
            self._settle(record, _lease(record))

    def _forget_files(self, record: JobRecord) -> None:
        for part in (record.original, record.reference):
            if part is not None:
                self.storage.delete(part.key)
        self._forget_results(record)

    def _forget_results(self, record: JobRecord) -> None:
        for extension in (*(known.extension for known in PhotoFormat), *_COMPANIONS):
            self.storage.delete(self.result_key(record, extension))


def _lease(record: JobRecord) -> Lease:
    assert record.lease is not None
    return record.lease


def _canceling(job: JobRecord, lease: Lease) -> bool:
    return job.state is JobState.CANCELING and job.lease == lease


def _explained(error: Exception) -> JobError:
    if lacks_memory(error):
        return JobError(code="out-of-memory", detail="The worker has not enough memory for this photograph.")
    if isinstance(error, PhotochromError):
        return JobError(code=error.code, detail=str(error))
    if _no_room(error):
        return JobError(
            code=StorageFull.code,
            detail="The worker has no room for its temporary files; free some space and try again.",
        )
    # What went wrong inside is for the log; the caller can do nothing with it.
    return JobError(
        code="internal-error",
        detail=f"The worker met an unexpected {type(error).__name__}; its log tells more.",
    )


def _no_room(error: Exception) -> bool:
    # Python tries all the folders it knows, and then says that there is none.
    full = {*FULL, errno.ENOENT} if "temporary directory" in str(error) else FULL
    return isinstance(error, OSError) and error.errno in full


def _timed_out() -> JobError:
    return JobError(code="job-timeout", detail="The photograph took longer than a job may take.")
