"""From an upload to an accepted job: file, record, queue entry, in this order, so that no step can lose one."""

import logging
import re
from collections.abc import Callable
from contextlib import ExitStack

from redis.exceptions import RedisError

from photochrom import tracing
from photochrom.access.quotas import Charge, Use
from photochrom.batches.record import BatchRecord
from photochrom.errors import JobNotFound, ObjectNotFound, PhotochromError, QueueFull, ReferenceRejected
from photochrom.ids import PATTERN, new_id
from photochrom.jobs.record import JobRecord, JobState, Original, utc_now
from photochrom.photo import capabilities
from photochrom.photo.options import ColorizeOptions

from ..access.auth import Caller
from ..deps import Services
from .pixels import pixels_of
from .receive import Sink, Upload

_log = logging.getLogger(__name__)
Add = Callable[[JobRecord, Charge | None], tuple[JobRecord, bool]]


def refuse_if_full(services: Services, caller: Caller, *, may_be_known: bool = False) -> None:
    """Refuse before an upload is read; one that may be there already costs nothing, and is let through.

    Raises:
        QueueFull: as many jobs wait as the operator allows, of all or of the caller.
        QuotaExceeded: the caller has sent as much as it may today.
    """
    waiting = services.store.counts()[JobState.QUEUED]
    if waiting >= services.settings.max_queued:
        raise QueueFull(f"{waiting} jobs wait already; try again when some are done.")
    most = services.settings.max_queued_per_owner
    if caller.key is not None and most is not None and services.store.waiting_of(caller.owner) >= most:
        raise QueueFull(f"{most} jobs of this key's owner wait already; try again when some are done.")
    if caller.key is not None and not may_be_known:
        services.allowance.check(caller.owner, caller.limits)


def kept(
    services: Services,
    caller: Caller,
    upload: Upload,
    add: Add,
    *,
    batch: BatchRecord | None = None,
    item: str | None = None,
) -> tuple[JobRecord, bool]:
    """Keep the file, then the record by `add`; return what `add` does: the record, and whether it is new.

    The files (a reference is a second one) are taken back only where it is certain that no record names them. After
    anything else, such as an answer of Redis that got lost, the record may be there; if it is not,
    `Maintenance.remove_orphans` removes them.

    Raises:
        CapabilityMissing, ReferenceRejected, StorageFull; and whatever `add` does.
    """
    check_capabilities(services, upload)
    job_id = new_id()
    with ExitStack() as drafts:
        lender = upload.reference or _borrowed(services, caller, upload.reference_job, drafts)
        record = JobRecord(
            id=job_id,
            options=upload.options,
            original=_stored(upload, job_id, "" if item is None else item.rpartition("/")[2]),
            reference=_stored(lender, job_id, "", "reference-") if lender else None,
            created_at=utc_now(),
            # Also what an operator adds to somebody's batch is somebody's.
            owner=batch.owner if batch else caller.owner,
            batch_id=batch.id if batch else None,
            item=item,
            trace=tracing.traceparent(),
        )
        tracing.tell({"photochrom.job_id": job_id, "photochrom.bytes": upload.bytes})
        charge = _charge(services, caller, upload, record)
        try:
            with tracing.span("store original"):
                upload.draft.commit(record.original.key, media_type=record.original.media_type)
                if lender and record.reference:
                    lender.draft.commit(record.reference.key, media_type=record.reference.media_type)
            with tracing.span("write record"):
                accepted, new = add(record, charge)
        except PhotochromError:
            _take_back(services, record)
            raise
    if not new:
        _take_back(services, record)
    return accepted, new


def check_capabilities(services: Services, upload: Upload) -> None:
    """Refuse what no worker could do. While none lives the job is taken, and judged by the one that gets it.

    Raises:
        CapabilityMissing: a live worker's model was not trained for the hints or the reference that are given.
    """
    reference = bool(upload.reference or upload.reference_job)
    if needed := capabilities.wanted(upload.options, reference=reference):
        workers = services.fleet.alive()
        for worker in workers:
            capabilities.check(needed, worker.capabilities, f"{worker.model.name} {worker.model.version}")


def _stored(upload: Upload, job_id: str, name: str = "", prefix: str = "") -> Original:
    return Original(
        name=name or upload.name,
        bytes=upload.bytes,
        media_type=upload.format.media_type,
        sha256=upload.sha256,
        key=f"originals/{job_id}/{prefix}{upload.sha256[:32]}{upload.format.extension}",
    )


def _borrowed(services: Services, caller: Caller, job_id: str, drafts: ExitStack) -> Upload | None:
    """Copy the small picture of another job's result: a palette needs no more, and that job may be deleted."""
    if not job_id:
        return None
    try:
        record = services.store.get(job_id) if re.fullmatch(PATTERN, job_id) else None
        result = record.result if record and caller.sees(record.owner) else None
        reading = services.storage.read(result.preview_key or result.key) if result else None
    except (JobNotFound, ObjectNotFound):
        result = reading = None
    if result is None or reading is None:
        raise ReferenceRejected(
            f"No job {job_id[:64]!r} has a result that could lend its palette; send a photograph as 'reference'."
        )
    sink = Sink(drafts.enter_context(services.storage.draft()), services.settings.max_upload_bytes)
    for chunk in reading.chunks:
        sink.write(chunk)
    return Upload(sink.draft, result.name, sink.size, sink.sha256, sink.close(), ColorizeOptions())


def _take_back(services: Services, record: JobRecord) -> None:
    for key in record.stored_keys():
        services.storage.delete(key)


def _charge(services: Services, caller: Caller, upload: Upload, record: JobRecord) -> Charge | None:
    if caller.key is None:
        return None
    pixels = pixels_of(upload.draft.path, otherwise=services.settings.max_pixels)
    sent = upload.bytes + (record.reference.bytes if record.reference else 0)
    return Charge(caller.owner, Use(1, sent, pixels), caller.limits, utc_now())


def hand_over(services: Services, record: JobRecord) -> None:
    """Put the job where a worker finds it; where that fails, the workers' maintenance does it later."""
    try:
        with tracing.span("hand over"):
            if record.batch_id is None:
                services.queue.put(record)
            else:
                services.batches.feed(record.batch_id)
    except RedisError:
        _log.warning("Job %s is not in the queue yet", record.id, exc_info=True)
