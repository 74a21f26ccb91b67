import io
from types import SimpleNamespace

import pytest

from model import progress
from model.progress import Count, Line
from support.clock import Clock, clock_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def seen(self) -> list[str]:
        """The lines as they stand there in the end."""
        return [line.rpartition("\r")[2].rstrip() for line in self.getvalue().split("\n")]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=(terminal := Terminal())))
    return terminal


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=(log := io.StringIO())))
    return log


def test_a_line_is_written_over_to_its_last_letter(terminal: Terminal) -> None:
    with Line() as line:
        line.show("a long beginning")
        line.show("short")
    assert terminal.seen() == ["short", ""]
    assert terminal.getvalue().endswith(f"\r{'short':<16}\n")


def test_another_line_leaves_it_where_it_is(terminal: Terminal) -> None:
    with Line() as outer:
        outer.show("step 1")
        with Line() as inner:
            inner.show("measured 1")
            inner.show("measured 2")
        outer.end("psnr 24")
        outer.show("step 2")
    assert terminal.seen() == ["step 1", "measured 2", "psnr 24", "step 2", ""]


def test_an_error_begins_a_line_of_its_own(terminal: Terminal) -> None:
    def fail() -> None:
        with Line() as line:
            line.show("step 1")
            raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        fail()
    assert terminal.getvalue() == "\rstep 1\n"


def test_in_a_log_every_time_is_a_line(log: io.StringIO) -> None:
    with Line() as line:
        line.show("step 1")
        line.show("step 2")
        line.end("psnr 24")
    assert log.getvalue() == "step 1\nstep 2\npsnr 24\n"


def test_a_quiet_line_says_nothing(terminal: Terminal) -> None:
    with Line(quiet=True) as line:
        line.show("step 1")
        line.end("psnr 24")
    assert not terminal.getvalue()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(progress, monkeypatch)


def test_a_count_tells_rate_and_time_left(terminal: Terminal, clock: Clock) -> None:
    with Count("measured", 720) as count:
        clock.now += 0.1
        count.add(3)
        assert not terminal.getvalue()
        clock.now += 9.9
        count.add(57)
        assert terminal.seen() == ["measured 60 of 720 photographs  6.0 photos/s  1.8 min left"]
        clock.now += 0.1
        count.add(660)
    assert terminal.seen()[0].startswith("measured 720 of 720 photographs  71.3 photos/s  0.0 min left")


def test_a_log_hears_of_it_twice_a_minute_and_of_the_end(log: io.StringIO, clock: Clock) -> None:
    with Count("measured", 100) as count:
        for _ in range(100):
            clock.now += 1
            count.add()
    told = [line.split(" of ")[0] for line in log.getvalue().splitlines()]
    assert told == ["measured 30", "measured 60", "measured 90", "measured 100"]


def test_a_count_without_a_total_tells_what_it_knows(terminal: Terminal, clock: Clock) -> None:
    with Count("decoded", None) as count:
        clock.now += 2
        count.add(10)
    assert terminal.seen()[0] == "decoded 10 photographs  5.0 photos/s"
