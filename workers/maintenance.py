"""What keeps accepted jobs from being lost and storage from filling: run by every worker between jobs."""

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
from photochrom.jobs.record import UNFINISHED, JobRecord, JobState
from photochrom.jobs.store import HANDED_OVER, JobStore, index_of
from photochrom.ownership import Ownership
from photochrom.proven_time import ProvenTime
from photochrom.storage.storage import Storage
from photochrom.times import utc_now

from . import orphans
from .clock_jumps import shorten
from .sweeper import Sweeper

_log = logging.getLogger(__name__)

_QUEUED_SECONDS = 5
_SWEEP_SECONDS = 30
ORPHANS_SECONDS = 3600
"""Between two looks for files that no job names, unless the settings say otherwise."""
_SWEEP_LIMIT = 500
# A service that was away for so long starts anew: its storage may be another one now.
_START_SECONDS = 3600
# A storage with more files at the first start is looked through with the first look for files that no job names.
_FILES_AT_START = 500
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
    orphan_limit: int | None = orphans.LIMIT

    @property
    def fleet(self) -> Fleet:
        """The workers' notice board."""
        return Fleet(self.redis)

    @cached_property
    def time(self) -> ProvenTime:
        """Tells by when to delete: wall clocks alone may have run ahead."""
        return ProvenTime(self.redis)

    @cached_property
    def ownership(self) -> Ownership:
        """Tells whether the storage belongs to this queue."""
        return Ownership(self.redis, self.storage, self.store.named)

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
        if self._orphans_due():
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
        sweeper = Sweeper(self.store, self.storage, Findings(self.redis))
        skip, due, left = 0, [""], [""]
        # Those that could not even be put off stand in front of all others.
        while due and left == due:
            due = self.store.expiring(now, _SWEEP_LIMIT, skip)
            left, gone = sweeper.sweep(due, now)
            skip += len(left)
        if len(due) == _SWEEP_LIMIT and gone:
            # There are more, and they can be swept: whoever looks next goes on. A million a day are 35 a second.
            self.redis.delete("maintenance:sweep")

    def forget(self) -> None:
        """Delete the empty batches and the idempotency keys whose time is over."""
        now = self.time.now()
        self.batches.forget_empty(now)
        self.store.forget_bindings(now)

    def remove_orphans(self, age: timedelta) -> None:
        """Take away drafts, and files older than `age` that no record names: left by killed processes."""
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
        """Make a storage ours that holds nothing of others, before it does."""
        self.ownership.claim(_FILES_AT_START)

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

    def _orphans_due(self) -> bool:
        """Tell whether to look now: never at the start, when queue or storage may be others than they should be."""
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
