import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path

import psutil

from support.servers.running import ROOT
from support.waiting import wait_for
from workers.supervisor import Supervisor

_SUPERVISE = """
import sys
from workers.supervisor import Supervisor
sys.exit(Supervisor([sys.executable, "-c", sys.argv[1]], processes=int(sys.argv[2]), grace=float(sys.argv[3]),
    memory_bytes=int(sys.argv[4])).run())
"""
_IDLE = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); signal.pause()"
_DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


@contextmanager
def supervising(child: str, processes: int = 1, grace: float = 20) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", _SUPERVISE, child, str(processes), str(grace), "0"]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def children(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children():
        # One that has just died has no command; a forked one that has not yet become the command does not count.
        with suppress(psutil.NoSuchProcess):
            if _SUPERVISE not in child.cmdline():
                found.append(child)
    return found


def test_a_lower_bound_of_the_machine_is_the_workers_bound() -> None:
    """As `LimitDATA=` of systemd sets one: nobody may raise it, and no worker has to fail for it."""
    bound = 2 << 30
    command = [sys.executable, "-c", _SUPERVISE, _IDLE, "1", "20", str(4 << 30)]
    lower = partial(resource.setrlimit, resource.RLIMIT_DATA, (bound, bound))
    process = subprocess.Popen(command, cwd=ROOT, preexec_fn=lower)
    try:
        (child,) = wait_for(lambda: children(process), 10, "a child")
        assert child.rlimit(resource.RLIMIT_DATA) == (bound, bound)
    finally:
        process.kill()
        process.wait()


def test_it_runs_as_many_as_asked_and_ends_them_politely() -> None:
    with supervising(_IDLE, processes=3) as process:
        family = wait_for(lambda: children(process) if len(children(process)) == 3 else None, 10, "three")
        wait_for(lambda: all(c.status() == psutil.STATUS_SLEEPING for c in family), 10, "asleep")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert not any(child.is_running() for child in family)


def test_a_dead_child_is_replaced() -> None:
    with supervising(_IDLE) as process:
        (first,) = wait_for(lambda: children(process), 10, "a child")
        first.kill()
        second = wait_for(lambda: [c for c in children(process) if c.pid != first.pid], 10, "another")
        assert second


def test_children_that_die_at_once_are_started_ever_more_slowly(tmp_path: Path) -> None:
    """By the children's own clock, which is the machine's: whoever looks from outside may look late."""
    log = tmp_path / "starts"

    def starts() -> list[float]:
        return [float(line) for line in log.read_text().split()] if log.exists() else []

    with supervising(f"import time; print(time.monotonic(), file=open({str(log)!r}, 'a'))"):
        wait_for(lambda: len(starts()) >= 3, 10, "three starts")
        wait_for(lambda: len(starts()) >= 4, 10, "the fourth")
    gaps = [later - earlier for earlier, later in pairwise(starts())]
    assert all(gap > least for gap, least in zip(gaps, (0.4, 0.8, 1.6), strict=False))


def test_ctrl_c_reaches_the_supervisor_only() -> None:
    with supervising(_IDLE) as process:
        (child,) = wait_for(lambda: children(process), 10, "a child")
        assert os.getsid(child.pid) != os.getsid(process.pid)


def test_a_child_deaf_to_polite_words_is_ended_after_the_grace() -> None:
    with supervising(_DEAF, grace=0.2) as process:
        (child,) = wait_for(lambda: children(process), 10, "a child")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
        assert not child.is_running()


def test_a_second_and_a_third_ctrl_c_do_not_wait_for_the_grace() -> None:
    with supervising(_DEAF, grace=600) as process:
        wait_for(lambda: children(process), 10, "a child")
        wait_for(lambda: process.send_signal(signal.SIGINT) or process.poll() is not None, 10, "the end")
        assert process.returncode == 0


def test_a_misconfigured_worker_is_not_started_again() -> None:
    with supervising("import sys; sys.exit(78)") as process:
        assert process.wait(timeout=10) == 78


def test_a_child_that_dies_again_and_again_is_back_within_5_s() -> None:
    """Those that died with it wait for it: their photographs are to be at work again within 15 s."""
    supervisor = Supervisor(["a worker"], processes=1, grace=1)
    (slot,) = supervisor._slots
    for _ in range(20):
        supervisor._schedule(slot, -signal.SIGKILL)
        assert slot.start_at - time.monotonic() <= 5
