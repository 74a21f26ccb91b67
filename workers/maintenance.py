"""What keeps accepted jobs from being lost and storage from filling: run by every worker between jobs."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import ParamSpec

from redis import Redis
from redis.exceptions import ConnectionError, TimeoutError  # noqa: A004

from photochrom.batches.store import BatchStore
from photochrom.batches.turns import Turns
from photochrom.errors import JobConflict, JobNotFound
from photochrom.jobs.fleet import Fleet
from photochrom.jobs.queue import Delivery, JobQueue
from photochrom.jobs.record import UNFINISHED, JobRecord, JobState
from photochrom.jobs.store import HANDED_OVER, JobStore, index_of
from photochrom.proven_time import ProvenTime
from photochrom.storage.storage import Storage
from photochrom.times import utc_now

from .clock_jumps import shorten

_log = logging.getLogger(__name__)

_QUEUED_SECONDS = 5
_SWEEP_SECONDS = 30
ORPHANS_SECONDS = 3600
"""Between two looks for files that no job names, unless the settings say otherwise."""
_SWEEP_LIMIT = 500
_FILES_AT_ONCE = 500
# Files come before their records; an upload may take this long.
_ORPHAN_AGE = timedelta(hours=2)


@dataclass(frozen=True)
class Maintenance:
    """Brings records, queue and storage back together after whatever happened to a process."""

    redis: Redis
    store: JobStore
    queue: JobQueue
    storage: Storage
    max_attempts: int
    batches: BatchStore
    turns: Turns
    orphans_seconds: int = ORPHANS_SECONDS

    @property
    def fleet(self) -> Fleet:
        """The workers' notice board."""
        return Fleet(self.redis)

    @cached_property
    def time(self) -> ProvenTime:
        """Tells by when to delete: wall clocks alone may have run ahead."""
        return ProvenTime(self.redis)

    def run(self) -> None:
        """Do what is due; workers that run this at the same time share the work by locks.

        Raises:
            ConnectionError, TimeoutError: of Redis. All else is logged.
        """
        for state in UNFINISHED:
            # Those that wait may be many; a worker's death must show at once.
            if state is not JobState.QUEUED:
                apart(self.recover, index_of(state))
        if self._due("queued", _QUEUED_SECONDS):
            apart(self.recover)
            apart(self.feed_batches)
        if self._due("sweep", _SWEEP_SECONDS):
            apart(self.sweep)
            apart(self.forget)
        if self._due("orphans", self.orphans_seconds):
            apart(self.remove_orphans, _ORPHAN_AGE)

    def shorten(self, heartbeat: int) -> None:
        """Let nobody's lease last for longer than a heartbeat: a clock may have gone back, and it would for hours."""
        self.fleet.shorten(heartbeat)
        self.queue.shorten_leases(heartbeat)

    def recover(self, index: str = HANDED_OVER) -> None:
        """Hand every job of the index over again that RQ is not going to run.

        That is a job whose API process died between record and queue, or one that RQ gave up on.
        """
        for ids in self.queue.undelivered(index):
            if index == HANDED_OVER:
                self._go_on("queued", _QUEUED_SECONDS)
            records = self.store.get_many(ids)
            for record, delivery in zip(records, self.queue.deliveries(records), strict=True):
                # Both may have changed since they were looked through.
                if delivery is not Delivery.COMING and not record.finished:
                    apart(self._recover, record, delivery)

    def feed_batches(self) -> None:
        """Go on where a process died between the end of an item and the turn of the next, or amid a cancel."""
        for batch_id in self.turns.canceling():
            apart(self.turns.cancel_items, batch_id)
        for batch_id in self.turns.retrying():
            apart(self.turns.retry_items, batch_id)
        for batch_id in self.turns.with_held_items():
            apart(self.turns.feed, batch_id)

    def lose_worker(self, record: JobRecord) -> None:
        """Note that the worker holding this lease is dead."""

        def lost(job: JobRecord) -> JobRecord:
            return job.lose_worker(utc_now(), self.max_attempts) if job.lease == record.lease else job

        self.store.change(record.id, lost)

    def sweep(self) -> None:
        """Delete originals, results and records whose time is over."""
        now = self.time.now()
        expired = self.store.expiring(now, _SWEEP_LIMIT)
        for job_id in expired:
            apart(self._sweep, job_id, now)
        if len(expired) == _SWEEP_LIMIT and self.store.expiring(now, 1) != expired[:1]:
            # There are more, and they can be swept: whoever looks next goes on. A million a day are 35 a second.
            self.redis.delete("maintenance:sweep")

    def forget(self) -> None:
        """Delete the empty batches and the idempotency keys whose time is over."""
        now = self.time.now()
        self.batches.forget_empty(now)
        self.store.forget_bindings(now)

    def remove_orphans(self, age: timedelta) -> None:
        """Delete drafts and files older than `age` that no record names: left by killed processes."""
        self.storage.discard_drafts()
        oldest = self.time.now() - age
        for keys in _chunks(found.key for found in self.storage.listing() if found.modified_at < oldest):
            self._go_on("orphans", self.orphans_seconds)
            named = self.store.named(keys)
            for key in keys:
                if key not in named:
                    _log.warning("Removing %s: no job names it", key)
                    apart(self.storage.delete, key)

    def _sweep(self, job_id: str, now: datetime) -> None:
        with suppress(JobNotFound, JobConflict):
            record = self.store.get(job_id)
            swept = record.sweep(now)
            # Files first: killed in between, the next sweep finds the record and does it again.
            for key in record.stored_keys() - swept.stored_keys():
                self.storage.delete(key)
            if record.expires_at and record.expires_at <= now:
                self.store.delete(job_id)
            else:
                self.store.change(job_id, lambda job: job.sweep(now))

    def _recover(self, seen: JobRecord, delivery: Delivery) -> None:
        try:
            if seen.lease is not None:
                self.lose_worker(seen)
            elif delivery is Delivery.UNKNOWN:
                self.queue.put(seen)
            else:
                again = self.store.change(
                    seen.id, lambda job: job.redispatch() if job.dispatch == seen.dispatch else job
                )
                self.queue.put(again)
        except (JobNotFound, JobConflict):
            return  # deleted or done since it was read
        _log.warning("Recovered job %s, which was %s with its delivery %s", seen.id, seen.state, delivery)

    def _due(self, task: str, seconds: int) -> bool:
        shorten(self.redis, f"maintenance:{task}", seconds)
        return bool(self.redis.set(f"maintenance:{task}", 1, nx=True, ex=seconds))

    def _go_on(self, task: str, seconds: int) -> None:
        """Keep other workers from a task that takes longer than its pause."""
        self.redis.expire(f"maintenance:{task}", seconds)


Args = ParamSpec("Args")


def apart(task: Callable[Args, object], *args: Args.args, **kwargs: Args.kwargs) -> None:
    """Do one thing of many; what goes wrong is logged, so that the others have their turn and the worker lives.

    Raises:
        ConnectionError, TimeoutError: of Redis; they concern all, and RQ waits until it is back.
    """
    try:
        task(*args, **kwargs)
    except (ConnectionError, TimeoutError):
        raise
    except Exception:
        # Of a record only its id: the rest is the caller's.
        told = [str(getattr(arg, "id", arg)) for arg in args]
        _log.exception("Maintenance: %s(%s) failed", getattr(task, "__name__", task), ", ".join(told))


def _chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while chunk := list(islice(rest, _FILES_AT_ONCE)):
        yield chunk
