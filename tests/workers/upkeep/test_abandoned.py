"""Whoever seems to have abandoned its job is judged by clocks that have not jumped since they were looked at."""

import os
import socket
import subprocess
import sys
import time

import pytest
from rq import registry

from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.parts import ModelUsed
from photochrom.jobs.queue import rq_id
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.times import utc_now
from support.queue.queueing import MODEL, Bench, maintenance
from workers.settings import WorkerSettings
from workers.upkeep import clock_jumps, neighbours
from workers.worker import RestoreWorker

HOURS = 6 * 3600


class Clocks:
    """This machine's: the wall clock is ahead by as much as it is told to be."""

    ahead = 0.0
    monotonic = staticmethod(time.monotonic)

    def time(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    machine = Clocks()
    monkeypatch.setattr(clock_jumps, "time", machine)
    return machine


@pytest.fixture
def worker(bench: Bench, machine: Clocks) -> RestoreWorker:
    model = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")
    return RestoreWorker(
        bench.redis,
        settings=WorkerSettings(redis_url=bench.redis_url, data_dir=bench.data, model_path=MODEL),
        name="here",
        status=lambda: WorkerStatus(name="here", host="h", pid=1, started_at=utc_now(), model=model),
        fleet=bench.fleet,
        maintenance=maintenance(bench),
        child_pid=os.getpid,
    )


@pytest.fixture
def at_work(bench: Bench) -> JobRecord:
    """A job of another worker, which has just beaten."""
    record = bench.submit(b"x")
    bench.redis.delete("rq:queue:photochrom")
    bench.redis.hset(f"rq:job:{rq_id(record)}", "status", "started")
    bench.redis.zadd("rq:wip:photochrom", {f"{rq_id(record)}:execution": time.time() + 8})
    return bench.store.change(record.id, lambda r: r.claim("there", utc_now(), 3))


def test_a_jump_between_the_look_and_the_judgement_makes_no_living_worker_dead(
    bench: Bench, worker: RestoreWorker, machine: Clocks, at_work: JobRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_after_the_jump() -> int:
        machine.ahead = HOURS
        return int(time.time()) + HOURS

    monkeypatch.setattr(registry, "current_timestamp", read_after_the_jump)
    for _ in range(2):
        worker.run_maintenance_tasks()
        bench.redis.delete("rq:clean_registries:photochrom")
        worker._cleaned_at = None
    assert bench.store.get(at_work.id) == at_work
    assert bench.redis.zcard("rq:wip:photochrom") == 1


def test_where_the_time_has_passed_the_silent_worker_is_dead(
    bench: Bench, worker: RestoreWorker, at_work: JobRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "current_timestamp", lambda: int(time.time()) + 60)
    worker.run_maintenance_tasks()
    assert bench.store.get(at_work.id).state is JobState.RETRYING
    assert not bench.redis.zcard("rq:wip:photochrom")


def test_a_worker_recovers_jobs_while_its_child_gets_ready(bench: Bench, worker: RestoreWorker) -> None:
    """And nobody counts on it before: it is not among the living."""
    job = bench.accept(b"x")
    waits: list[float] = []

    def ready(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) > 1

    worker.recover_until(ready)
    assert waits == [2, 2]
    assert bench.queue.position(job) == 0
    assert bench.fleet.alive() == []


def neighbour(bench: Bench, **changed: object) -> WorkerStatus:
    """The worker of `at_work`: its process has ended, and its last heartbeat is 4 of 8 s old."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    model = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")
    usual = {"name": "there", "host": socket.gethostname(), "pid": ended.pid, "home": neighbours.home()}
    status = WorkerStatus.model_validate({**usual, "started_at": utc_now(), "model": model, **changed})
    bench.fleet.beat(status, 4)
    return status


def test_the_job_of_a_neighbour_that_has_ended_comes_back_before_its_heartbeat_runs_out(
    bench: Bench, worker: RestoreWorker, at_work: JobRecord
) -> None:
    neighbour(bench)
    worker.run_maintenance_tasks()
    assert bench.store.get(at_work.id).state is JobState.RETRYING
    assert bench.fleet.alive() == []


@pytest.mark.parametrize(
    "changed",
    [{"pid": os.getpid()}, {"home": "elsewhere"}, {"home": ""}, {"host": "elsewhere"}, {"name": "another"}],
)
def test_no_other_worker_loses_its_job(
    bench: Bench, worker: RestoreWorker, at_work: JobRecord, changed: dict[str, object]
) -> None:
    """One that lives, one whose processes are not seen from here, and one at another job."""
    neighbour(bench, **changed)
    worker.run_maintenance_tasks()
    assert bench.store.get(at_work.id) == at_work


def test_whoever_has_just_beaten_is_not_judged_by_its_process(
    bench: Bench, worker: RestoreWorker, at_work: JobRecord
) -> None:
    bench.fleet.beat(neighbour(bench), 8)
    worker.run_maintenance_tasks()
    assert bench.store.get(at_work.id) == at_work
