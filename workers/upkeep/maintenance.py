"""Maintenance keeps accepted jobs from being lost and storage from filling; every worker runs it between jobs."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import ParamSpec

from redis import Redis
from redis.exceptions import ConnectionError, TimeoutError  # noqa: A004

from photochrom.batches.store import BatchStore
from photochrom.batches.turns import Turns
from photochrom.errors import JobConflict, JobNotFound
from photochrom.jobs.findings import Findings
from photochrom.jobs.fleet import Fleet
from photochrom.jobs.queue import Delivery, JobQueue
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import UNFINISHED, JobState
from photochrom.jobs.store import HANDED_OVER, JobStore, index_of
from photochrom.ownership import FILES_AT_START, Ownership
from photochrom.proven_time import ProvenTime
from photochrom.storage.storage import Storage
from photochrom.times import utc_now

from ..supervisor import ORPHAN_LIMIT
from . import orphans
from .clock_jumps import shorten
from .sweeper import Sweeper

_log = logging.getLogger(__name__)

_QUEUED_SECONDS = 5
_SWEEP_SECONDS = 30
ORPHANS_SECONDS = 3600
"""Between two searches for files that no job names, unless the settings say otherwise."""
_SWEEP_LIMIT = 500
# A service that was away this long starts its checks anew: it may have another storage now.
_START_SECONDS = 3600
# A file exists before its record; an upload may take this long.
_ORPHAN_AGE = timedelta(hours=2)


@dataclass(frozen=True)
class Maintenance:
    """Repairs records, queue and storage after a process was killed at any point."""

    redis: Redis
    store: JobStore
    queue: JobQueue
    storage: Storage
    max_attempts: int
    batches: BatchStore
    turns: Turns
    orphans_seconds: int = ORPHANS_SECONDS
    orphan_limit: int | None = ORPHAN_LIMIT

    @property
    def fleet(self) -> Fleet:
        """Which workers are alive, and on which jobs."""
        return Fleet(self.redis)

    @cached_property
    def time(self) -> ProvenTime:
        """The time that deletions go by: wall clocks alone may have run ahead."""
        return ProvenTime(self.redis)

    @cached_property
    def ownership(self) -> Ownership:
        """Whether the storage belongs to this queue."""
        return Ownership(self.redis, self.storage, self.store.named)

    def run(self) -> None:
        """Do what is due; workers that run this at the same time divide the work by locks.

        Raises:
            ConnectionError, TimeoutError: of Redis. All else is logged.
        """
        for state in UNFINISHED:
            # Many may be waiting; a worker's death must be noticed at once.
            if state is not JobState.QUEUED:
                apart(self.recover, index_of(state))
        if self._due("queued", _QUEUED_SECONDS):
            apart(self.recover)
            apart(self.feed_batches)
        if self._due("sweep", _SWEEP_SECONDS):
            apart(self.sweep)
            apart(self.forget)
        if self._orphans_due():
            apart(self.remove_orphans, _ORPHAN_AGE)

    def shorten(self, heartbeat: int) -> None:
        """Let no lease last longer than a heartbeat: after a clock was set back it would last for hours."""
        self.fleet.shorten(heartbeat)
        self.queue.shorten_leases(heartbeat)

    def recover(self, index: str = HANDED_OVER) -> None:
        """Queue again every job of the index that RQ is not going to run.

        Such a job's API process died between record and queue, or RQ gave up on it.
        """
        for ids in self.queue.undelivered(index):
            if index == HANDED_OVER:
                self._go_on("queued", _QUEUED_SECONDS)
            records = self.store.get_many(ids)
            for record, delivery in zip(records, self.queue.deliveries(records), strict=True):
                # Both may have changed since they were read.
                if delivery is not Delivery.COMING and not record.finished:
                    apart(self._recover, record, delivery)

    def feed_batches(self) -> None:
        """Continue where a process died between the end of an item and the turn of the next, or during a cancel."""
        for batch_id in self.turns.canceling():
            apart(self.turns.cancel_items, batch_id)
        for batch_id in self.turns.retrying():
            apart(self.turns.retry_items, batch_id)
        for batch_id in self.turns.with_held_items():
            apart(self.turns.feed, batch_id)
        for batch_id in self.batches.with_series_due():
            apart(self.turns.ask_for_series, batch_id)

    def lose_worker(self, record: JobRecord) -> None:
        """Note that the worker holding this lease is dead."""

        def lost(job: JobRecord) -> JobRecord:
            return job.lose_worker(utc_now(), self.max_attempts) if job.lease == record.lease else job

        self.store.change(record.id, lost)

    def sweep(self) -> None:
        """Delete originals, results and records that have expired."""
        now = self.time.now()
        sweeper = Sweeper(self.store, self.storage, Findings(self.redis))
        skip, due, left = 0, [""], [""]
        # Jobs that could not even be postponed come before all others.
        while due and left == due:
            due = self.store.expiring(now, _SWEEP_LIMIT, skip)
            left, gone = sweeper.sweep(due, now)
            skip += len(left)
        if len(due) == _SWEEP_LIMIT and gone:
            # There are more to sweep: the next worker continues. Of a million jobs a day 35 parts expire a second.
            self.redis.delete("maintenance:sweep")

    def forget(self) -> None:
        """Delete empty batches and idempotency keys that have expired."""
        now = self.time.now()
        self.batches.forget_empty(now)
        self.store.forget_bindings(now)

    def remove_orphans(self, age: timedelta) -> None:
        """Remove drafts, and files older than `age` that no record names: killed processes left them."""
        self.storage.discard_drafts()
        now = self.time.now()
        orphans.Orphans(
            self.store,
            self.storage,
            self.ownership,
            Findings(self.redis),
            limit=self.orphan_limit,
            go_on=lambda: self._go_on("orphans", self.orphans_seconds),
        ).look(now, age)

    def own(self) -> None:
        """Claim a storage that does not hold anything of others yet."""
        self.ownership.claim(FILES_AT_START)

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
            return  # deleted or finished since it was read
        _log.warning("Recovered job %s, which was %s with its delivery %s", seen.id, seen.state, delivery)

    def _orphans_due(self) -> bool:
        """Return whether to search now: never at the start, when queue or storage may be the wrong ones."""
        seen = self.redis.set("maintenance:seen", 1, ex=max(_START_SECONDS, self.orphans_seconds), get=True)
        if seen is None:
            self.redis.set("maintenance:orphans", 1, ex=self.orphans_seconds)
            apart(self.own)
            return False
        return self._due("orphans", self.orphans_seconds)

    def _due(self, task: str, seconds: int) -> bool:
        shorten(self.redis, f"maintenance:{task}", seconds)
        return bool(self.redis.set(f"maintenance:{task}", 1, nx=True, ex=seconds))

    def _go_on(self, task: str, seconds: int) -> None:
        """Keep other workers from a task that takes longer than its pause."""
        self.redis.expire(f"maintenance:{task}", seconds)


Args = ParamSpec("Args")


def apart(task: Callable[Args, object], *args: Args.args, **kwargs: Args.kwargs) -> None:
    """Run one task of many; errors are logged, so that the others have their turn and the worker continues.

    Raises:
        ConnectionError, TimeoutError: of Redis; they concern every task, and RQ waits until it is back.
    """
    try:
        task(*args, **kwargs)
    except (ConnectionError, TimeoutError):
        raise
    except Exception:
        # Only the id of a record: the rest is the caller's and private.
        told = [str(getattr(arg, "id", arg)) for arg in args]
        _log.exception("Maintenance: %s(%s) failed", getattr(task, "__name__", task), ", ".join(told))
