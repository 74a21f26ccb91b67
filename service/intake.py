"""From an upload to an accepted job: file, record, queue entry, in this order, so that no step can lose one."""

import logging
from collections.abc import Callable

from redis.exceptions import RedisError

from photochrom.allowance import Charge, Use
from photochrom.batches import BatchRecord
from photochrom.errors import PhotochromError, QueueFull
from photochrom.ids import new_id
from photochrom.jobs import JobRecord, JobState, Original, utc_now

from .auth import Caller
from .deps import Services
from .pixels import pixels_of
from .uploads import Upload

_log = logging.getLogger(__name__)
Add = Callable[[JobRecord, Charge | None], tuple[JobRecord, bool]]


def refuse_if_full(services: Services, caller: Caller, *, may_be_known: bool = False) -> None:
    """Refuse before an upload is read; one that may be there already costs nothing, and is let through.

    Raises:
        QueueFull: as many jobs wait as the operator allows.
        QuotaExceeded: the caller has sent as much as it may today.
    """
    waiting = services.store.counts()[JobState.QUEUED]
    if waiting >= services.settings.max_queued:
        raise QueueFull(f"{waiting} jobs wait already; try again when some are done.")
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

    The file is taken back only where it is certain that no record names it. After anything else, such as an
    answer of Redis that got lost, the record may be there; if it is not, `Maintenance.remove_orphans` removes the file.
    """
    job_id = new_id()
    key = f"originals/{job_id}/{upload.sha256[:32]}{upload.format.extension}"
    original = Original(
        name=upload.name if item is None else item.rpartition("/")[2],
        bytes=upload.bytes,
        media_type=upload.format.media_type,
        sha256=upload.sha256,
        key=key,
    )
    record = JobRecord(
        id=job_id,
        options=upload.options,
        original=original,
        created_at=utc_now(),
        # Also what an operator adds to somebody's batch is somebody's.
        owner=batch.owner if batch else caller.owner,
        batch_id=batch.id if batch else None,
        item=item,
    )
    charge = _charge(services, caller, upload)
    upload.draft.commit(key)
    try:
        accepted, new = add(record, charge)
    except PhotochromError:
        services.storage.delete(key)
        raise
    if not new:
        services.storage.delete(key)
    return accepted, new


def _charge(services: Services, caller: Caller, upload: Upload) -> Charge | None:
    if caller.key is None:
        return None
    pixels = pixels_of(upload.draft.path, otherwise=services.settings.max_pixels)
    return Charge(caller.owner, Use(1, upload.bytes, pixels), caller.limits, utc_now())


def hand_over(services: Services, record: JobRecord) -> None:
    """Put the job where a worker finds it; where that fails, the workers' maintenance does it later."""
    try:
        if record.batch_id is None:
            services.queue.put(record)
        else:
            services.batches.feed(record.batch_id)
    except RedisError:
        _log.warning("Job %s is not in the queue yet", record.id, exc_info=True)
