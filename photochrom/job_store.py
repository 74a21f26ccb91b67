"""Job records in Redis: written by compare-and-set, listed by id, forgotten on time.

Keys: `job:{id}` is a hash of revision, state and the record as JSON; `jobs` and `jobs:{state}` are sorted
sets of ids (all scores 0, so they sort by id, which is by time); `jobs:expiry` sorts ids by their next expiry;
`idempotency:{key}` says which job a caller's key made. Every write is published on `jobs:changed`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from redis import Redis

from .errors import IdempotencyMismatch, JobConflict, JobNotFound
from .jobs import JobRecord, JobState, Retention, utc_now

CHANGES = "jobs:changed"
_IDEMPOTENCY_SECONDS = 24 * 3600
# Only the API and one worker write to a job: more conflicts in a row than this mean a bug.
_MAX_CONFLICTS = 100

_WRITE = """
-- KEYS: job:{id}; ARGV: expected revision, revision, state, record, expiry ("" for none), id
local current = redis.call('HMGET', KEYS[1], 'revision', 'state')
if current[1] ~= ARGV[1] then return 0 end
redis.call('ZREM', 'jobs:' .. current[2], ARGV[6])
redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'state', ARGV[3], 'record', ARGV[4])
redis.call('ZADD', 'jobs:' .. ARGV[3], 0, ARGV[6])
if ARGV[5] == '' then redis.call('ZREM', 'jobs:expiry', ARGV[6])
else redis.call('ZADD', 'jobs:expiry', ARGV[5], ARGV[6]) end
redis.call('PUBLISH', 'jobs:changed', ARGV[6])
return 1
"""

_CREATE = """
-- KEYS: job:{id}, idempotency:{key}; ARGV: id, state, record, binding ("" for none), seconds to keep it
if ARGV[4] ~= '' then
    local bound = redis.call('GET', KEYS[2])
    if bound and redis.call('EXISTS', 'job:' .. string.match(bound, '^[^ ]+')) == 1 then return bound end
    redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[5])
end
if redis.call('EXISTS', KEYS[1]) == 1 then return ARGV[1] end
redis.call('HSET', KEYS[1], 'revision', 1, 'state', ARGV[2], 'record', ARGV[3])
redis.call('ZADD', 'jobs', 0, ARGV[1])
redis.call('ZADD', 'jobs:' .. ARGV[2], 0, ARGV[1])
redis.call('PUBLISH', 'jobs:changed', ARGV[1])
return false
"""

_DELETE = """
-- KEYS: job:{id}; ARGV: expected revision, id
local current = redis.call('HMGET', KEYS[1], 'revision', 'state')
if current[1] ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', 'jobs', ARGV[2])
redis.call('ZREM', 'jobs:' .. current[2], ARGV[2])
redis.call('ZREM', 'jobs:expiry', ARGV[2])
redis.call('PUBLISH', 'jobs:changed', ARGV[2])
return 1
"""


@dataclass(frozen=True)
class IdempotencyKey:
    """A caller's key and what the call said; the same key with another fingerprint is a mistake."""

    key: str
    fingerprint: str


