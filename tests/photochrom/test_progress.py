import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.console import Console

from photochrom import progress
from photochrom.progress import Count, Line, left, pace
from support.queue.clock import Clock, clock_of

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@pytest.fixture
def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120)


@pytest.fixture
def log() -> Console:
    return Console(file=io.StringIO(), force_terminal=False, width=120, soft_wrap=True)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(progress, monkeypatch)


def said(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return _CONTROL.sub("", on.file.getvalue())


@pytest.mark.parametrize(
    ("speed", "shown"), [(0, ""), (-1, ""), (12.34, "12.3/s"), (1, "1.0/s"), (0.5, "30.0/min")]
)
def test_pace_is_told_in_the_unit_that_fits(speed: float, shown: str) -> None:
    assert pace(speed) == shown


def test_the_time_left_is_told_when_it_is_known() -> None:
    assert left(90, 1.0) == "0:01:30 left"
    assert left(0, 1.0) == left(10, 0) == ""


def test_a_text_replaces_the_one_before(terminal: Console) -> None:
    with Line(terminal) as line:
        line.show("a long beginning")
        line.show("short")
    assert [text.strip() for text in said(terminal).splitlines()] == ["short"]


def test_another_display_inside_disturbs_neither(terminal: Console) -> None:
    with Line(terminal) as outer:
        outer.show("step 1")
        with Count(2, "measured", terminal) as inner:
            inner.add()
            inner.add()
        outer.end("psnr 24")
        outer.show("step 2")
    measured, *rest = (text.strip() for text in said(terminal).splitlines())
    assert measured.startswith("measured")
    assert "2/2" in measured
    assert rest == ["step 1", "psnr 24", "step 2"]


def test_an_error_begins_a_line_of_its_own(terminal: Console) -> None:
    def fail() -> None:
        with Line(terminal) as line:
            line.show("step 1")
            raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        fail()
    assert said(terminal).endswith("step 1\n")


def test_in_a_log_every_text_is_a_line(log: Console) -> None:
    with Line(log) as line:
        line.show("step 1 [of 2]")
        line.show("step 2")
        line.end("psnr 24")
    assert said(log) == "step 1 [of 2]\nstep 2\npsnr 24\n"


def test_what_is_quiet_says_nothing(terminal: Console, log: Console) -> None:
    for console in (terminal, log):
        with Line(console, quiet=True) as line, Count(2, "measured", console, quiet=True) as count:
            line.show("step 1")
            line.end("psnr 24")
            count.add(2)
        assert not said(console)


def test_a_count_in_a_log_tells_what_is_done_how_fast_and_the_time_left(log: Console, clock: Clock) -> None:
    with Count(720, "measured", log) as count:
        clock.now += 10
        count.add(60)
        clock.now += 0.1
        count.add(3)
        count.add(657)
    assert said(log).splitlines() == [
        "measured 60 of 720 photographs, 6.0/s, 0:01:50 left",
        "measured 720 of 720 photographs, 71.3/s",
    ]


def test_a_log_hears_now_and_then_and_of_the_end(log: Console, clock: Clock) -> None:
    with Count(100, "measured", log) as count:
        for _ in range(100):
            clock.now += 1
            count.add()
    told = [line.split(" of ")[0] for line in said(log).splitlines()]
    assert told == [f"measured {done}" for done in (1, 16, 31, 46, 61, 76, 91, 100)]


def test_a_count_without_a_total_tells_what_it_knows(log: Console, terminal: Console, clock: Clock) -> None:
    for console in (log, terminal):
        with Count(None, "decoded", console) as count:
            clock.now += 2
            count.add(10)
    assert said(log) == "decoded 10 photographs, 5.0/s\n"
    assert "decoded 10" in said(terminal)


def test_a_note_stands_beside_the_count(log: Console, clock: Clock) -> None:
    with Count(100, console=log) as count:
        for second in range(61):
            clock.now = 100.0 + second
            count.report(second, "[10] to send")
    told = said(log).splitlines()
    assert told[0] == "0 of 100 photographs, [10] to send"
    assert told[1] == "15 of 100 photographs, 1.0/s, 0:01:25 left, [10] to send"
    assert len(told) == 5


def test_nothing_new_is_not_told_again(log: Console, clock: Clock) -> None:
    with Count(100, console=log) as count:
        for second in range(100):
            clock.now = 100.0 + second
            count.report(7)
    assert len(said(log).splitlines()) == 1


def test_on_a_terminal_it_is_a_bar(terminal: Console) -> None:
    with Count(10, console=terminal, transient=True) as count:
        count.report(3, "[7] to send")
    assert "3/10" in said(terminal)
    assert "[7] to send" in said(terminal)


def test_threads_count_together(log: Console) -> None:
    with Count(800, console=log) as count, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: count.add(), range(800)))
    assert said(log).splitlines()[-1].startswith("800 of 800")
