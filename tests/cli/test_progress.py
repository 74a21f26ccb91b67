import io

import pytest
from rich.console import Console

from cli.progress import Lines, left, meter, pace


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120)


def said(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


@pytest.mark.parametrize(
    ("speed", "shown"), [(0, ""), (-1, ""), (12.34, "12.3/s"), (1, "1.0/s"), (0.5, "30.0/min")]
)
def test_pace_is_told_in_the_unit_that_fits(speed: float, shown: str) -> None:
    assert pace(speed) == shown


def test_the_time_left_is_told_when_it_is_known() -> None:
    assert left(90, 1.0) == "0:01:30 left"
    assert left(0, 1.0) == left(10, 0) == ""


def test_in_a_log_a_line_comes_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("cli.progress.time.monotonic", lambda: clock[0])
    out = console(terminal=False)
    lines = Lines(out, 100)
    for second in range(61):
        clock[0] = float(second)
        lines.show(second, "[10] to send")
    told = said(out).splitlines()
    assert told[0] == "0 of 100, [10] to send"
    assert told[1] == "15 of 100, 1.0/s, 0:01:25 left, [10] to send"
    assert len(told) == 5


def test_nothing_new_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("cli.progress.time.monotonic", lambda: clock[0])
    out = console(terminal=False)
    lines = Lines(out, 100)
    for second in range(100):
        clock[0] = float(second)
        lines.show(7, "")
    assert said(out).splitlines() == ["7 of 100"]


def test_on_a_terminal_it_is_a_bar() -> None:
    out = console(terminal=True)
    with meter(out, 10) as shown:
        shown.show(3, "[7] to send")
    assert "3/10" in said(out)
    assert "[7] to send" in said(out)


def test_elsewhere_it_is_lines() -> None:
    out = console(terminal=False)
    with meter(out, 10) as shown:
        shown.show(3, "")
    assert said(out) == "3 of 10\n"
