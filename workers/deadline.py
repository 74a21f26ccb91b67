"""RQ's time limit for a job, raised as an exception that no decoder mistakes for a damaged photograph."""

import signal
from types import FrameType, TracebackType
from typing import Any, Literal

from rq.timeouts import UnixSignalDeathPenalty


class JobTimedOut(BaseException):
    """The job has reached its time limit.

    RQ's own class is an `Exception`, so an `except Exception` around a decoder's C library would turn it into an
    unreadable photograph, or swallow it.
    """


class Deadline(UnixSignalDeathPenalty):
    """Raises `JobTimedOut` in the main thread, wherever Python code runs, after `timeout` seconds."""

    def handle_death_penalty(self, signum: int, frame: FrameType | None) -> Any:  # noqa: ARG002
        """Called by SIGALRM."""
        raise JobTimedOut(f"The job took longer than {self._timeout} s.")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        """Switch the alarm off; an alarm that fires just as the job finishes no longer matters."""
        try:
            self.cancel_death_penalty()  # type: ignore[no-untyped-call]
        except JobTimedOut:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
        return False
