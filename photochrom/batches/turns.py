"""Fair turns for batches: items wait in their batch, and only one per worker is in the queue at a time.

So the queue stays short: a single upload waits for one job and not for a whole batch, and batches take turns.
"""

from contextlib import suppress
from datetime import datetime
from typing import cast

from redis import Redis

from ..errors import JobConflict, JobNotFound
from ..jobs import scripts
from ..jobs.fleet import Fleet
from ..jobs.queue import JobQueue
from ..jobs.record import JobRecord
from ..jobs.states import UNFINISHED, JobState
from ..jobs.store import JobStore
from ..records import texts
from ..times import utc_now
from .store import CANCELING, HELD, INDEX, RETRYING, key_of

_HELD_KEPT = "batches:held:kept"


class Turns:
    """Moves the items of batches into the queue and out of it; safe to share between threads."""

    def __init__(self, redis: Redis, jobs: JobStore, queue: JobQueue) -> None:
        self._redis = redis
        self._jobs = jobs
        self._queue = queue
        self._fleet = Fleet(redis)
        self._next_turn = redis.register_script(scripts.NEXT_TURN)
        self._hold = redis.register_script(scripts.HOLD)

    def hold(self, record: JobRecord) -> bool:
        """Return an item that is about to start to the waiting ones if its batch is paused; return whether it was.

        An item that a dead worker had started is not held: it was running, and is finished.

        Raises:
            JobNotFound: it was deleted meanwhile.
        """
        if (
            record.batch_id is None
            or record.state is not JobState.QUEUED
            or not self._paused(record.batch_id)
        ):
            return False
        # The next handover needs a new delivery: RQ remembers this one for a while.
        again = self._jobs.change(
            record.id,
            lambda job: (
                job.redispatch() if (job.state, job.dispatch) == (record.state, record.dispatch) else job
            ),
        )
        if again.dispatch != record.dispatch + 1:
            return True  # canceled, or handed over by another process
        key = key_of(record.batch_id)
        if not self._hold(keys=[f"{key}:held", f"{key}:out", key, f"job:{record.id}"], args=[record.id]):
            self._queue.put(again)
        return True

    def feed(self, batch_id: str) -> None:
        """Put the next items into the queue: one for each worker."""
        window = max(1, self._fleet.size())
        keys = [f"{key_of(batch_id)}:held", f"{key_of(batch_id)}:out", key_of(batch_id)]
        while (next_id := self._next_turn(keys=keys, args=[window])) is not None:
            try:
                self._queue.put(self._jobs.get(cast("bytes", next_id).decode()))
            except JobNotFound:
                self._redis.srem(keys[1], cast("bytes", next_id))

    def ask_for_series(self, batch_id: str) -> None:
        """Have a worker form the series of a batch."""
        self._queue.ask_for_series(batch_id)

    def with_held_items(self) -> list[str]:
        """Return the batches that have items waiting for their turn."""
        if not self._redis.exists(_HELD_KEPT):
            self._keep_held()
        return texts(self._redis.smembers(HELD))

    def _keep_held(self) -> None:
        """Find the batches of versions that did not keep this set yet."""
        ids = texts(self._redis.zrange(INDEX, 0, -1))
        pipeline = self._redis.pipeline(transaction=False)
        for batch_id in ids:
            pipeline.zcard(f"{key_of(batch_id)}:held")
        if held := [batch_id for batch_id, items in zip(ids, pipeline.execute(), strict=True) if items]:
            self._redis.sadd(HELD, *held)
        self._redis.set(_HELD_KEPT, 1)

    def canceling(self) -> list[str]:
        """Return the batches whose items are still to be canceled."""
        return texts(self._redis.smembers(CANCELING))

    def cancel_items(self, batch_id: str) -> None:
        """Cancel all unfinished items; may be interrupted and started again."""
        for state in UNFINISHED:
            for records in self._jobs.listed(state, batch_id):
                for record in records:
                    if not self._cancel_item(record):
                        return  # the batch was resumed meanwhile
        self._redis.srem(CANCELING, batch_id)

    def retrying(self) -> list[str]:
        """Return the batches whose failed items are still to be queued again."""
        return texts(self._redis.hkeys(RETRYING))

    def retry_items(self, batch_id: str) -> None:
        """Queue the failed items again, except those that failed after the request; may be interrupted.

        Items whose originals have expired stay as they are.
        """
        asked = cast("bytes | None", self._redis.hget(RETRYING, batch_id))
        if asked is None:
            return
        until = datetime.fromisoformat(asked.decode())
        for state in (JobState.FAILED, JobState.CANCELED):
            for records in self._jobs.listed(state, batch_id):
                for record in records:
                    if not self._redis.hexists(RETRYING, batch_id):
                        return  # the batch was canceled meanwhile
                    self._retry(record, until)
                self.feed(batch_id)
        self._redis.hdel(RETRYING, batch_id)

    def _paused(self, batch_id: str) -> bool:
        return cast("bytes | None", self._redis.hget(key_of(batch_id), "paused")) == b"1"

    def _cancel_item(self, record: JobRecord) -> bool:
        """Cancel the item if it is unfinished; return False when the batch is no longer to be canceled."""
        try:
            canceled = self._jobs.change(
                record.id, lambda job: job.request_cancel(utc_now()), while_batch_in=CANCELING
            )
        except (JobConflict, JobNotFound):
            # Finished or deleted meanwhile, or no longer to be canceled.
            return bool(self._redis.sismember(CANCELING, record.batch_id or ""))
        if canceled.finished:
            self._queue.remove(canceled)
        return True

    def _retry(self, record: JobRecord, until: datetime) -> None:
        if record.finished_at is None or record.finished_at > until:
            return
        with suppress(JobConflict, JobNotFound):
            self._jobs.change(record.id, JobRecord.retry)
