"""One worker process: RQ's SimpleWorker with a heartbeat of its own, around one loaded model."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from redis import Redis
from redis.exceptions import BusyLoadingError, ConnectionError, RedisError, TimeoutError  # noqa: A004
from rq import Queue, SimpleWorker
from rq.exceptions import AbandonedJobError
from rq.executions import Execution
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import now

from photochrom import schema, tracing
from photochrom.batches.store import BatchStore
from photochrom.batches.turns import Turns
from photochrom.errors import JobConflict, JobNotFound, QueueUnavailable
from photochrom.ids import new_id
from photochrom.jobs.fleet import PAGE, PHOTOGRAPH, Fleet, WorkerStatus
from photochrom.jobs.queue import QUEUE, JobQueue, connect, rq_id
from photochrom.jobs.store import JobStore
from photochrom.photo.options import ColorizeOptions
from photochrom.storage.choose import open_for_uploads, open_storage
from photochrom.times import utc_now

from . import tasks
from .child.colorist import Colorist
from .deadline import Deadline
from .formats import written
from .jobs.restorer import Restorer
from .settings import WorkerSettings
from .upkeep import neighbours
from .upkeep.clock_jumps import JumpWatch, shorten
from .upkeep.maintenance import Maintenance, apart
from .watchdog import give_pulse

_log = logging.getLogger(__name__)

# RQ waits `worker_ttl - 15` seconds for a job before it looks for abandoned ones again.
_WORKER_TTL = 18
_CONNECT_SECONDS = 30.0
_LOCK_SECONDS = 10
# SIGALRM cannot interrupt a C call: this many seconds later the process ends itself.
_OVERTIME_SECONDS = 30


class RestoreQueue(Queue):
    """RQ's queue, with locks and grace periods short enough for a recovery within seconds."""

    def acquire_maintenance_lock(self) -> bool:
        """Hold the lock for seconds: RQ's 15 minutes would long outlast a holder that was killed."""
        shorten(self.connection, self.registry_cleaning_key, _LOCK_SECONDS)
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=_LOCK_SECONDS))

    @property
    def intermediate_queue(self) -> IntermediateQueue:
        """Return the list that holds a job after it was popped and before it has started."""
        return _ShortGrace(self.key, connection=self.connection)


class _ShortGrace(IntermediateQueue):
    def should_be_cleaned_up(self, job_id: str) -> bool:
        """Return a job to the queue after 5 s: a second delivery is harmless here, RQ's minute of waiting is not."""
        seen = self.get_first_seen(job_id)
        return seen is not None and (now() - seen).total_seconds() > 5

    def remove(self, job_id: str) -> None:
        """Forget also when it was first seen, or the job's next delivery would have no grace period."""
        super().remove(job_id)
        self.connection.delete(self.get_first_seen_key(job_id))


class _ClockJumped(Exception):
    """The wall clock that RQ has just used makes living workers look dead."""