class JobStore:
    """The only reader and writer of job records; safe to share between threads."""

    def __init__(self, redis: Redis, retention: Retention) -> None:
        self._redis = redis
        self._retention = retention
        self._create = redis.register_script(_CREATE)
        self._write = redis.register_script(_WRITE)
        self._delete = redis.register_script(_DELETE)

    def create(self, record: JobRecord, idempotency: IdempotencyKey | None = None) -> JobRecord:
        """Keep a new record; from here on the job is accepted.

        Returns: the record, or the one that an earlier call with this idempotency key made.

        Raises:
            IdempotencyMismatch: the key was used with another body or options.
        """
        binding = f"{record.id} {idempotency.fingerprint}" if idempotency else ""
        bound = self._create(
            keys=[_key(record.id), f"idempotency:{idempotency.key if idempotency else ''}"],
            args=[record.id, record.state, record.model_dump_json(), binding, _IDEMPOTENCY_SECONDS],
        )
        if bound is None:
            return record
        earlier_id, _, fingerprint = cast("bytes", bound).decode().partition(" ")
        if idempotency is None or fingerprint != idempotency.fingerprint:
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

    def get_many(self, job_ids: list[str]) -> list[JobRecord]:
        """Return the records that exist, in the order of the ids."""
        pipeline = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipeline.hget(_key(job_id), "record")
        return [JobRecord.model_validate_json(text) for text in pipeline.execute() if text is not None]

    def change(self, job_id: str, change: Callable[[JobRecord], JobRecord]) -> JobRecord:
        """Apply `change` to the newest record, again if somebody else was faster; return what was written.

        `change` must be pure. Where it gives its argument back, nothing is written.

        Raises:
            JobNotFound: there is no such record; and whatever `change` raises.
        """
        for _ in range(_MAX_CONFLICTS):
            old = self.get(job_id)
            new = change(old)
            if new is old:
                return old
            if new.finished and not old.finished:
                new = new.keep(self._retention, utc_now())
            new = new.model_copy(update={"revision": old.revision + 1})
            if self._replace(old, new):
                return new
        raise JobConflict(f"Job {job_id} changes too fast; try again.")

    def delete(self, job_id: str) -> JobRecord:
        """Forget the record and return its last version; raise `JobNotFound` if there is none."""
        for _ in range(_MAX_CONFLICTS):
            record = self.get(job_id)
            if self._delete(keys=[_key(job_id)], args=[record.revision, job_id]):
                return record
        raise JobConflict(f"Job {job_id} changes too fast; try again.")

    def page(
        self, limit: int, *, before: str | None = None, state: JobState | None = None
    ) -> tuple[list[JobRecord], str | None]:
        """Return up to `limit` records, newest first, and the cursor for `before` of the next page."""
        index = f"jobs:{state}" if state else "jobs"
        newest = f"({before}" if before else "+"
        ids = _texts(self._redis.zrevrangebylex(index, newest, "-", start=0, num=limit + 1))
        return self.get_many(ids[:limit]), ids[limit - 1] if len(ids) > limit else None

    def counts(self) -> dict[JobState, int]:
        """Return how many jobs are in each state."""
        pipeline = self._redis.pipeline(transaction=False)
        for state in JobState:
            pipeline.zcard(f"jobs:{state}")
        return dict(zip(JobState, pipeline.execute(), strict=True))

    def in_state(self, state: JobState, chunk: int = 500) -> Iterator[list[JobRecord]]:
        """Yield all records in `state`, oldest first, in lists of up to `chunk`."""
        last = "-"
        while ids := _texts(self._redis.zrangebylex(f"jobs:{state}", last, "+", start=0, num=chunk)):
            yield self.get_many(ids)
            last = f"({ids[-1]}"

    def expiring(self, until: datetime, limit: int) -> list[str]:
        """Return ids of jobs of which something has expired by `until`, the longest expired first."""
        return _texts(self._redis.zrangebyscore("jobs:expiry", "-inf", until.timestamp(), start=0, num=limit))

    def exists(self, job_id: str) -> bool:
        """Tell whether there is a record."""
        return bool(self._redis.exists(_key(job_id)))

    def _replace(self, old: JobRecord, new: JobRecord) -> bool:
        expiry = new.next_expiry
        args: list[str | int | float] = [
            old.revision,
            new.revision,
            new.state,
            new.model_dump_json(),
            expiry.timestamp() if expiry else "",
            new.id,
        ]
        return bool(self._write(keys=[_key(new.id)], args=args))


def _key(job_id: str) -> str:
    return f"job:{job_id}"


def _texts(members: object) -> list[str]:
    return [member.decode() for member in cast("list[bytes]", members)]
