import signal
from contextlib import suppress

import pytest
from rq.timeouts import JobTimeoutException

from workers.deadline import Deadline, JobTimedOut


def test_the_alarm_passes_whatever_catches_exceptions() -> None:
    def decode() -> None:
        with suppress(Exception):
            signal.raise_signal(signal.SIGALRM)

    with pytest.raises(JobTimedOut, match="60 s"), Deadline(60, JobTimeoutException):
        decode()


def test_the_alarm_rings_when_the_time_is_over() -> None:
    with pytest.raises(JobTimedOut), Deadline(1, JobTimeoutException):
        signal.pause()


def test_an_alarm_in_the_last_moment_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "alarm", lambda seconds: seconds or signal.raise_signal(signal.SIGALRM))
    with Deadline(60, JobTimeoutException):
        pass
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_nothing_rings_after_the_end() -> None:
    with Deadline(60, JobTimeoutException):
        pass
    assert signal.alarm(0) == 0
