"""One job from its record to its published result.

Any step may be the last before a kill -9, and RQ may deliver a job twice. Therefore the record is claimed and
changed by compare-and-set under a lease, and the result's name is derived from the inputs, so that a repeated job
gives the same result.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from photochrom import tracing
from photochrom.batches.store import BatchStore
from photochrom.batches.turns import Turns
from photochrom.errors import (
    JobCanceled,
    JobConflict,
    JobNotFound,
    ModelRejected,
    PhotoRejected,
    StorageUnavailable,
)
from photochrom.jobs.parts import JobError, Lease, ModelUsed, Progress, Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from photochrom.logs import about
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.names import with_suffix
from photochrom.photo.options import Repair
from photochrom.photo.series import SIGHT_EXTENSION
from photochrom.photo.sniff import PhotoFormat
from photochrom.storage.keys import result_key
from photochrom.storage.storage import Storage
from photochrom.times import utc_now

from ..child.colorist import ChildBroken, Colored, Colorist
from ..child.messages import Which
from ..deadline import JobTimedOut
from ..failures import explained
from ..out_of_memory import lacks_memory, let_go
from ..pipeline.stages import stages_of
from . import series, splitting
from .stored import Stored

_log = logging.getLogger(__name__)
PREVIEW_SIDE = 1024
_COMPANIONS = {
    "preview": (".preview.jpg", "image/jpeg"),
    "original_preview": (".original.jpg", "image/jpeg"),
    "confidence": (".confidence.png", "image/png"),
    "repairs": (".repairs.png", "image/png"),
    "sight": (SIGHT_EXTENSION, "application/octet-stream"),
}
"""Files beside a result: extension and media type by the name that the child uses."""


@dataclass(frozen=True)
class Restorer:
    """Everything that a worker process needs to restore photographs; made once, before its first job."""

    store: JobStore
    storage: Storage
    colorist: Colorist
    worker: str
    max_attempts: int
    turns: Turns
    batches: BatchStore
    incoming: Storage | None = None
    """The same storage for what is cut out of pages, where that leaves room for photographs at work."""

    def model_used(self) -> ModelUsed:
        """Return which network this worker runs, and on which device."""
        told = self.colorist.told
        return _used(told.card, told.provider)

    def film_model_used(self) -> ModelUsed | None:
        """Return the network that it runs for old film, where there is one."""
        film = self.colorist.told.film
        return _used(film.card, film.provider) if film else None

    def network_of(self, record: JobRecord) -> Which | None:
        """Return which network made a result; None where this worker has it no more."""
        by = record.model.weights_sha256 if record.model else ""
        known: tuple[tuple[Which, ModelUsed | None], ...] = (
            ("usual", self.model_used()),
            ("film", self.film_model_used()),
        )
        return next((which for which, model in known if model and model.weights_sha256 == by), None)

    def restore(self, job_id: str) -> None:
        """Process the job; every outcome that concerns the caller is written to its record.

        Raises:
            Exception: an error that another attempt may not meet; RQ delivers the job again.
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
                # The item is finished: the next of its batch takes its turn before this worker looks for work.
                self.turns.feed(record.batch_id)
                if record.options.consistency and record.series is None:
                    series.ask_if_due(self, record.batch_id)

    def _traced_attempt(self, record: JobRecord, lease: Lease) -> None:
        told: tracing.Attributes = {"photochrom.job_id": record.id, "photochrom.attempt": lease.attempt}
        with tracing.continued("restore", record.trace, "CONSUMER", told), about(**tracing.ids()):
            if lease.attempt == 1 and record.started_at:
                tracing.past("wait", record.created_at, record.started_at)
            self._attempt(record, lease)

    def _attempt(self, record: JobRecord, lease: Lease) -> None:
        try:
            self._work(record, lease)
        except (JobCanceled, JobNotFound) as stop:
            _log.info("Stopped: %s", stop)
            self._settle(record, lease)
        except PhotoRejected as error:
            refusal = _told(error)
            self._end(record, lambda job: job.reject(lease, refusal, utc_now()))
        except JobTimedOut:
            self._end(record, lambda job: job.reject(lease, _timed_out(), utc_now()))
        except (ChildBroken, ModelRejected) as error:
            self._end(record, lambda job: job.release(lease))
            # The supervisor starts another worker, which may succeed.
            raise SystemExit(str(error)) from error
        except (KeyboardInterrupt, SystemExit, StorageUnavailable):
            # Nothing is wrong with the photograph: it returns to the queue, and the attempt does not count.
            self._end(record, lambda job: job.release(lease))
            raise
        except Exception as error:
            self._stumble(record, lease, error)
            raise

    def _stumble(self, record: JobRecord, lease: Lease, error: Exception) -> None:
        told = _told(error)
        if lacks_memory(error):
            let_go(error)
        self._end(record, lambda job: job.stumble(lease, told, utc_now(), self.max_attempts))

    def _work(self, record: JobRecord, lease: Lease) -> None:
        if record.split is not None:
            splitting.split(self, record, lease)
        else:
            self._colorize(record, lease)

    def _colorize(self, record: JobRecord, lease: Lease) -> None:
        stages, ahead = _Stages(), stages_of(record.options)

        def on_stage(stage: str) -> None:
            stages.begin(stage)
            progress = Progress(stage=stage, done=ahead.index(stage), total=len(ahead))
            self.store.change(record.id, lambda job: job.advance(lease, progress))

        with ExitStack() as opened:
            with tracing.span("fetch original"):
                original, reference, mask = opened.enter_context(self.inputs(record))
            photo = opened.enter_context(
                self.colorist.colorize(
                    original,
                    record.options,
                    reference,
                    repair_mask=mask,
                    on_stage=on_stage,
                    preview_side=PREVIEW_SIDE,
                    series=record.series,
                )
            )
            stages.end()
            with tracing.span("store result"):
                result = self._keep(record, photo)
        told = photo.told
        model = (self.film_model_used() if told.network == "film" else None) or self.model_used()
        model = model.model_copy(update={"vividness": told.vividness})
        _log.info("Colorized in %.2f s", sum(told.timings.values()), extra={"timings": told.timings})
        self.store.change(
            record.id,
            lambda job: job.succeed(
                lease,
                result,
                model,
                now=utc_now(),
                timings=told.timings,
                warnings=told.warnings,
                film=told.film,
            ),
        )

    @contextmanager
    def inputs(self, record: JobRecord) -> Iterator[tuple[Path, Path | None, Path | None]]:
        """Provide the original as a file, and the reference and the repair mask if there are any."""
        with ExitStack() as files:
            original = files.enter_context(self.storage.file(record.original.key))
            reference, mask = (
                files.enter_context(self.storage.file(part.key)) if part is not None else None
                for part in (record.reference, record.repair_mask)
            )
            yield original, reference, mask

    def _keep(self, record: JobRecord, photo: Colored) -> Result:
        told = photo.told
        name = with_suffix(record.original.name, told.format.extension)
        kinds = {"data": (told.format.extension, told.format.media_type, name)} | _COMPANIONS
        kept = {part: self.write(record, chunks, *kinds[part]) for part, chunks in photo.parts()}
        result = kept.pop("data")
        return Result(
            key=result.key,
            linked=self.storage.link(result.key) is not None,
            preview_key=_key(kept.get("preview")),
            original_preview_key=_key(kept.get("original_preview")),
            confidence_key=_key(kept.get("confidence")),
            repairs_key=_key(kept.get("repairs")),
            # One whose series is known is looked at no more: what it showed is what its series was made by.
            sight_key=_key(kept.get("sight")) or (record.result.sight_key if record.result else None),
            restoration=told.restoration,
            name=name,
            media_type=told.format.media_type,
            bytes=result.bytes,
            width=told.width,
            height=told.height,
            turned=told.turned,
            sha256=result.sha256,
        )

    def write(
        self, record: JobRecord, chunks: Iterable[bytes], extension: str, media_type: str, name: str = ""
    ) -> Stored:
        """Store a file that belongs to the job's result."""
        key, size, digest = self.result_key(record, extension), 0, hashlib.sha256()
        with self.storage.draft() as draft:
            for chunk in chunks:
                size += len(chunk)
                digest.update(chunk)
                draft.write(chunk)
            draft.commit(key, media_type=media_type, name=name)
        return Stored(key, size, digest.hexdigest())

    def result_key(self, record: JobRecord, extension: str) -> str:
        """Return the name, which depends only on the original, the options and the models that may be chosen."""
        told = self.colorist.told
        beside = (told.film.card.weights_sha256, told.recognizer_sha256) if told.film else ()
        # Without repair the name is what it was before there was a finder.
        if told.finder and record.options.repair is Repair.AUTO:
            beside = (*beside, told.finder.weights_sha256)
        if told.turner_sha256 and record.options.turn == "auto":
            beside = (*beside, told.turner_sha256)
        if record.series and record.series.shift:
            beside = (*beside, record.series.shift)
        parts = (record.original.sha256, record.asked(), told.card.weights_sha256, *beside)
        identity = "\n".join(parts)
        return result_key(record.id, hashlib.sha256(identity.encode()).hexdigest(), extension)

    def _settle(self, record: JobRecord, lease: Lease) -> None:
        """After a stop: cancel if that was requested, and leave no file without a record."""
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
        for part in record.inputs:
            self.storage.delete(part.key)
        self._forget_results(record)

    def _forget_results(self, record: JobRecord) -> None:
        for extension in (
            *(known.extension for known in PhotoFormat),
            *(kind[0] for kind in _COMPANIONS.values()),
            splitting.PREVIEWS,
        ):
            self.storage.delete(self.result_key(record, extension))


def _used(card: ModelCard, provider: str) -> ModelUsed:
    return ModelUsed(
        name=card.name, version=card.version, provider=provider, weights_sha256=card.weights_sha256
    )


def _key(stored: Stored | None) -> str | None:
    return None if stored is None else stored.key


def _lease(record: JobRecord) -> Lease:
    assert record.lease is not None
    return record.lease


def _canceling(job: JobRecord, lease: Lease) -> bool:
    return job.state is JobState.CANCELING and job.lease == lease


def _told(error: Exception) -> JobError:
    return JobError.model_validate(explained(error)._asdict())


def _timed_out() -> JobError:
    return JobError(code="job-timeout", detail="The photograph took longer than a job may take.")


class _Stages:
    """The child's stages as spans of the trace; the child itself does not know about traces."""

    def __init__(self) -> None:
        self._at: tuple[str, datetime] | None = None

    def begin(self, stage: str) -> None:
        """End the span of the previous stage."""
        self.end()
        self._at = stage, utc_now()

    def end(self) -> None:
        """Add the running stage."""
        if self._at is not None:
            tracing.past(*self._at, utc_now())
        self._at = None
