"""Job records in Redis: written by compare-and-set, listed by id, deleted when they expire.

`scripts` describes the keys. Every write is published on `jobs:changed`, as the id of the job (and of its batch).
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from redis import Redis

from ..access.quotas import Charge
from ..errors import BatchClosed, IdempotencyMismatch, JobConflict, JobNotFound, PhotochromError
from ..ids import hashed
from ..records import readable, texts
from ..times import Retention, utc_now
from . import counters, scripts
from .events import end_of
from .record import JobRecord
from .states import UNFINISHED, JobState

CHANGES = "jobs:changed"
HANDED_OVER = "jobs:handed"
"""Index of the unfinished jobs that belong in the queue or at a worker."""
# Only the API and one worker write to a job: more conflicts in a row than this mean a bug.
_MAX_CONFLICTS = 100


@dataclass(frozen=True)
class IdempotencyKey:
    """A caller's key and what the call said; the same key with another fingerprint is a mistake."""

    key: str
    fingerprint: str
    seconds: int = 24 * 3600
    earlier: tuple[str, ...] = ()
    """What earlier versions stored for the same call."""

    def says(self, fingerprint: str) -> bool:
        """Return whether the call that stored this said the same."""
        return fingerprint == self.fingerprint or fingerprint in self.earlier


class JobStore:
    """The only reader and writer of job records; safe to share between threads."""

    def __init__(self, redis: Redis, retention: Retention) -> None:
        self._redis = redis
        self._retention = retention
        self._create = redis.register_script(scripts.CREATE)
        self._write = redis.register_script(scripts.WRITE)
        self._delete = redis.register_script(scripts.DELETE)
        self._named = redis.register_script(scripts.NAMED)
        self._retryable = redis.register_script(scripts.RETRYABLE)
        self._forget_bindings = redis.register_script(scripts.FORGET_BINDINGS)
        self._mine: JobRecord | None = None

    def create(
        self, record: JobRecord, idempotency: IdempotencyKey | None = None, charge: Charge | None = None
    ) -> JobRecord:
        """Store a new record and count it in its owner's day; from here on the job is accepted.

        Returns: the record, or the one that an earlier call with this idempotency key made.

        Raises:
            BatchClosed: the record belongs to a batch that is sealed, canceled or gone.
            IdempotencyMismatch: the key was used with another body or options.
            QuotaExceeded: it is more than the owner may send on that day.
        """
        binding = f"{record.id} {idempotency.fingerprint}" if idempotency else ""
        bound = self._create(
            keys=[
                _key(record.id),
                f"idempotency:{idempotency.key if idempotency else ''}",
                charge.key if charge else "quota:",
            ],
            args=[
                record.id,
                record.batch_id or "",
                record.state,
                record.model_dump_json(),
                binding,
                idempotency.seconds if idempotency else 0,
                record.dispatch,
                record.owner,
                record.cut_from or "",
                *(charge.arguments() if charge else ()),
            ],
        )
        if bound is None:
            return record
        if bound == b"closed":
            raise BatchClosed(f"Batch {record.batch_id} accepts no more photographs.")
        if bound.startswith(b"quota:") and charge is not None:
            raise charge.refusal(bound.decode().removeprefix("quota:"))
        earlier_id, _, fingerprint = cast("bytes", bound).decode().partition(" ")
        if idempotency is None or not idempotency.says(fingerprint):
            raise IdempotencyMismatch(
                "This Idempotency-Key was used with another photograph or other options."
            )
        return self.get(earlier_id)

    def get(self, job_id: str) -> JobRecord:
        """Return the record; raise `JobNotFound` if there is none."""
        text = self._redis.hget(_key(job_id), "record")
        if text is None:
            raise JobNotFound(job_id)
        return JobRecord.model_validate_json(cast("bytes", text))

    def owner(self, job_id: str) -> str:
        """Return the owner of the job, "" if no key made it; raise `JobNotFound` if there is none."""
        found = cast("list[bytes | None]", self._redis.hmget(_key(job_id), ["revision", "owner"]))
        if found[0] is None:
            raise JobNotFound(job_id)
        return (found[1] or b"").decode()

    def get_many(self, job_ids: list[str]) -> list[JobRecord]:
        """Return the records that exist and can be read, in the order of the ids."""
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.hget(_key(job_id), "record")
        return readable(JobRecord, pipeline.execute())

    def change(
        self, job_id: str, change: Callable[[JobRecord], JobRecord], *, while_batch_in: str = ""
    ) -> JobRecord:
        """Apply `change` to the newest record, again if another writer was faster; return what was written.

        `change` must be pure. If it returns its argument, nothing is written.
        `while_batch_in` is a set in Redis that has to hold the job's batch at the moment of writing.

        Raises:
            JobNotFound: there is no such record; and whatever `change` raises.
            JobConflict: the batch is not in that set (any more).
        """
        mine = self._mine
        if mine is not None and mine.id == job_id:
            # Usually a worker is the only writer of its job, so it need not read what it wrote last. Any outcome
            # but a write may be based on an old record, so it is decided again with the newest one.
            with suppress(PhotochromError):
                new = change(mine)
                if new is not mine and (kept := self._keep(mine, new, while_batch_in)):
                    return kept
        for _ in range(_MAX_CONFLICTS):
            old = self.get(job_id)
            new = change(old)
            if new is old:
                return old
            if kept := self._keep(old, new, while_batch_in):
                return kept
        raise JobConflict(f"Job {job_id} changes too fast; try again.")

    def _keep(self, old: JobRecord, new: JobRecord, while_batch_in: str) -> JobRecord | None:
        """Write `new` in place of `old` and return it as written; None if another writer was faster."""
        if new.finished and not old.finished:
            new = new.keep(self._retention, utc_now())
        new = new.model_copy(update={"revision": old.revision + 1})
        written = self._replace(old, new, while_batch_in)
        if written < 0:
            raise JobConflict(
                f"Batch {new.batch_id} was canceled or retried meanwhile; job {new.id} stays as it is."
            )
        if written:
            self._mine = new
        return new if written else None

    def delete(self, job_id: str, check: Callable[[JobRecord], None] = lambda _: None) -> JobRecord:
        """Delete the record and return its last version; raise `JobNotFound` if there is none.

        If `check` raises for the version that would be deleted, the record stays.
        """
        for _ in range(_MAX_CONFLICTS):
            record = self.get(job_id)
            check(record)
            if self.forget(record):
                return record
        raise JobConflict(f"Job {job_id} changes too fast; try again.")

    def forget(self, record: JobRecord) -> bool:
        """Delete this version of a record; return False, and do nothing, if it has been changed meanwhile."""
        name = (
            f"idempotency:{name_key(record.batch_id, record.item)}" if record.batch_id and record.item else ""
        )
        args: list[str | int] = [record.id, record.batch_id or "", record.revision, name]
        return bool(self._delete(keys=[_key(record.id)], args=args))

    def page(
        self,
        limit: int,
        *,
        before: str | None = None,
        state: JobState | None = None,
        batch_id: str | None = None,
        owner: str | None = None,
    ) -> tuple[list[JobRecord], str | None]:
        """Return up to `limit` records, newest first, and the cursor for `before` of the next page."""
        newest = f"({before}" if before else "+"
        index = index_of(state, batch_id, owner)
        ids = texts(self._redis.zrevrangebylex(index, newest, "-", start=0, num=limit + 1))
        return self.get_many(ids[:limit]), ids[limit - 1] if len(ids) > limit else None

    def counts(self, batch_id: str | None = None) -> dict[JobState, int]:
        """Return how many jobs (of the batch) are in each state."""
        pipeline = self._redis.pipeline(transaction=False)
        for state in JobState:
            pipeline.zcard(index_of(state, batch_id))
        return dict(zip(JobState, pipeline.execute(), strict=True))

    def unfinished(self, batch_id: str) -> int:
        """Return how many items of a batch are not finished."""
        counts = self.counts(batch_id)
        return sum(counts[state] for state in UNFINISHED)

    def waiting_of(self, owner: str) -> int:
        """Return how many jobs of an owner wait."""
        return self._redis.zcard(index_of(JobState.QUEUED, owner=owner))

    def listed(
        self, state: JobState | None = None, batch_id: str | None = None, chunk: int = 500
    ) -> Iterator[list[JobRecord]]:
        """Yield all records (in `state`, of the batch), oldest first, in lists of up to `chunk`."""
        last, index = "-", index_of(state, batch_id)
        while ids := texts(self._redis.zrangebylex(index, last, "+", start=0, num=chunk)):
            yield self.get_many(ids)
            last = f"({ids[-1]}"

    def retryable(self, state: JobState, batch_id: str, chunk: int = 1000) -> int:
        """Return how many jobs of a batch, in this state, have their originals; Redis counts, and sends no records.

        Reading fifty thousand takes a second for each five thousand, and would be done for a call that is refused.
        """
        last, total = "-", 0
        while True:
            found = self._retryable(keys=[index_of(state, batch_id)], args=[last, chunk])
            last_id, count = cast("tuple[bytes, int]", found)
            if not last_id:
                return total
            last, total = f"({last_id.decode()}", total + count

    def expiring(self, until: datetime, limit: int, skip: int = 0) -> list[str]:
        """Return ids of jobs with parts that have expired by `until`, the longest expired first, after `skip` ids."""
        return texts(
            self._redis.zrangebyscore("jobs:expiry", "-inf", until.timestamp(), start=skip, num=limit)
        )

    def put_off(self, job_id: str, until: datetime) -> None:
        """Let a job be `expiring` only after that moment: it has an error, and others wait behind it."""
        self._redis.zadd("jobs:expiry", {job_id: until.timestamp()}, xx=True)

    def named(self, keys: list[str]) -> set[str]:
        """Return the storage keys that are named by the record of their job; Redis checks, and sends no records."""
        return set(texts(self._named(args=keys)))

    def forget_bindings(self, until: datetime, chunk: int = 500) -> None:
        """Delete the idempotency keys, and the names of items, that have expired by `until`."""
        while cast("int", self._forget_bindings(args=[until.timestamp(), chunk])) == chunk:
            pass

    def exists(self, job_id: str) -> bool:
        """Return whether there is a record."""
        return bool(self._redis.exists(_key(job_id)))

    def _replace(self, old: JobRecord, new: JobRecord, while_batch_in: str) -> int:
        expiry, ended = new.next_expiry, new.finished and not old.finished
        args: list[str | int | float] = [
            new.id,
            new.batch_id or "",
            old.revision,
            new.revision,
            new.state,
            new.model_dump_json(),
            expiry.timestamp() if expiry else "",
            _turn(old, new),
            while_batch_in,
            new.dispatch,
            end_of(new) if ended else "",
            counters.of_end(new) if ended else "",
        ]
        return cast("int", self._write(keys=[_key(new.id)], args=args))


def _turn(old: JobRecord, new: JobRecord) -> str:
    """Return what happens to an item's place in its batch: back to the waiting ones, removed, or unchanged."""
    if old.finished and not new.finished:
        return "hold"
    return "drop" if new.finished and not old.finished else ""


def index_of(state: JobState | None, batch_id: str | None = None, owner: str | None = None) -> str:
    """Return the key of the sorted set of the ids of all jobs (in `state`, of the batch, else of the owner)."""
    mine = f"owner:{owner}:jobs" if owner else "jobs"
    prefix = f"batch:{batch_id}:jobs" if batch_id else mine
    return f"{prefix}:{state}" if state else prefix


def name_key(batch_id: str, item: str) -> str:
    """Return the idempotency key by which the name of an item leads to its job."""
    return f"{batch_id}:{hashed(item)[:32]}"


def _key(job_id: str) -> str:
    return f"job:{job_id}"
