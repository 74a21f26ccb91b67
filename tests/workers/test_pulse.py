"""What a supervisor feels of its workers: life, silence, and no alarm where there is none."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from support.running import ROOT, wait_for
from workers import pulse
from workers.pulse import Pulse

_SUPERVISE = """
import sys
from workers.supervisor import Supervisor
child = "from workers.pulse import give_pulse; give_pulse(); import time; time.sleep(600)"
sys.exit(Supervisor([sys.executable, "-c", child], processes=1, grace=1, hang=2.5).run())
"""


class Clock:
    """Passes when it is told to."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pulse, "time", clock)
    return clock


def test_silence_counts_from_the_last_byte(clock: Clock) -> None:
    felt = Pulse()
    os.write(felt.writer, b".")
    assert felt.silence() == 0
    for expected in (1, 2, 3):
        clock.now += 1
        assert felt.silence() == expected
    os.write(felt.writer, b"..")
    assert felt.silence() == 0


def test_a_start_may_take_its_time(clock: Clock) -> None:
    felt = Pulse()
    clock.now += 1000
    assert felt.silence() == 0


def test_a_pause_of_the_whole_machine_is_no_silence(clock: Clock) -> None:
    felt = Pulse()
    os.write(felt.writer, b".")
    assert felt.silence() == 0
    clock.now += 3600
    assert felt.silence() <= 2


def test_a_worker_that_does_not_get_on_is_killed_and_replaced() -> None:
    process = subprocess.Popen([sys.executable, "-c", _SUPERVISE], cwd=ROOT)
    try:
        supervisor = psutil.Process(process.pid)

        def worker() -> psutil.Process | None:
            found = [child for child in supervisor.children() if "give_pulse" in " ".join(child.cmdline())]
            return found[0] if found and found[0].cmdline()[-1] != _SUPERVISE else None

        first = wait_for(worker, 10, "a worker")
        wait_for(lambda: first.num_threads() == 2, 10, "its pulse")
        first.send_signal(signal.SIGSTOP)
        wait_for(lambda: not first.is_running(), 15, "its end")
        assert wait_for(worker, 10, "another worker").pid != first.pid
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
