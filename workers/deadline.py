"""RQ's time limit for a job, by an exception that no decoder takes for a damaged photograph."""

import signal
from types import FrameType, TracebackType
from typing import Any, Literal

from rq.timeouts import UnixSignalDeathPenalty


class JobTimedOut(BaseException):
    """The job has had its time.

    RQ's own is an `Exception`, so whatever `except Exception` around a decoder's C library it met on its way
    made an unreadable photograph of it, or nothing at all.
    """


class Deadline(UnixSignalDeathPenalty):
    """Raises `JobTimedOut` in the main thread, wherever Python code runs, when `timeout` seconds are over."""

    def handle_death_penalty(self, signum: int, frame: FrameType | None) -> Any:  # noqa: ARG002
        """Called by SIGALRM."""
        raise JobTimedOut(f"The job took longer than {self._timeout} s.")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        """Switch the alarm off; one that rings as the job is through comes too late to matter."""
        try:
            self.cancel_death_penalty()  # type: ignore[no-untyped-call]
        except JobTimedOut:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
        return False
