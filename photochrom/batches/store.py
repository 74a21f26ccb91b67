"""Batches in Redis: their records, and the names of their items."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

from redis import Redis
from redis.client import Pipeline

from ..access.quotas import Charge
from ..errors import (
    BatchClosed,
    BatchNotFound,
    IdempotencyMismatch,
    ItemConflict,
    ItemNotFound,
    JobNotFound,
    TooManyBatches,
)
from ..ids import hashed
from ..jobs import scripts
from ..jobs.queue import JobQueue
from ..jobs.record import JobRecord
from ..jobs.states import JobState
from ..jobs.store import IdempotencyKey, JobStore, name_key
from ..records import readable, texts
from ..times import utc_now
from .record import BatchRecord

INDEX = "batches"
CANCELING = "batches:canceling"
RETRYING = "batches:retrying"
HELD = "batches:held"
SERIES = "batches:series"
_EXPIRY = "batches:expiry"


_AGES = timedelta(days=36_500)


class _Renewed(Exception):
    """An item has gone on meanwhile."""


class BatchStore:
    """The only reader and writer of batch records; safe to share between threads."""

    def __init__(self, redis: Redis, jobs: JobStore, queue: JobQueue, keep: timedelta | None) -> None:
        self._redis = redis
        self._jobs = jobs
        self._queue = queue
        self._keep = keep
        self._create = redis.register_script(scripts.CREATE_BATCH)
        self._end_batch = redis.register_script(scripts.END_BATCH)
        self._silence = redis.register_script(scripts.SILENCE_BATCH)
        self._write_batch = redis.register_script(scripts.WRITE_BATCH)

    def create(
        self, record: BatchRecord, idempotency: IdempotencyKey | None = None, most_open: int | None = None
    ) -> BatchRecord:
        """Store a new batch; return it, or the one that an earlier call with this idempotency key made.

        Raises:
            TooManyBatches: `most_open` batches of its owner are open.
            IdempotencyMismatch: the key was used with another name or other options.
        """
        binding = f"{record.id} {idempotency.fingerprint}" if idempotency else ""
        bound = self._create(
            keys=[key_of(record.id), f"idempotency:batch:{idempotency.key if idempotency else ''}"],
            args=[
                record.id,
                record.model_dump_json(),
                "+inf"
                if self._keep is None or record.retention
                else (record.created_at + self._keep).timestamp(),
                binding,
                idempotency.seconds if idempotency else 0,
                record.owner,
                "" if most_open is None or not record.owner else most_open,
            ],
        )
        if bound is None:
            return record
        if bound == b"many":
            raise TooManyBatches(
                f"{most_open} batches of this key's owner are open; seal, cancel or delete one that gets no more "
                "photographs."
            )
        return self._earlier(cast("bytes", bound), idempotency)

    def made_by(self, idempotency: IdempotencyKey) -> BatchRecord | None:
        """Return the batch that an earlier call with this key made, while there is one.

        Raises:
            IdempotencyMismatch: that call said something else.
        """
        bound = cast("bytes | None", self._redis.get(f"idempotency:batch:{idempotency.key}"))
        try:
            return None if bound is None else self._earlier(bound, idempotency)
        except BatchNotFound:
            return None

    def _earlier(self, bound: bytes, idempotency: IdempotencyKey | None) -> BatchRecord:
        earlier_id, _, fingerprint = bound.decode().partition(" ")
        earlier = self.get(earlier_id)
        if idempotency is None or not idempotency.says(fingerprint):
            raise IdempotencyMismatch(
                "This Idempotency-Key was used with another name of a batch, or other options."
            )
        return earlier

    def get(self, batch_id: str) -> BatchRecord:
        """Return the record.

        Raises:
            BatchNotFound: there is none.
        """
        text = self._redis.hget(key_of(batch_id), "record")
        if text is None:
            raise BatchNotFound(batch_id)
        return BatchRecord.model_validate_json(cast("bytes", text))

    def owner(self, batch_id: str) -> str:
        """Return the owner of the batch, "" if no key made it; raise `BatchNotFound` if there is none."""
        found = cast("list[bytes | None]", self._redis.hmget(key_of(batch_id), ["open", "owner"]))
        if found[0] is None:
            raise BatchNotFound(batch_id)
        return (found[1] or b"").decode()

    def events(self, batch_id: str) -> int:
        """Return how often the batch or an item of it has changed."""
        return int(cast("bytes | None", self._redis.hget(key_of(batch_id), "events")) or 0)

    def page(
        self, limit: int, before: str | None = None, owner: str | None = None
    ) -> tuple[list[BatchRecord], str | None]:
        """Return up to `limit` batches (of the owner), newest first, and the cursor of the next page."""
        newest, index = f"({before}" if before else "+", _index_of(owner) if owner else INDEX
        ids = texts(self._redis.zrevrangebylex(index, newest, "-", start=0, num=limit + 1))
        pipeline = self._redis.pipeline(transaction=False)
        for batch_id in ids[:limit]:
            pipeline.hget(key_of(batch_id), "record")
        return readable(BatchRecord, pipeline.execute()), ids[limit - 1] if len(ids) > limit else None

    def seal(self, batch_id: str) -> BatchRecord:
        """Accept no more items; sealing again changes nothing."""

        def sealed(batch: BatchRecord) -> BatchRecord:
            return batch.model_copy(update={"sealed_at": utc_now()}) if batch.open else batch

        return self._change(batch_id, sealed)

    def cancel(self, batch_id: str) -> BatchRecord:
        """Start no further items; `Turns.cancel_items` does the rest. Results so far are kept."""

        def canceled(batch: BatchRecord) -> BatchRecord:
            changes = {"canceled_at": utc_now(), "paused_at": None}
            return batch if batch.canceled_at else batch.model_copy(update=changes)

        def noted(pipeline: Pipeline) -> None:
            pipeline.hdel(RETRYING, batch_id)

        return self._change(batch_id, canceled, noted, cancel_items=True)

    def pause(self, batch_id: str) -> BatchRecord:
        """Start no further items until `resume`; running ones finish, and more may be sent.

        Raises:
            BatchClosed: the batch is canceled.
        """

        def paused(batch: BatchRecord) -> BatchRecord:
            if batch.canceled_at:
                raise BatchClosed(f"Batch {batch_id} is canceled; none of its items will start.")
            return batch if batch.paused_at else batch.model_copy(update={"paused_at": utc_now()})

        return self._change(batch_id, paused)

    def resume(self, batch_id: str) -> BatchRecord:
        """Resume a paused batch; any other stays as it is. `Turns.feed` then starts its items."""
        return self._change(batch_id, lambda batch: batch.model_copy(update={"paused_at": None}))

    def with_series_due(self) -> list[str]:
        """Return the batches whose photographs all have colours, each its own: they may be looked through."""
        ids = texts(self._redis.smembers(SERIES))
        pipeline = self._redis.pipeline(transaction=False)
        for batch_id in ids:
            pipeline.hget(key_of(batch_id), "record")
        found = readable(BatchRecord, pipeline.execute())
        return [batch.id for batch in found if self.may_form_series(batch)]

    def may_form_series(self, batch: BatchRecord) -> bool:
        """Return whether all photographs that a batch will have are there, and done."""
        if batch.series != "due" or batch.open or batch.canceled_at is not None:
            return False
        return not self._redis.hexists(RETRYING, batch.id) and not self._jobs.unfinished(batch.id)

    def made_series(self, seen: BatchRecord) -> None:
        """Note that each photograph of a batch as it was seen knows which others it belongs to.

        Where an item has gone on since, it is still to be looked through.
        """

        def made(batch: BatchRecord) -> BatchRecord:
            if (batch.series, batch.renewals) != ("due", seen.renewals):
                raise _Renewed
            return batch.model_copy(update={"series": "made"})

        def noted(pipeline: Pipeline) -> None:
            pipeline.srem(SERIES, seen.id)

        with suppress(_Renewed):
            self._change(seen.id, made, noted)

    def renew_series(self, batch_id: str) -> None:
        """Have a batch looked through once more: an item that was over may come after all."""

        def noted(pipeline: Pipeline) -> None:
            pipeline.sadd(SERIES, batch_id)

        if self.get(batch_id).series:
            self._change(batch_id, lambda batch: batch.model_copy(update=batch.renewed()), noted)

    def retryable(self, batch_id: str) -> int:
        """Return how many failed and canceled items can be tried again: those whose originals are kept.

        0 while an earlier call is under way, which has them tried.
        """
        if self._redis.hexists(RETRYING, batch_id):
            return 0
        return sum(self._jobs.retryable(state, batch_id) for state in (JobState.FAILED, JobState.CANCELED))

    def retry_failed(self, batch_id: str) -> bool:
        """Retry them, by `Turns.retry_items`; return False, and change nothing, while an earlier call is under way."""

        def resumed(batch: BatchRecord) -> BatchRecord:
            if self._redis.hexists(RETRYING, batch_id):
                raise _Renewed
            return batch.model_copy(update=_resumed(batch))

        def noted(pipeline: Pipeline) -> None:
            pipeline.srem(CANCELING, batch_id)
            pipeline.hset(RETRYING, batch_id, utc_now().isoformat())

        try:
            self._change(batch_id, resumed, noted)
        except _Renewed:
            return False
        self.renew_series(batch_id)
        return True

    def add(self, record: JobRecord, charge: Charge | None = None) -> tuple[JobRecord, bool]:
        """Store a new item; return it, or the one that exists already, and whether it is new.

        Raises:
            BatchClosed: the batch accepts no more.
            ItemConflict: there is an item of this name with another photograph or other options.
            QuotaExceeded: it is more than the owner may send on that day.
        """
        assert record.batch_id is not None
        assert record.item is not None
        said = f"{record.original.sha256} {record.asked()}"
        # Its name has to lead to it for as long as there is a record.
        kept_for = _AGES if self._keep is None or record.forever else self._keep
        key = IdempotencyKey(
            name_key(record.batch_id, record.item), hashed(said), int(kept_for.total_seconds()) * 2
        )
        try:
            kept = self._jobs.create(record, key, charge)
        except IdempotencyMismatch:
            raise ItemConflict(
                f"The batch has another {record.item!r}; delete that job first, or choose another name."
            ) from None
        return kept, kept.id == record.id

    def item(self, batch_id: str, name: str) -> JobRecord:
        """Return the item of this name.

        Raises:
            ItemNotFound: there is none.
        """
        bound = cast("bytes | None", self._redis.get(f"idempotency:{name_key(batch_id, name)}"))
        try:
            return self._jobs.get((bound or b"").decode().partition(" ")[0])
        except JobNotFound:
            raise ItemNotFound(f"The batch has no item {name[:80]!r}.") from None

    def delete(self, batch_id: str, check: Callable[[int], None] | None = None) -> list[JobRecord]:
        """Delete the batch and all its items; return the items, for their files to be deleted.

        No event is sent: whoever deletes a batch knows that it has ended. If `check` raises for the number of events
        that the batch has at that moment, it stays.
        """
        self._begin_to_delete(batch_id, check)
        owner = self.cancel(batch_id).owner
        gone: list[JobRecord] = []
        for records in self._jobs.listed(batch_id=batch_id):
            for record in records:
                try:
                    gone.append(self._jobs.delete(record.id))
                except JobNotFound:
                    continue
                self._queue.remove(record)
        pipeline = self._redis.pipeline()
        pipeline.delete(key_of(batch_id), f"{key_of(batch_id)}:held", f"{key_of(batch_id)}:out")
        pipeline.zrem(INDEX, batch_id)
        pipeline.zrem(_index_of(owner), batch_id)
        pipeline.zrem(_EXPIRY, batch_id)
        pipeline.srem(CANCELING, batch_id)
        pipeline.srem(HELD, batch_id)
        pipeline.srem(SERIES, batch_id)
        pipeline.hdel(RETRYING, batch_id)
        pipeline.execute()
        return gone

    def _begin_to_delete(self, batch_id: str, check: Callable[[int], None] | None) -> None:
        begun = -1
        while begun < 0:
            number: int | str = ""
            if check is not None and (number := self.events(batch_id)):
                check(number)
            begun = int(cast("int", self._silence(keys=[key_of(batch_id)], args=[number])))
        if not begun:
            raise BatchNotFound(batch_id)

    def forget_empty(self, now: datetime) -> None:
        """Delete the batches that have expired by `now` and have no items left, but those that are kept for ever."""
        for batch_id in texts(self._redis.zrangebyscore(_EXPIRY, "-inf", now.timestamp())):
            if self._is_kept(batch_id):
                # Of a version before this one, which gave it a time.
                self._redis.zadd(_EXPIRY, {batch_id: "+inf"})
            elif any(self._jobs.counts(batch_id).values()):
                later = now + timedelta(days=1)
                self._redis.zadd(_EXPIRY, {batch_id: later.timestamp()})
            else:
                self.delete(batch_id)

    def _is_kept(self, batch_id: str) -> bool:
        with suppress(BatchNotFound):
            return self.get(batch_id).retention is not None
        return False

    def _change(
        self,
        batch_id: str,
        change: Callable[[BatchRecord], BatchRecord],
        and_then: Callable[[Pipeline], None] = lambda _: None,
        *,
        cancel_items: bool = False,
    ) -> BatchRecord:
        """Apply `change` to the newest record; what `and_then` adds happens in the same transaction."""

        def apply(pipeline: Pipeline) -> BatchRecord:
            text = cast("bytes | None", pipeline.hget(key_of(batch_id), "record"))
            if text is None:
                raise BatchNotFound(batch_id)
            changed = change(BatchRecord.model_validate_json(text))
            pipeline.multi()
            self._write(pipeline, changed, cancel_items=cancel_items)
            and_then(pipeline)
            self._end_batch(args=[batch_id], client=pipeline)
            pipeline.publish("jobs:changed", batch_id)
            return changed

        transaction = cast("Any", self._redis.transaction)
        return cast("BatchRecord", transaction(apply, key_of(batch_id), value_from_callable=True))

    def _write(self, pipeline: Pipeline, record: BatchRecord, *, cancel_items: bool) -> None:
        args: list[str | int] = [
            record.id,
            record.model_dump_json(),
            int(record.open),
            int(record.paused_at is not None),
            record.owner,
            int(cancel_items),
        ]
        self._write_batch(keys=[key_of(record.id)], args=args, client=pipeline)


def _resumed(batch: BatchRecord) -> dict[str, object]:
    """Undo a cancel: the batch continues with the items it has, and accepts no more."""
    return {"canceled_at": None, "sealed_at": batch.sealed_at or utc_now()} if batch.canceled_at else {}


def key_of(batch_id: str) -> str:
    """Return the key of the batch; what belongs to it is stored under this key and a suffix."""
    return f"batch:{batch_id}"


def _index_of(owner: str) -> str:
    return f"owner:{owner}:batches"
