"""From an upload to an accepted job: file, record, queue entry, in this order, so that no step can lose one."""

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from redis.exceptions import RedisError

from photochrom import tracing
from photochrom.access.quotas import Charge, Use
from photochrom.batches.record import BatchRecord
from photochrom.batches.turns import Turns
from photochrom.errors import JobNotFound, ObjectNotFound, PhotochromError, QueueFull, ReferenceRejected
from photochrom.ids import PATTERN, new_id
from photochrom.jobs.fleet import Fleet
from photochrom.jobs.parts import Original
from photochrom.jobs.queue import JobQueue
from photochrom.jobs.record import JobRecord
from photochrom.jobs.split import Split
from photochrom.jobs.states import JobState
from photochrom.photo import capabilities
from photochrom.photo.options import ColorizeOptions, OutputFormat
from photochrom.photo.vividness import STARTING_VIVIDNESS
from photochrom.storage.keys import original_key
from photochrom.storage.storage import Storage
from photochrom.times import utc_now

from ..caller import Caller
from ..deps import Services
from ..edge.idempotency import idempotency
from .mask import check_mask
from .older import refuse_what_workers_do_not_know, refuse_while_workers_are_older
from .pixels import pixels_of
from .receive import Sink, Upload
from .series import refuse_consistency
from .split import check_split

_log = logging.getLogger(__name__)


def refuse_if_full(
    services: Services, caller: Caller, *, may_be_known: bool = False, photographs: int = 1
) -> None:
    """Refuse before an upload is read; one that may be there already costs nothing, and is let through.

    Raises:
        QueueFull: as many jobs wait as the operator allows, of all or of the caller.
        QuotaExceeded: the caller has sent as much as it may today.
    """
    store, settings = services.store, services.settings
    waiting = store.counts()[JobState.QUEUED]
    if waiting + photographs > settings.max_queued:
        raise QueueFull(_no_room(f"{waiting} jobs wait already", settings.max_queued, photographs))
    most = settings.max_queued_per_owner
    if caller.key is not None and most is not None and store.waiting_of(caller.owner) + photographs > most:
        raise QueueFull(_no_room(f"{most} jobs of this key's owner may wait", most, photographs))
    if caller.key is not None and not may_be_known:
        services.allowance.check(caller.owner, caller.limits)


def _no_room(said: str, most: int, photographs: int) -> str:
    if photographs > most:
        return f"{photographs} photographs never have room among the {most} jobs that may wait; send fewer at a time."
    return f"{said}; try again when some are done."


def accept_job(
    services: Services, caller: Caller, upload: Upload, idempotency_key: str | None = None
) -> tuple[JobRecord, bool]:
    """Keep the file, then the record, then hand it over; return the record, and whether it is new.

    Raises:
        InvalidOption: the idempotency key is empty.
        CapabilityMissing, ReferenceRejected, MaskRejected, StorageFull, IdempotencyMismatch, QuotaExceeded.
    """
    with _prepared(services, caller, upload) as (record, lender):
        # By the number, what is said now differs from what a version before "auto" has stored for it.
        key = idempotency(idempotency_key, f"2 {_said(record)}", record.owner, *_said_before(record))
        charge = _charge(services.settings.max_pixels, caller, upload, record)
        with _files_of(services.storage, record, upload, lender), tracing.span("write record"):
            accepted = services.store.create(record, key, charge)
    return accepted, _concluded(services, record, accepted)


def _said(record: JobRecord) -> str:
    return f"{record.original.sha256} {record.original.name} {record.asked()}"


def _said_before(record: JobRecord) -> tuple[str, ...]:
    """Return what versions before this one stored of the same call: 24 hours long it may come again."""
    options = record.options
    if options.vividness != "auto":
        return (_said(record),)
    # The default before there was "auto".
    number = options.model_copy(update={"vividness": STARTING_VIVIDNESS})
    return _said(record), _said(record.model_copy(update={"options": number}))


def accept_page(
    services: Services, caller: Caller, upload: Upload, idempotency_key: str | None = None
) -> tuple[JobRecord, bool]:
    """Keep a scan whose photographs are to be found, as `accept_job` keeps a photograph."""
    return accept_job(services, caller, replace(upload, split=True), idempotency_key)


def accept_item(
    services: Services, caller: Caller, upload: Upload, batch: BatchRecord, item: str
) -> tuple[JobRecord, bool]:
    """Keep one photograph of a batch as `accept_job` does, under its name in the batch.

    Raises:
        BatchClosed, ItemConflict: the batch takes no more, or has another photograph of this name.
        CapabilityMissing, ReferenceRejected, MaskRejected, StorageFull, QuotaExceeded.
    """
    refuse_consistency(upload.options, batch)
    with _prepared(services, caller, upload, batch, item) as (record, lender):
        charge = _charge(services.settings.max_pixels, caller, upload, record)
        with _files_of(services.storage, record, upload, lender), tracing.span("write record"):
            accepted, _ = services.batches.add(record, charge)
    return accepted, _concluded(services, record, accepted)


