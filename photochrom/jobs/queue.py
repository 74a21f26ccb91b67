"""The contract between the API, which queues jobs, and the workers: one RQ queue, a task's name, a job's id.

RQ delivers; the record is the truth about a job. A job that RQ forgets is found by `JobQueue.delivery` and queued
again by the worker's maintenance; a job that it delivers twice is dropped by the record's compare-and-set.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import cast

from redis import Redis
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Retry
from rq.serializers import JSONSerializer

from ..records import texts
from . import scripts
from .record import JobRecord
from .store import HANDED_OVER
from .turns_of_owners import TurnsOfOwners

QUEUE = "photochrom"
TASK = "workers.tasks.restore"


class Extra(StrEnum):
    """What workers make of a finished job while somebody waits for it; the value ends the names of its RQ jobs."""

    SUGGESTIONS = "suggestions"
    TILES = "tiles"


_EXTRA_TASKS = {Extra.SUGGESTIONS: "workers.tasks.suggest", Extra.TILES: "workers.tasks.tile"}
_SERIES_TASK = "workers.tasks.harmonize"
# RQ counts only its own redeliveries after a worker's death; the record counts all attempts and decides.
_REDELIVERIES = 2
_RESULT_SECONDS = 60
_FAILURE_SECONDS = 3600
_AGAIN_SECONDS = 5
_EXACT_POSITIONS = 1000
# Such extras go first, since somebody waits at the screen; but no job waits longer than this because of them.
_PATIENT_SECONDS = 30.0
_ANSWER_SECONDS = 5


class Delivery(StrEnum):
    """What RQ knows about the latest handover of a job."""

    COMING = "coming"  # waits or runs, and RQ takes care of it
    ENDED = "ended"  # RQ has finished with it
    UNKNOWN = "unknown"  # never arrived, or forgotten


class JobQueue:
    """The queue as both sides see it; safe to share between threads."""

    def __init__(self, redis: Redis, *, job_timeout: int) -> None:
        self._redis = redis
        self._undelivered = redis.register_script(scripts.UNDELIVERED)
        self._job_timeout = job_timeout
        self._queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
        self._owners = TurnsOfOwners(redis, self._queue.key)

    def put(self, record: JobRecord, *, at_front: bool = False) -> None:
        """Queue the job; a second call for the same `dispatch` does nothing."""
        try:
            self._queue.enqueue_call(
                TASK,
                kwargs={"job_id": record.id},
                job_id=rq_id(record),
                unique=True,
                at_front=at_front,
                retry=Retry(_REDELIVERIES),
                timeout=self._job_timeout,
                # No `ttl`: a job may wait as long as necessary.
                result_ttl=_RESULT_SECONDS,
                failure_ttl=_FAILURE_SECONDS,
                description=record.id,
            )
        except DuplicateJobError:
            return
        if not at_front:
            self._owners.place(rq_id(record), record.owner)

    def may_ask(self, record: JobRecord, extra: Extra) -> bool:
        """Return whether this can be requested: not while it, or any extra of the job's owner, is being made."""
        under_way = [f"{record.id}-{extra}"]
        if record.owner and (other := cast("bytes | None", self._redis.get(_extra_of_owner(record)))):
            under_way.append(other.decode())
        pipeline = self._redis.pipeline(transaction=False)
        for rq_job in under_way:
            pipeline.hget(f"rq:job:{rq_job}", "status")
        return all(_delivery(status) is not Delivery.COMING for status in pipeline.execute())

    def ask_for(self, record: JobRecord, extra: Extra) -> None:
        """Ask a worker for likely colours or tiles of a finished job: somebody waits for them.

        It goes before other jobs, unless they have waited for long already. Until it has finished, another call does
        nothing; if it fails, another call starts it again.
        """
        if record.owner:
            self._redis.set(_extra_of_owner(record), f"{record.id}-{extra}", ex=2 * self._job_timeout)
        with suppress(DuplicateJobError):
            self._queue.enqueue_call(
                _EXTRA_TASKS[extra],
                kwargs={"job_id": record.id},
                job_id=f"{record.id}-{extra}",
                unique=True,
                at_front=self._longest_wait() < _PATIENT_SECONDS,
                timeout=self._job_timeout,
                result_ttl=_AGAIN_SECONDS,
                failure_ttl=_AGAIN_SECONDS,
                description=record.id,
            )

    def ask_for_series(self, batch_id: str) -> None:
        """Ask a worker to form the series of a batch; until that has finished, another call does nothing."""
        with suppress(DuplicateJobError):
            self._queue.enqueue_call(
                _SERIES_TASK,
                kwargs={"batch_id": batch_id},
                job_id=f"{batch_id}-series",
                unique=True,
                timeout=self._job_timeout,
                result_ttl=_AGAIN_SECONDS,
                failure_ttl=_AGAIN_SECONDS,
                description=batch_id,
            )

    def _longest_wait(self) -> float:
        """Return how many seconds the first job of the queue has waited, by this machine's clock."""
        first = cast("bytes | None", self._redis.lindex(self._queue.key, 0))
        if first is None:
            return 0.0
        since = cast("bytes | None", self._redis.hget(f"rq:job:{first.decode()}", "enqueued_at"))
        if since is None:
            return 0.0
        return (datetime.now(UTC) - datetime.fromisoformat(since.decode())).total_seconds()

    def remove(self, record: JobRecord) -> None:
        """Remove a waiting job, so that no worker starts for nothing."""
        pipeline = self._redis.pipeline()
        pipeline.lrem(self._queue.key, 1, rq_id(record))
        pipeline.delete(f"rq:job:{rq_id(record)}")
        pipeline.execute()

    def position(self, record: JobRecord) -> int | None:
        """Return how many jobs are ahead in the queue, None if the job is not waiting there.

        Beyond the first thousand it is estimated from the jobs' age: Redis would search the whole list, which blocks
        everybody for 2 ms with 100,000 in it.
        """
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.lpos(self._queue.key, rq_id(record), maxlen=_EXACT_POSITIONS)
        pipeline.llen(self._queue.key)
        pipeline.zrank(HANDED_OVER, record.id)
        found, length, older = cast("list[int | None]", pipeline.execute())
        if found is not None or older is None or length is None or length <= _EXACT_POSITIONS:
            return found
        return min(max(older, _EXACT_POSITIONS), length - 1)

    def shorten_leases(self, seconds: int) -> None:
        """Let no delivery count as running for more than `seconds` without a heartbeat: the clock was set back."""
        registry = self._queue.started_job_registry.key
        latest = time.time() + seconds
        for entry in cast("list[bytes]", self._redis.zrangebyscore(registry, latest, "+inf")):
            self._redis.zadd(registry, {entry: latest}, xx=True)

    def expire(self, held: Callable[[str], bool]) -> None:
        """Let the running deliveries count as abandoned of which `held` is true; it gets the id of each."""
        registry = self._queue.started_job_registry.key
        for entry in texts(self._redis.zrange(registry, 0, -1)):
            if held(entry.partition(":")[0]):
                self._redis.zadd(registry, {entry: 1}, xx=True)

    def waiting(self) -> int:
        """Return how many jobs are in the queue, without those that wait for their turn in a batch."""
        return self._redis.llen(self._queue.key)

    def undelivered(self, index: str, chunk: int = 500) -> Iterator[list[str]]:
        """Search an index of jobs, oldest first; yield after every `chunk` those that RQ is not going to run.

        Redis does the search: for a long queue in good order only empty lists are sent over the network.
        """
        begin = "-"
        while True:
            last, *ids = cast("list[bytes]", self._undelivered(keys=[index], args=[begin, chunk]))
            if not last:
                return
            yield [job_id.decode() for job_id in ids]
            begin = f"({last.decode()}"

    def deliveries(self, records: list[JobRecord]) -> list[Delivery]:
        """Return for each job whether RQ is still going to run it."""
        pipeline = self._redis.pipeline(transaction=False)
        for record in records:
            pipeline.hget(f"rq:job:{rq_id(record)}", "status")
        return [_delivery(status) for status in cast("list[bytes | None]", pipeline.execute())]


def _extra_of_owner(record: JobRecord) -> str:
    # Named after the first of the extras: an API of an older version reads the same key.
    return f"owner:{record.owner}:suggesting"


def _delivery(status: bytes | None) -> Delivery:
    if status is None:
        return Delivery.UNKNOWN
    return Delivery.COMING if status in {b"queued", b"started"} else Delivery.ENDED


def connect(url: str) -> Redis:
    """Return a client for `url`; it connects on first use and survives restarts of the server."""
    over_tcp = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return Redis.from_url(
        url,
        # No `health_check_interval`: its PING is refused while the queue's disk is full, and reading with it. A
        # connection that is gone shows at the next command, which is sent again.
        socket_connect_timeout=_ANSWER_SECONDS,
        # The client's default depends on its version, and used to be to wait for ever.
        socket_timeout=_ANSWER_SECONDS,
        **over_tcp,
    )


def rq_id(record: JobRecord) -> str:
    """Return RQ's id for this handover; unique, so that doing it twice is harmless."""
    return f"{record.id}-{record.dispatch}"
