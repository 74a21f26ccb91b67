"""Lines on stderr that show the progress of long work."""

import sys
import time
from types import TracebackType
from typing import ClassVar, Self


def time_left(done: float, total: float, seconds: float) -> str:
    """Return how long the rest of `total` will take, if `done` of them took `seconds`."""
    return f"{max(0, total - done) * seconds / done / 60:.1f} min left"


class Line:
    """A line that is overwritten each time; where stderr is not a terminal, each time writes a new line."""

    _open: ClassVar["Line | None"] = None  # whose text the cursor stands behind

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet, self._length = quiet, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def show(self, text: str) -> None:
        """Write `text` over the text that was shown before."""
        if self.quiet:
            return
        if not sys.stderr.isatty():
            sys.stderr.write(f"{text}\n")
            return
        if Line._open is not None and Line._open is not self:
            Line._open.end()
        sys.stderr.write(f"\r{text:<{self._length}}")
        sys.stderr.flush()
        Line._open, self._length = self, len(text)

    def end(self, text: str = "") -> None:
        """Leave what was shown where it is, and write `text` below."""
        if Line._open is self:
            Line._open, self._length = None, 0
            sys.stderr.write("\n")
        if text and not self.quiet:
            sys.stderr.write(f"{text}\n")


class Count(Line):
    """How many photographs are done, of how many, at which rate, and how long the rest will take.

    It is shown twice a second, every half a minute where stderr is not a terminal, and when all are done.

    Args:
        doing: what is done to them, such as "measured".
        total: how many there are, or None if that is not known.
        quiet: show nothing.
    """

    def __init__(self, doing: str, total: int | None, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self.doing, self.total, self.done = doing, total, 0
        self._started = self._shown = time.monotonic()
        self._pause = 0.5 if sys.stderr.isatty() else 30.0

    def add(self, photographs: int = 1) -> None:
        """Note that so many more are done."""
        self.done += photographs
        now = time.monotonic()
        if now - self._shown < self._pause and self.done != self.total:
            return
        self._shown = now
        rate = self.done / max(now - self._started, 1e-9)
        if self.total is None:
            self.show(f"{self.doing} {self.done} photographs  {rate:.1f} photos/s")
        else:
            counts = f"{self.doing} {self.done} of {self.total} photographs"
            left = time_left(self.done, self.total, now - self._started)
            self.show(f"{counts}  {rate:.1f} photos/s  {left}")
