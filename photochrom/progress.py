"""Progress of long work: a live line on a terminal; elsewhere, as in a log, a plain line now and then."""

import threading
import time
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
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


def pace(speed: float) -> str:
    """Return photographs a second as a short text; empty when the speed is not known yet."""
    if speed <= 0:
        return ""
    return f"{speed:.1f}/s" if speed >= 1 else f"{speed * 60:.1f}/min"


def left(rest: float, speed: float) -> str:
    """Return how long the rest takes at so much a second, as a text; empty when that is not known."""
    if speed <= 0 or rest <= 0:
        return ""
    return f"{timedelta(seconds=round(rest / speed))} left"


class Line:
    """A text that replaces the one before; where there is no terminal, each text is a line.

    Args:
        console: where it is shown; stderr if it is not given.
        quiet: show nothing.
        transient: remove it from the terminal at the end.
    """

    def __init__(
        self, console: Console | None = None, *, quiet: bool = False, transient: bool = False
    ) -> None:
        self.quiet = quiet
        self.console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._transient = transient
        self._live: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def show(self, text: str) -> None:
        """Show `text` in place of the text that was shown before."""
        if self.console.is_terminal:
            self._draw(text, 0, None)
        else:
            self._print(text)

    def end(self, text: str = "") -> None:
        """Leave what was shown where it is, and write `text` below."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        if text:
            self._print(text)

    def _print(self, text: str) -> None:
        if not self.quiet:
            self.console.print(text, markup=False)

    def _columns(self) -> tuple[ProgressColumn, ...]:
        return (TextColumn("{task.description}", markup=False),)

    def _draw(self, text: str, done: int, total: int | None) -> None:
        if self.quiet:
            return
        if self._live is None:
            self._live = Progress(
                *self._columns(),
                console=self.console,
                transient=self._transient,
                refresh_per_second=4,
                speed_estimate_period=60,
            )
            self._live.add_task("", total=total)
            self._live.start()
        (task,) = self._live.task_ids
        self._live.update(task, description=text, completed=done)


class Count(Line):
    """How many photographs are done, of how many, how fast, how long the rest takes, and a note.

    Where there is no terminal, a line says so at the start, every quarter of a minute in which something has
    changed, and when all are done. Threads may share it.

    Args:
        total: how many there are, or None if that is not known.
        doing: what is done to them, such as "measured".
        console: as `quiet` and `transient`, see `Line`.
    """

    def __init__(
        self,
        total: int | None,
        doing: str = "",
        console: Console | None = None,
        *,
        quiet: bool = False,
        transient: bool = False,
    ) -> None:
        super().__init__(console, quiet=quiet, transient=transient)
        self.total, self.doing, self.done = total, doing, 0
        self._lock = threading.Lock()
        self._started = self._said_at = time.monotonic()
        self._said: tuple[int, str] = (-1, "")

    def add(self, photographs: int = 1) -> None:
        """Note that so many more are done."""
        with self._lock:
            self.done += photographs
            self._update("")

    def report(self, done: int | None = None, note: str = "") -> None:
        """Note how many are done, if that has changed, and show `note` beside it."""
        with self._lock:
            self.done = self.done if done is None else done
            self._update(note)

    def _update(self, note: str) -> None:
        if self.console.is_terminal:
            self._draw(note, self.done, self.total)
        elif self._due() and (self.done, note) != self._said:
            self._said, self._said_at = (self.done, note), time.monotonic()
            self._print(self._text(note))

    def _due(self) -> bool:
        begun = self._said[0] >= 0
        return not begun or self.done == self.total or time.monotonic() - self._said_at >= _LINE_SECONDS

    def _text(self, note: str) -> str:
        speed = self.done / max(time.monotonic() - self._started, 1e-9)
        counted = str(self.done) if self.total is None else f"{self.done} of {self.total}"
        rest = left(self.total - self.done, speed) if self.total is not None else ""
        parts = (f"{self.doing} {counted} photographs".strip(), pace(speed), rest, note)
        return ", ".join(part for part in parts if part)

    def _columns(self) -> tuple[ProgressColumn, ...]:
        known = (BarColumn(), MofNCompleteColumn(), _Pace(), TimeRemainingColumn())
        unknown = (TextColumn("{task.completed}"), _Pace())
        doing = (TextColumn(self.doing, markup=False),) if self.doing else ()
        return (*doing, *(unknown if self.total is None else known), *super()._columns())


class _Pace(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(pace(task.finished_speed or task.speed or 0), style="progress.data.speed")
