"""The worker's end of its child: a process, a socket to it, and the pipe on which it is felt to live."""

import os
import select
import signal
import subprocess
from contextlib import suppress

from photochrom.errors import PhotochromError

from ..failures import OutOfMemory, PhotoCrashed, PhotoHung
from .messages import OUT_OF_MEMORY, Event, Request, Setup, Signature, Turn, event_of, receive, send
from .start import Started

_LOOK_SECONDS = 0.5
_END_SECONDS = 5.0
_BY_THE_KERNEL = (-signal.SIGKILL, OUT_OF_MEMORY)


class Child:
    """One process; when it ends, however it does, what was asked of it is lost."""

    def __init__(
        self,
        setup: Setup,
        hang_seconds: float,
        module: str = "workers.child",
        started: Started | None = None,
    ) -> None:
        """Tell it its setup; it loads its model meanwhile.

        Args:
            setup: what it is told; it gets a folder of its own within that of the setup.
            hang_seconds: without a sign of life, after which it counts as hung.
            module: that is run.
            started: its process, where that was started already.
        """
        self._hang = hang_seconds
        self._started = started or Started(setup.folder, module)
        self._end, self._pulse, self._process = self._started.end, self._started.pulse, self._started.process
        self._end.settimeout(_LOOK_SECONDS)
        with suppress(PhotochromError):  # one that has ended already is found so when it is to be heard
            told = {"folder": self._started.folder.path, "parent": os.getpid()}
            self.say(setup.model_copy(update=told))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def say(self, message: Setup | Request | Turn | Signature, files: tuple[int, ...] = ()) -> None:
        """Send a message; see `read` for what it raises."""
        try:
            send(self._end, message, files)
        except TimeoutError:
            raise PhotoHung from None
        except OSError as error:
            raise self._ending() from error

    def speaks(self, seconds: float) -> bool:
        """Wait so long for the next that it says; return whether there is something to hear, be it its end."""
        return bool(select.select([self._end], [], [], seconds)[0])

    def hear(self) -> Event:
        """Wait for what it says next; see `read` for what it raises."""
        try:
            return event_of(receive(self.read))
        except ValueError:
            raise PhotoCrashed from None

    def read(self, most: int) -> bytes:
        """Return 1 to `most` bytes, as soon as there are any.

        Raises:
            PhotoCrashed, OutOfMemory: it has ended.
            PhotoHung: it gives no sign of life any more, or was stopped.
        """
        while True:
            try:
                if data := self._end.recv(most):
                    return data
            except TimeoutError:
                if self._pulse.hangs(self._hang) or self._is_stopped():
                    raise PhotoHung from None
            except OSError as error:
                raise self._ending() from error
            else:
                raise self._ending()

    def end(self) -> None:
        """End it now, and remove its folder; a second call is not an error."""
        self._started.close()

    def _ending(self) -> PhotochromError:
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(_END_SECONDS)
            return OutOfMemory() if code in _BY_THE_KERNEL else PhotoCrashed(code)
        return PhotoCrashed()

    def _is_stopped(self) -> bool:
        # Not on macOS before Python 3.13; there only the pulse tells.
        with suppress(ChildProcessError, AttributeError):
            return os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
        return False
