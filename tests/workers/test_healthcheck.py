import os
import socket

import pytest

from photochrom.jobs.fleet import Fleet, WorkerStatus
from photochrom.jobs.parts import ModelUsed
from photochrom.times import utc_now
from support.servers.health import asked
from support.servers.ports import free_port


def status(host: str) -> WorkerStatus:
    model = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")
    return WorkerStatus(name=f"{host}-1-a", host=host, pid=1, started_at=utc_now(), model=model)


@pytest.mark.parametrize(("host", "code"), [(socket.gethostname(), 0), ("elsewhere", os.EX_TEMPFAIL)])
def test_only_a_worker_of_this_machine_counts(redis, redis_url, host, code):
    Fleet(redis).beat(status(host), 8)
    run = asked("workers.healthcheck", redis_url)
    assert run.returncode == code, run.stderr


def test_a_queue_that_is_away_is_said_so():
    run = asked("workers.healthcheck", f"redis://127.0.0.1:{free_port()}")
    assert run.returncode == os.EX_UNAVAILABLE
    assert "queue" in run.stderr
