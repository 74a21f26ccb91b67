"""Shows the progress of a batch: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

_LINE_SECONDS = 15.0


class Meter(Protocol):
    """Shows the progress of a run."""

    def show(self, done: int, note: str) -> None:
        """Show how many photographs are finished, and a note."""


@contextmanager
def meter(console: Console, total: int) -> Iterator[Meter]:
    """Yield the meter that suits the console."""
    if not console.is_terminal:
        yield Lines(console, total)
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True, speed_estimate_period=60) as progress:
        yield _Bar(progress, total)


class _Bar:
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total, note="")

    def show(self, done: int, note: str) -> None:
        self._progress.update(self._task, completed=done, note=escape(note))


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(pace(task.speed or 0), style="progress.data.speed")


class Lines:
    """For logs: a line at the start, every few seconds while there is progress, and when the kind of note changes."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._started = self._said_at = time.monotonic()
        self._first: int | None = None
        self._said: tuple[int, str] = (-1, "")

    def show(self, done: int, note: str) -> None:
        """See `Meter.show`."""
        now = time.monotonic()
        if self._first is None:
            self._first = done
        due = now - self._said_at >= _LINE_SECONDS or self._said[0] < 0
        if not due or (done, note) == self._said:
            return
        self._said, self._said_at = (done, note), now
        speed = (done - self._first) / max(now - self._started, 1e-9)
        parts = [f"{done} of {self._total}", pace(speed), left(self._total - done, speed), note]
        self._console.print(escape(", ".join(part for part in parts if part)))


def pace(speed: float) -> str:
    """Return photographs a second as a short text; empty when the speed is not known yet."""
    if speed <= 0:
        return ""
    return f"{speed:.1f}/s" if speed >= 1 else f"{speed * 60:.1f}/min"


def left(photographs: int, speed: float) -> str:
    """Return how long so many photographs take, as a text; empty when that is not known."""
    if speed <= 0 or not photographs:
        return ""
    return f"{timedelta(seconds=round(photographs / speed))} left"
