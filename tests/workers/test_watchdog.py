"""What a supervisor feels of its workers: life, silence, and no alarm where there is none."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from support.queue.clock import Clock, clock_of
from support.servers.running import ROOT
from support.waiting import wait_for
from workers import watchdog
from workers.watchdog import Pulse

# Leaves a file named by its pid once its first byte is in the pipe: what is stopped before has not begun.
_CHILD = """
import os, pathlib, sys, time
from workers.watchdog import give_pulse
into_pipe = os.write
def write(fd, data):
    into_pipe(fd, data)
    pathlib.Path(sys.argv[1], str(os.getpid())).touch()
os.write = write
give_pulse()
time.sleep(600)
"""
_SUPERVISE = """
import sys
from workers.supervisor import Supervisor
grace, *child = sys.argv[1:]
sys.exit(Supervisor([sys.executable, "-c", *child], processes=1, grace=float(grace), heartbeat=1.25).run())
"""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(watchdog, monkeypatch)


def test_silence_counts_from_the_last_byte(clock: Clock) -> None:
    felt = Pulse()
    os.write(felt.writer, b".")
    assert felt.silence() == 0
    for expected in (1, 2, 3):
        clock.now += 1
        assert felt.silence() == expected
    os.write(felt.writer, b"..")
    assert felt.silence() == 0


def test_a_start_may_take_its_time_but_not_for_ever(clock: Clock) -> None:
    felt = Pulse()
    for _ in range(int(watchdog.LONGEST_START)):
        clock.now += 1
        assert not felt.hangs(16)
    clock.now += 1
    assert felt.hangs(16)
    os.write(felt.writer, b".")
    assert not felt.hangs(16)


def test_who_has_begun_has_less_time(clock: Clock) -> None:
    felt = Pulse()
    os.write(felt.writer, b".")
    assert not felt.hangs(16)
    for _ in range(16):
        clock.now += 1
        assert not felt.hangs(16)
    clock.now += 1
    assert felt.hangs(16)


def test_a_pause_of_the_whole_machine_is_no_silence(clock: Clock) -> None:
    felt = Pulse()
    os.write(felt.writer, b".")
    assert felt.silence() == 0
    clock.now += 3600
    assert felt.silence() <= 2


@contextmanager
def single(**env: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """One worker, and the supervisor's end of its pipe."""
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "workers", "--single"]
    given = {**os.environ, **env, watchdog.FD_VARIABLE: str(writer)}
    process = subprocess.Popen(command, cwd=ROOT, env=given, pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        yield process, reader
    finally:
        process.kill()
        process.wait()
        os.close(reader)


def test_a_worker_gives_no_pulse_before_its_model_is_loaded(tmp_path: Path) -> None:
    """Loading CUDA's libraries from a cold disk takes longer than a hang may, with the interpreter's lock held."""
    with single(PHOTOCHROM_MODEL_PATH=str(tmp_path / "missing.onnx")) as (process, reader):
        assert process.wait(timeout=60) == os.EX_CONFIG
        assert os.read(reader, 16) == b""


def test_a_worker_at_work_gives_a_pulse(redis_url: str) -> None:
    with single(REDIS_URL=redis_url) as (_, reader):
        assert select.select([reader], [], [], 60)[0]
        assert os.read(reader, 1) == b"."


@contextmanager
def supervising(
    folder: Path, grace: float
) -> Iterator[tuple["subprocess.Popen[bytes]", Callable[[], psutil.Process | None]]]:
    """A supervisor, and what looks for its worker, once that has given a pulse."""
    command = [sys.executable, "-c", _SUPERVISE, str(grace), _CHILD, str(folder)]
    process = subprocess.Popen(command, cwd=ROOT)
    supervisor = psutil.Process(process.pid)

    def worker() -> psutil.Process | None:
        return next((child for child in supervisor.children() if (folder / str(child.pid)).exists()), None)

    try:
        yield process, worker
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def stop(process: psutil.Process) -> None:
    """Stop it, and return when it stands: a SIGTERM that comes sooner is heard first."""
    process.send_signal(signal.SIGSTOP)
    wait_for(lambda: process.status() == psutil.STATUS_STOPPED, 10, "its stop")


def test_a_worker_that_does_not_get_on_is_killed_and_replaced(tmp_path: Path) -> None:
    with supervising(tmp_path, grace=1) as (_, worker):
        first = wait_for(worker, 10, "a worker")
        stop(first)
        wait_for(lambda: not first.is_running(), 15, "its end")
        assert wait_for(worker, 10, "another worker").pid != first.pid


def test_a_worker_that_hangs_is_also_killed_while_all_stops(tmp_path: Path) -> None:
    """The grace is ten minutes for the sake of photographs that are being worked on; this one is not."""
    with supervising(tmp_path, grace=600) as (process, worker):
        hung = wait_for(worker, 10, "a worker")
        stop(hung)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert not hung.is_running()