@contextmanager
def _prepared(
    services: Services, caller: Caller, upload: Upload, batch: BatchRecord | None = None, item: str = ""
) -> Iterator[tuple[JobRecord, Upload | None]]:
    """Yield the record to be made, and the reference for its palette, while its draft exists."""
    check_capabilities(services.fleet, upload)
    if upload.split:
        check_split(upload, item)
        refuse_while_workers_are_older(services.fleet.alive())
    if upload.repair_mask:
        check_mask(upload, upload.repair_mask)
    job_id = new_id()
    with ExitStack() as drafts:
        lender = upload.reference or _borrowed(services, caller, upload.reference_job, drafts)
        record = JobRecord(
            id=job_id,
            options=upload.options,
            original=_stored(upload, job_id, item.rpartition("/")[2]),
            reference=_stored(lender, job_id, "", "reference-") if lender else None,
            repair_mask=_stored(upload.repair_mask, job_id, "", "mask-") if upload.repair_mask else None,
            created_at=utc_now(),
            # Also what an operator adds to somebody's batch is somebody's.
            owner=batch.owner if batch else caller.owner,
            batch_id=batch.id if batch else None,
            item=item or None,
            forever=bool(batch and batch.retention),
            split=Split() if upload.split else None,
            trace=tracing.traceparent(),
        )
        tracing.tell({"photochrom.job_id": job_id, "photochrom.bytes": upload.bytes})
        yield record, lender


@contextmanager
def _files_of(storage: Storage, record: JobRecord, upload: Upload, lender: Upload | None) -> Iterator[None]:
    """Keep the files of a record that is written inside.

    They are taken back only where it is certain that no record names them. After anything else, such as an answer of
    Redis that got lost, the record may be there; if it is not, `Maintenance.remove_orphans` removes them.
    """
    try:
        with tracing.span("store original"):
            upload.draft.commit(record.original.key, media_type=record.original.media_type)
            if lender and record.reference:
                lender.draft.commit(record.reference.key, media_type=record.reference.media_type)
            if upload.repair_mask and record.repair_mask:
                upload.repair_mask.draft.commit(
                    record.repair_mask.key, media_type=record.repair_mask.media_type
                )
        yield
    except PhotochromError:
        _take_back(storage, record)
        raise


def _concluded(services: Services, record: JobRecord, accepted: JobRecord) -> bool:
    """Hand a new job over; of one that was there already the files are there, too. Return whether it is new."""
    new = accepted.id == record.id
    if new:
        hand_over(services.queue, services.turns, accepted)
    else:
        _take_back(services.storage, record)
    return new


def check_capabilities(fleet: Fleet, upload: Upload) -> None:
    """Refuse what no worker could do. While none lives the job is taken, and judged by the one that gets it.

    Raises:
        CapabilityMissing: a live worker does not write the format that is asked for, or its model was not trained for
            the hints or the reference that are given.
        WorkersTooOld: one does not know an option that is asked for.
    """
    options, reference = upload.options, bool(upload.reference or upload.reference_job)
    needed = capabilities.wanted(options, reference=reference)
    chosen = bool(needed) or options.format is OutputFormat.HEIC  # every worker writes all other formats
    if not chosen and not options.newer():
        return
    alive = fleet.alive()
    if options.consistency:
        capabilities.check_series([worker.tells_series for worker in alive])
    refuse_what_workers_do_not_know(alive, options)
    for worker in alive if chosen else ():
        capabilities.check_format(options.format, worker.writes)
        capabilities.check(needed, worker.capabilities, f"{worker.model.name} {worker.model.version}")


def _stored(upload: Upload, job_id: str, name: str = "", prefix: str = "") -> Original:
    return Original(
        name=name or upload.name,
        bytes=upload.bytes,
        media_type=upload.format.media_type,
        sha256=upload.sha256,
        key=original_key(job_id, upload.sha256, upload.format.extension, prefix),
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


def _take_back(storage: Storage, record: JobRecord) -> None:
    for key in record.stored_keys():
        storage.delete(key)


def _charge(max_pixels: int, caller: Caller, upload: Upload, record: JobRecord) -> Charge | None:
    if caller.key is None:
        return None
    pixels = pixels_of(upload.draft.path, otherwise=max_pixels)
    sent = sum(part.bytes for part in record.inputs)
    return Charge(caller.owner, Use(1, sent, pixels), caller.limits, utc_now())


def hand_over(queue: JobQueue, turns: Turns, record: JobRecord) -> None:
    """Put the job where a worker finds it; where that fails, the workers' maintenance does it later."""
    try:
        with tracing.span("hand over"):
            if record.batch_id is None:
                queue.put(record)
            else:
                turns.feed(record.batch_id)
    except RedisError as error:
        _log.warning("Job %s is not in the queue yet: %s", record.id, error)
