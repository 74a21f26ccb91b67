"""From a checked page to a batch of its photographs.

The scan becomes an item of the batch, by a copy of its own, and a worker cuts it into further items: so all that
holds for items, from the retry to the deletion, holds for it.
"""

from contextlib import suppress

from photochrom.access.quotas import Charge, Use
from photochrom.batches.names import made_safe
from photochrom.batches.record import BatchRecord
from photochrom.errors import (
    BatchNotFound,
    FramesNotReady,
    InvalidOption,
    ObjectNotFound,
    OriginalExpired,
    PhotochromError,
    PreconditionFailed,
)
from photochrom.ids import new_id
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions
from photochrom.storage.keys import original_key
from photochrom.times import utc_now

from ..access.ledger import ACTION, charged
from ..batches.schemas import NewBatch
from ..caller import Caller
from ..deps import Services
from ..edge.idempotency import idempotency
from ..uploads.accept import hand_over, refuse_if_full
from ..uploads.older import refuse_what_workers_do_not_know, refuse_while_workers_are_older


def start(
    services: Services, caller: Caller, page: JobRecord, new: NewBatch, idempotency_key: str | None = None
) -> tuple[BatchRecord, bool]:
    """Begin a batch with the scan as its only item, to be cut by its frames; return it, and whether it is new.

    Raises:
        FramesNotReady, OriginalExpired: there are no frames yet, or no scan any more.
        InvalidOption, QueueFull, QuotaExceeded, TooManyBatches, IdempotencyMismatch, StorageFull.
    """
    key = idempotency(idempotency_key, _said(page, new), caller.owner)
    earlier = services.batches.made_by(key) if key else None
    if earlier is not None and not earlier.open:
        # It costs nothing more, whatever has become of the page, the queue and the day since.
        return earlier, False
    _refuse(services, caller, page, new, may_be_known=key is not None)
    options = _options(page, new)
    batch = BatchRecord(
        id=new_id(),
        name=new.name or page.original.name,
        owner=page.owner,
        options=options,
        retention=new.retention,
        series="due" if options.consistency else None,
        created_at=utc_now(),
    )
    begun = services.batches.create(batch, key, services.settings.open_batches)
    if begun.open:  # also where an earlier call with this key ended in the middle
        _fill(services, caller, page, begun)
    return services.batches.get(begun.id), begun.id == batch.id


def _options(page: JobRecord, new: NewBatch) -> ColorizeOptions:
    return new.options if "options" in new.model_fields_set else page.options


def _said(page: JobRecord, new: NewBatch) -> str:
    """Return what the call says, the frames included; the same after an upgrade that knows more of frames."""
    pages = page.split.pages if page.split else ()
    frames = [[frame.model_dump_json(exclude_defaults=True) for frame in each.frames] for each in pages]
    return f"{page.id} {frames} {new.said()}"


def _refuse(
    services: Services, caller: Caller, page: JobRecord, new: NewBatch, *, may_be_known: bool
) -> None:
    if page.split is None or not page.split.pages or page.state is not JobState.SUCCEEDED:
        raise FramesNotReady(f"The page is {page.state}; its photographs are not found.")
    if not page.original.key:
        raise OriginalExpired("The scan was deleted when its time was over; upload it again.")
    if new.retention and not services.settings.keep_batches:
        raise InvalidOption(
            "This service keeps no batch for ever; its operator can allow it (PHOTOCHROM_KEEP_BATCHES)."
        )
    alive = services.fleet.alive()
    refuse_while_workers_are_older(alive)
    refuse_what_workers_do_not_know(alive, _options(page, new).known())
    refuse_if_full(services, caller, may_be_known=may_be_known, photographs=page.split.photographs)


def _fill(services: Services, caller: Caller, page: JobRecord, batch: BatchRecord) -> None:
    """Add the scan and take no more; where that fails there is no batch, unless another call has filled it."""
    try:
        with charged(services.allowance, caller, ACTION):
            item = _copied(services, page, batch)
            try:
                added, new = services.batches.add(item, _charge(caller, page))
            except PhotochromError:
                services.storage.delete(item.original.key)
                raise
        if not new:
            services.storage.delete(item.original.key)
    except (PhotochromError, OSError):
        with suppress(PreconditionFailed, BatchNotFound):
            services.batches.delete(batch.id, _be_untouched)
        raise
    services.batches.seal(batch.id)
    hand_over(services.queue, services.turns, added)


def _be_untouched(events: int) -> None:
    if events > 1:
        raise PreconditionFailed("Another call has filled the batch.")


def _copied(services: Services, page: JobRecord, batch: BatchRecord) -> JobRecord:
    """Copy the scan, so that neither goes with the other, and return the record to be made of it."""
    assert page.split is not None
    job_id, original = new_id(), page.original
    key = original_key(job_id, original.sha256, f".{original.key.rpartition('.')[2]}")
    try:
        reading = services.storage.read(original.key)
    except ObjectNotFound as error:
        raise OriginalExpired("The scan was deleted when its time was over; upload it again.") from error
    with services.storage.draft() as draft:
        for chunk in reading.chunks:
            draft.write(chunk)
        draft.commit(key, media_type=original.media_type)
    paid = {"charged": bool(batch.owner), "checked": True}
    return JobRecord(
        id=job_id,
        options=batch.options,
        original=original.model_copy(update={"key": key, "expires_at": None}),
        created_at=utc_now(),
        owner=batch.owner,
        batch_id=batch.id,
        item=made_safe(original.name),
        forever=bool(batch.retention),
        split=page.split.without_previews().model_copy(update=paid),
        trace=page.trace,
    )


def _charge(caller: Caller, page: JobRecord) -> Charge | None:
    """Charge for all photographs at once: what is accepted is cut."""
    assert page.split is not None
    if caller.key is None:
        return None
    use = Use(page.split.photographs, page.original.bytes, page.split.pixels)
    return Charge(caller.owner, use, caller.limits, utc_now())