class RestoreWorker(SimpleWorker):
    """Runs jobs in its own process (fork breaks CUDA, and would load the model each time).

    A thread sends heartbeats to RQ and `Fleet` every few seconds. When they stop, another worker gets the job
    within `heartbeat_ttl` and a few seconds.
    """

    queue_class = RestoreQueue
    death_penalty_class = Deadline
    # Longest pause between attempts to reach a Redis that is restarting; RQ's own is a minute.
    max_connection_wait_time = 2.0

    def __init__(
        self,
        redis: Redis,
        *,
        settings: WorkerSettings,
        name: str,
        status: Callable[[], WorkerStatus],
        fleet: Fleet,
        maintenance: Maintenance,
        child_pid: Callable[[], int],
    ) -> None:
        super().__init__(
            [QUEUE],
            name=name,
            connection=redis,
            worker_ttl=_WORKER_TTL,
            maintenance_interval=settings.maintenance_interval,
            serializer=JSONSerializer,
            exception_handlers=[self._on_exception],
        )
        self._settings = settings
        self._status = status
        self._fleet = fleet
        self._maintenance = maintenance
        self._child_pid = child_pid
        self._heartbeat = Heartbeat(self._beat, settings.heartbeat_ttl / 4)
        self._clocks = JumpWatch(redis)
        self._steady_at, self._has_looked = 0.0, False
        self._cleaned_at: float | None = None
        self._begun: dict[str, float] = {}

    def bootstrap(self, *args: Any, **kwargs: Any) -> None:
        """Register and count as alive from then on; note the time before the first job ends."""
        self._look_at_the_clock()
        super().bootstrap(*args, **kwargs)
        self._heartbeat.start()

    def recover_until(self, ready: Callable[[float], bool]) -> None:
        """Recover abandoned jobs until this worker can take one up: on a busy machine a child takes seconds to start.

        Args:
            ready: waits up to so many seconds, and returns whether the wait is over.
        """
        while not ready(self.maintenance_interval):
            # RQ's loop, later, waits for a Redis that is restarting.
            with suppress(ConnectionError, TimeoutError):
                self._look_at_the_clock()
                self.run_maintenance_tasks()

    def teardown(self) -> None:
        """Stop the threads and unregister."""
        self._heartbeat.stop()
        self._fleet.leave(self.name)
        super().teardown()  # type: ignore[no-untyped-call]

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Return the job to the queue. RQ ignores a second signal within a second; the supervisor alone sends ours."""
        for number in (signal.SIGTERM, signal.SIGINT):
            # A third signal must not interrupt this.
            signal.signal(number, signal.SIG_IGN)
        _log.warning("The running job returns to the queue")
        raise SystemExit

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002
        """Return seconds; RQ's own value is the job's whole timeout, and nobody waits that long."""
        return self._settings.heartbeat_ttl

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Decide by the monotonic clock: RQ's own check would wait for hours after the wall clock was set back."""
        since = self._cleaned_at
        return since is None or time.monotonic() - since > self.maintenance_interval

    def run_maintenance_tasks(self) -> None:
        """Recover abandoned jobs: RQ's registries first, then our records.

        After a clock has jumped, heartbeats of living workers look old until the next ones arrive.
        """
        first, self._cleaned_at = self._cleaned_at is None, time.monotonic()
        if first:  # a worker that has just started cannot know what the clock said before
            self._maintenance.shorten(self._settings.heartbeat_ttl)
        if self._clocks_are_steady():
            apart(self._expire_neighbours)
            apart(self._clean_registries)
            self._maintenance.run()

    def _expire_neighbours(self) -> None:
        ttl = self._settings.heartbeat_ttl
        late = [
            worker for worker in self._fleet.late(ttl, neighbours.LATE_SECONDS) if worker.name != self.name
        ]
        dead = {worker.name for worker in late if neighbours.ended(worker, socket.gethostname())}
        if dead:
            _log.warning("Ended without a word: %s", ", ".join(sorted(dead)))
            neighbours.expire_deliveries(self._maintenance.queue, self._maintenance.store, dead)
            for name in dead:
                self._fleet.leave(name)

    def _look_at_the_clock(self) -> None:
        if self._has_looked:
            return
        said = utc_now()
        # Others may have sent heartbeats by the clock as it was before it ran ahead.
        if said - self._maintenance.time.now() > timedelta(seconds=self._settings.heartbeat_ttl / 2):
            self._steady_at = time.monotonic() + self._settings.heartbeat_ttl
        self._has_looked = True

    def _clean_registries(self) -> None:
        with suppress(_ClockJumped):
            super().run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def _clocks_are_steady(self) -> bool:
        """Check the clocks; return whether they can be compared with heartbeats."""
        jump = self._clocks.jumped()
        if jump < 0:
            self._maintenance.shorten(self._settings.heartbeat_ttl)
        if jump:
            self._steady_at = time.monotonic() + self._settings.heartbeat_ttl
        return time.monotonic() >= self._steady_at

    def _beat(self) -> None:
        executions = list(self.executions.values())
        self._begun = {one.id: self._begun.get(one.id, time.monotonic()) for one in executions}
        job_id = executions[0].job_id if executions else None
        self._fleet.beat(
            self._status().model_copy(
                update={
                    "job_id": job_id and job_id.partition("-")[0],
                    "resident_bytes": resident_bytes() + resident_bytes(self._child_pid()),
                }
            ),
            self._settings.heartbeat_ttl,
        )
        for execution in executions:
            self._end_overtime(execution)
            self.maintain_heartbeats(execution.job, execution)

    def _end_overtime(self, execution: Execution) -> None:
        allowed = self._settings.job_timeout + _OVERTIME_SECONDS
        if time.monotonic() - self._begun[execution.id] > allowed:
            _log.error("Job %s hangs in native code; ending this process", execution.job_id)
            os.kill(os.getpid(), signal.SIGKILL)

    def _on_exception(
        self, job: Job, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> bool:
        """Handle a failed job; RQ also calls this for the jobs of dead workers, which is why it is overridden.

        Raises:
            _ClockJumped: a clock has jumped since the last check; RQ has read it but has not written anything yet.
        """
        del error, trace
        if issubclass(kind, AbandonedJobError):
            if not self._clocks_are_steady():
                raise _ClockJumped
            apart(self._lose_worker, job.id)
        return True

    def _lose_worker(self, delivery: str) -> None:
        with suppress(JobNotFound, JobConflict):
            record = self._maintenance.store.get(delivery.partition("-")[0])
            if record.lease is not None and rq_id(record) == delivery:
                self._maintenance.lose_worker(record)


def resident_bytes(pid: int | str = "self") -> int:
    """Return the memory of a process, of this one by default; 0 where the system does not report it."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


class Heartbeat:
    """Calls a function every `interval` seconds on a thread, whatever the main thread does."""

    def __init__(self, beat: Callable[[], None], interval: float) -> None:
        self._beat = beat
        self._interval = interval
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Call it once immediately, then regularly."""
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """Stop; return when the last call has finished."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._beat()
            except RedisError as error:
                # It may be restarting; the next heartbeat tries again.
                _log.warning("A heartbeat failed: %s", error)
            except Exception:
                _log.warning("A heartbeat failed", exc_info=True)


def run(settings: WorkerSettings, colorist: Colorist) -> None:
    """Recover jobs until the child has its model, then work until SIGTERM or SIGINT.

    Raises:
        ModelRejected: the model cannot be used.
        ChildBroken: the process that opens photographs does not start.
        TracingMissing: traces are asked for and cannot be made.
        DataTooNew: a newer version wrote the queue or the data folder.
        QueueUnavailable: Redis did not answer for half a minute.
    """
    tracing.configure(settings, "worker")
    redis = connect(settings.redis_url)
    wait_for(redis, pause=partial(_pause, colorist))
    schema.check_folder(settings.data_dir)
    schema.check_queue(redis)
    name = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
    store = JobStore(redis, settings.retention())
    queue = JobQueue(redis, job_timeout=settings.job_timeout)
    turns = Turns(redis, store, queue)
    storage = open_storage(settings)
    restorer = Restorer(
        store=store,
        storage=storage,
        colorist=colorist,
        worker=name,
        max_attempts=settings.max_attempts,
        turns=turns,
        batches=BatchStore(redis, store, queue, settings.record_retention),
        incoming=open_for_uploads(settings),
    )
    tasks.install(restorer)
    worker = RestoreWorker(
        redis,
        settings=settings,
        name=name,
        status=cache(partial(_status, name, restorer)),
        fleet=Fleet(redis),
        maintenance=Maintenance(
            redis=redis,
            store=store,
            queue=queue,
            batches=BatchStore(redis, store, queue, settings.record_retention),
            turns=turns,
            storage=storage,
            max_attempts=settings.max_attempts,
            orphans_seconds=int(settings.orphan_interval.total_seconds()),
            orphan_limit=settings.orphan_limit,
        ),
        child_pid=lambda: colorist.pid,
    )
    worker.recover_until(colorist.greets)
    told = colorist.ready()
    _log.info("Worker %s has model %s", name, restorer.model_used())
    if film := restorer.film_model_used():
        _log.info("It has model %s for old film", film)
    tell_held(told.held)
    if told.fell_back:
        _log.warning(
            "This installation is made for CUDA, but ONNX Runtime could not use it and predicts on the CPU; "
            "run `photochrom doctor` and see ONNX Runtime's messages above for what is missing"
        )
    # Not before: loading ONNX Runtime and CUDA from a cold disk holds the interpreter's lock longer than a hang may.
    give_pulse()
    worker.work(logging_level="WARNING", max_jobs=settings.jobs_per_process or None)


def _pause(colorist: Colorist, seconds: float) -> None:
    """Wait, and raise at once where the model cannot be used: that does not get better with Redis."""
    if colorist.greets(seconds):
        colorist.ready()
        time.sleep(seconds)


def _status(name: str, restorer: Restorer) -> WorkerStatus:
    told = restorer.colorist.told
    return WorkerStatus(
        name=name,
        host=socket.gethostname(),
        pid=os.getpid(),
        home=neighbours.home(),
        started_at=utc_now(),
        model=restorer.model_used(),
        capabilities=told.card.capabilities,
        tells_series=told.tells_series,
        film_model=restorer.film_model_used(),
        film_capabilities=told.film.card.capabilities if told.film else (),
        writes=written(),
        finder=told.finder,
        kinds=(PHOTOGRAPH, PAGE),
        options=tuple(ColorizeOptions.model_fields),
    )


def tell_held(held: Mapping[str, bool]) -> None:
    """Log which parts of the child's confinement work on this machine, and which do not."""
    holding = [name for name, holds in held.items() if holds]
    _log.info("Photographs are opened in a child process, confined in %s", ", ".join(holding) or "nothing")
    if len(holding) < len(held):
        lacking = ", ".join(name for name, holds in held.items() if not holds)
        _log.warning(
            "This system does not confine the child in %s (needs Linux with Landlock and seccomp); "
            "see SECURITY.md for what that means",
            lacking,
        )


def wait_for(
    redis: Redis, seconds: float = _CONNECT_SECONDS, pause: Callable[[float], object] = time.sleep
) -> None:
    """Return when the server answers.

    Raises:
        QueueUnavailable: it did not for `seconds`.
    """
    give_up = time.monotonic() + seconds
    while True:
        try:
            redis.ping()
        except (ConnectionError, TimeoutError, BusyLoadingError) as error:
            if time.monotonic() > give_up:
                raise QueueUnavailable(f"Redis does not answer: {error}.") from error
            pause(0.1)
        else:
            return
