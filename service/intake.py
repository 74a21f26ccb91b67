"""From an upload to an accepted job: file, record, queue entry, in this order, so that no step can lose one."""

import logging
from collections.abc import Callable

from redis.exceptions import RedisError

from photochrom.errors import PhotochromError, QueueFull
from photochrom.ids import new_id
from photochrom.jobs import JobRecord, JobState, Original, utc_now

from .deps import Services
from .uploads import Upload

_log = logging.getLogger(__name__)
Add = Callable[[JobRecord], tuple[JobRecord, bool]]


def refuse_if_full(services: Services) -> None:
    """Refuse before an upload is read.

    Raises:
        QueueFull: as many jobs wait as the operator allows.
    """
    waiting = services.store.counts()[JobState.QUEUED]
    if waiting >= services.settings.max_queued:
        raise QueueFull(f"{waiting} jobs wait already; try again when some are done.")


def kept(
    services: Services, upload: Upload, add: Add, *, batch_id: str | None = None, item: str | None = None
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
        batch_id=batch_id,
        item=item,
    )
    upload.draft.commit(key, media_type=original.media_type)
    try:
        accepted, new = add(record)
    except PhotochromError:
        services.storage.delete(key)
        raise
    if not new:
        services.storage.delete(key)
    return accepted, new


def hand_over(services: Services, record: JobRecord) -> None:
    """Put the job where a worker finds it; where that fails, the workers' maintenance does it later."""
    try:
        if record.batch_id is None:
            services.queue.put(record)
        else:
            services.batches.feed(record.batch_id)
    except RedisError:
        _log.warning("Job %s is not in the queue yet", record.id, exc_info=True)
