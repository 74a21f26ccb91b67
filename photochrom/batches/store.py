"""Batches in Redis: their records, the names of their items, and whose turn it is.

Items wait in their batch, and only as many as there are workers are in the queue at a time. So the queue stays
short: a single upload waits for one job, not for a batch, and batches take turns.
"""

import hashlib
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
    JobConflict,
    JobNotFound,
    TooManyBatches,
)
from ..jobs import scripts
from ..jobs.fleet import Fleet
from ..jobs.queue import JobQueue
from ..jobs.record import UNFINISHED, JobRecord, JobState, utc_now
from ..jobs.store import IdempotencyKey, JobStore
from ..records import readable
from .record import BatchRecord

_INDEX = "batches"
_CANCELING = "batches:canceling"
_RETRYING = "batches:retrying"
_EXPIRY = "batches:expiry"
_HELD, _HELD_KEPT = "batches:held", "batches:held:kept"


class BatchStore:
    """The only reader and writer of batch records; safe to share between threads."""

    def __init__(self, redis: Redis, jobs: JobStore, queue: JobQueue, keep: timedelta) -> None:
        self._redis = redis
        self._jobs = jobs
        self._queue = queue
        self._keep = keep
        self._fleet = Fleet(redis)
        self._create = redis.register_script(scripts.CREATE_BATCH)
        self._next_turn = redis.register_script(scripts.NEXT_TURN)
        self._hold = redis.register_script(scripts.HOLD)
        self._end_batch = redis.register_script(scripts.END_BATCH)
        self._silence = redis.register_script(scripts.SILENCE_BATCH)
        self._write_batch = redis.register_script(scripts.WRITE_BATCH)

    def create(
        self, record: BatchRecord, idempotency: IdempotencyKey | None = None, most_open: int | None = None
    ) -> BatchRecord:
        """Keep a new batch; return it, or the one that an earlier call with this idempotency key made.

        Raises:
            TooManyBatches: `most_open` batches of its owner are open.
            IdempotencyMismatch: the key was used with another name or other options.
        """
        binding = f"{record.id} {idempotency.fingerprint}" if idempotency else ""
        bound = self._create(
            keys=[_key(record.id), f"idempotency:batch:{idempotency.key if idempotency else ''}"],
            args=[
                record.id,
                record.model_dump_json(),
                (record.created_at + self._keep).timestamp(),
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
        earlier_id, _, fingerprint = cast("bytes", bound).decode().partition(" ")
        if idempotency is None or fingerprint != idempotency.fingerprint:
            raise IdempotencyMismatch(
                "This Idempotency-Key was used with another name of a batch, or other options."
            )
        return self.get(earlier_id)

    def get(self, batch_id: str) -> BatchRecord:
        """Return the record.

        Raises:
            BatchNotFound: there is none.
        """
        text = self._redis.hget(_key(batch_id), "record")
        if text is None:
            raise BatchNotFound(batch_id)
        return BatchRecord.model_validate_json(cast("bytes", text))

    def owner(self, batch_id: str) -> str:
        """Return whose batch it is, "" where no key made it; raise `BatchNotFound` if there is none."""
        found = cast("list[bytes | None]", self._redis.hmget(_key(batch_id), ["open", "owner"]))
        if found[0] is None:
            raise BatchNotFound(batch_id)
        return (found[1] or b"").decode()

    def events(self, batch_id: str) -> int:
        """Return how often the batch or an item of it has changed."""
        return int(cast("bytes | None", self._redis.hget(_key(batch_id), "events")) or 0)

    def page(
        self, limit: int, before: str | None = None, owner: str | None = None
    ) -> tuple[list[BatchRecord], str | None]:
        """Return up to `limit` batches (of the owner), newest first, and the cursor of the next page."""
        newest, index = f"({before}" if before else "+", _index_of(owner) if owner else _INDEX
        found = cast("list[bytes]", self._redis.zrevrangebylex(index, newest, "-", start=0, num=limit + 1))
        ids = [member.decode() for member in found]
        pipeline = self._redis.pipeline(transaction=False)
        for batch_id in ids[:limit]:
            pipeline.hget(_key(batch_id), "record")
        return readable(BatchRecord, pipeline.execute()), ids[limit - 1] if len(ids) > limit else None

    def seal(self, batch_id: str) -> BatchRecord:
        """Take no more items; sealing again changes nothing."""

        def sealed(batch: BatchRecord) -> BatchRecord:
            return batch.model_copy(update={"sealed_at": utc_now()}) if batch.open else batch

        return self._change(batch_id, sealed)

    def cancel(self, batch_id: str) -> BatchRecord:
        """Begin no further item; `cancel_items` does the rest. What is done is kept."""

        def canceled(batch: BatchRecord) -> BatchRecord:
            changes = {"canceled_at": utc_now(), "paused_at": None}
            return batch if batch.canceled_at else batch.model_copy(update=changes)

        def noted(pipeline: Pipeline) -> None:
            pipeline.hdel(_RETRYING, batch_id)

        return self._change(batch_id, canceled, noted, cancel_items=True)

    def pause(self, batch_id: str) -> BatchRecord:
        """Begin no further item until `resume`; those at work end, and more may be sent.

        Raises:
            BatchClosed: the batch is canceled.
        """

        def paused(batch: BatchRecord) -> BatchRecord:
            if batch.canceled_at:
                raise BatchClosed(f"Batch {batch_id} is canceled; nothing of it is going to begin.")
            return batch if batch.paused_at else batch.model_copy(update={"paused_at": utc_now()})

        return self._change(batch_id, paused)

    def resume(self, batch_id: str) -> BatchRecord:
        """Go on with a paused batch; with another one nothing changes. `feed` then begins its items."""
        return self._change(batch_id, lambda batch: batch.model_copy(update={"paused_at": None}))

    def hold(self, record: JobRecord) -> bool:
        """Take an item that is about to begin back to the others if its batch is paused; tell whether it was.

        An item that a dead worker had begun is not held: it was at work, and ends.

        Raises:
            JobNotFound: it was deleted meanwhile.
        """
        if (
            record.batch_id is None
            or record.state is not JobState.QUEUED
            or not self._paused(record.batch_id)
        ):
            return False
        # The next handing over is another one: RQ remembers this one for a while.
        again = self._jobs.change(
            record.id,
            lambda job: (
                job.redispatch() if (job.state, job.dispatch) == (record.state, record.dispatch) else job
            ),
        )
        if again.dispatch != record.dispatch + 1:
            return True  # canceled, or handed over by somebody else
        key = _key(record.batch_id)
        if not self._hold(keys=[f"{key}:held", f"{key}:out", key, f"job:{record.id}"], args=[record.id]):
            self._queue.put(again)
        return True

    def _paused(self, batch_id: str) -> bool:
        return cast("bytes | None", self._redis.hget(_key(batch_id), "paused")) == b"1"

    def canceling(self) -> list[str]:
        """Return the batches whose items are still to be canceled."""
        return [member.decode() for member in cast("set[bytes]", self._redis.smembers(_CANCELING))]

    def cancel_items(self, batch_id: str) -> None:
        """Cancel all unfinished items; may be interrupted and begun again."""
        for state in UNFINISHED:
            for records in self._jobs.listed(state, batch_id):
                for record in records:
                    if not self._cancel_item(record):
                        return  # somebody wants the batch to go on
        self._redis.srem(_CANCELING, batch_id)

    def retry_failed(self, batch_id: str) -> int:
        """Take up all failed and canceled items again, by `retry_items`; return how many those are."""

        def noted(pipeline: Pipeline) -> None:
            pipeline.srem(_CANCELING, batch_id)
            pipeline.hset(_RETRYING, batch_id, utc_now().isoformat())

        self._change(batch_id, lambda batch: batch.model_copy(update=_resumed(batch)), noted)
        counts = self._jobs.counts(batch_id)
        return counts[JobState.FAILED] + counts[JobState.CANCELED]

    def retrying(self) -> list[str]:
        """Return the batches whose failed items are still to be queued anew."""
        return [member.decode() for member in cast("list[bytes]", self._redis.hkeys(_RETRYING))]

    def retry_items(self, batch_id: str) -> None:
        """Queue the failed items anew, but none that failed since it was asked; may be interrupted.

        Items whose originals have expired stay as they are.
        """
        asked = cast("bytes | None", self._redis.hget(_RETRYING, batch_id))
        if asked is None:
            return
        until = datetime.fromisoformat(asked.decode())
        for state in (JobState.FAILED, JobState.CANCELED):
            for records in self._jobs.listed(state, batch_id):
                for record in records:
                    if not self._redis.hexists(_RETRYING, batch_id):
                        return  # somebody wants the batch canceled
                    self._retry(record, until)
                self.feed(batch_id)
        self._redis.hdel(_RETRYING, batch_id)

    def add(self, record: JobRecord, charge: Charge | None = None) -> tuple[JobRecord, bool]:
        """Keep a new item; return it, or the one that is there already, and whether it is new.

        Raises:
            BatchClosed: the batch takes no more.
            ItemConflict: there is an item of this name with another photograph or other options.
            QuotaExceeded: it is more than the owner may send on that day.
        """
        assert record.batch_id is not None
        assert record.item is not None
        said = f"{record.original.sha256} {record.asked()}"
        key = IdempotencyKey(
            _name_key(record.batch_id, record.item), _hashed(said), int(self._keep.total_seconds()) * 2
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
        bound = cast("bytes | None", self._redis.get(f"idempotency:{_name_key(batch_id, name)}"))
        try:
            return self._jobs.get((bound or b"").decode().partition(" ")[0])
        except JobNotFound:
            raise ItemNotFound(f"The batch has no item {name[:80]!r}.") from None

    def feed(self, batch_id: str) -> None:
        """Put items whose turn it is into the queue: one for each worker."""
        window = max(1, self._fleet.size())
        keys = [f"{_key(batch_id)}:held", f"{_key(batch_id)}:out", _key(batch_id)]
        while (next_id := self._next_turn(keys=keys, args=[window])) is not None:
            try:
                self._queue.put(self._jobs.get(cast("bytes", next_id).decode()))
            except JobNotFound:
                self._redis.srem(keys[1], cast("bytes", next_id))

    def delete(self, batch_id: str) -> list[JobRecord]:
        """Forget the batch and all its items; return those, for their files to be deleted.

        Whoever deletes a batch knows that it is over: no event tells.
        """
        if not self._silence(keys=[_key(batch_id)]):
            raise BatchNotFound(batch_id)
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
        pipeline.delete(_key(batch_id), f"{_key(batch_id)}:held", f"{_key(batch_id)}:out")
        pipeline.zrem(_INDEX, batch_id)
        pipeline.zrem(_index_of(owner), batch_id)
        pipeline.zrem(_EXPIRY, batch_id)
        pipeline.srem(_CANCELING, batch_id)
        pipeline.srem(_HELD, batch_id)
        pipeline.hdel(_RETRYING, batch_id)
        pipeline.execute()
        return gone

    def forget_empty(self, now: datetime) -> None:
        """Delete the batches whose time is over by `now` and whose items are all gone."""
        due = cast("list[bytes]", self._redis.zrangebyscore(_EXPIRY, "-inf", now.timestamp()))
        for batch_id in (member.decode() for member in due):
            if any(self._jobs.counts(batch_id).values()):
                later = now + timedelta(days=1)
                self._redis.zadd(_EXPIRY, {batch_id: later.timestamp()})
            else:
                self.delete(batch_id)

    def with_held_items(self) -> list[str]:
        """Return the batches that have items waiting for their turn."""
        if not self._redis.exists(_HELD_KEPT):
            self._keep_held()
        return [member.decode() for member in cast("set[bytes]", self._redis.smembers(_HELD))]

    def _keep_held(self) -> None:
        """Find those of the time before the set of them was kept."""
        found = cast("list[bytes]", self._redis.zrange(_INDEX, 0, -1))
        pipeline = self._redis.pipeline(transaction=False)
        for batch_id in found:
            pipeline.zcard(f"{_key(batch_id.decode())}:held")
        held = [batch_id for batch_id, items in zip(found, pipeline.execute(), strict=True) if items]
        if held:
            self._redis.sadd(_HELD, *held)
        self._redis.set(_HELD_KEPT, 1)

    def _cancel_item(self, record: JobRecord) -> bool:
        """Cancel the item if it is unfinished; return False when the batch is not to be canceled any more."""
        try:
            canceled = self._jobs.change(
                record.id, lambda job: job.request_cancel(utc_now()), while_batch_in=_CANCELING
            )
        except (JobConflict, JobNotFound):
            # Done or deleted meanwhile, or not to be canceled.
            return bool(self._redis.sismember(_CANCELING, record.batch_id or ""))
        if canceled.finished:
            self._queue.remove(canceled)
        return True

    def _retry(self, record: JobRecord, until: datetime) -> None:
        if record.finished_at is None or record.finished_at > until:
            return
        with suppress(JobConflict, JobNotFound):
            self._jobs.change(record.id, JobRecord.retry)

    def _change(
        self,
        batch_id: str,
        change: Callable[[BatchRecord], BatchRecord],
        and_then: Callable[[Pipeline], None] = lambda _: None,
        *,
        cancel_items: bool = False,
    ) -> BatchRecord:
        """Apply `change` to the newest record; what `and_then` adds is done in the same step."""

        def apply(pipeline: Pipeline) -> BatchRecord:
            text = cast("bytes | None", pipeline.hget(_key(batch_id), "record"))
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
        return cast("BatchRecord", transaction(apply, _key(batch_id), value_from_callable=True))

    def _write(self, pipeline: Pipeline, record: BatchRecord, *, cancel_items: bool) -> None:
        args: list[str | int] = [
            record.id,
            record.model_dump_json(),
            int(record.open),
            int(record.paused_at is not None),
            record.owner,
            int(cancel_items),
        ]
        self._write_batch(keys=[_key(record.id)], args=args, client=pipeline)


def _resumed(batch: BatchRecord) -> dict[str, object]:
    """Undo a cancel: the batch goes on with what it has, and takes no more."""
    return {"canceled_at": None, "sealed_at": batch.sealed_at or utc_now()} if batch.canceled_at else {}


def _key(batch_id: str) -> str:
    return f"batch:{batch_id}"


def _index_of(owner: str) -> str:
    return f"owner:{owner}:batches"


def _name_key(batch_id: str, name: str) -> str:
    return f"{batch_id}:{_hashed(name)[:32]}"


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
