"""Watchdog: a worker's process shows its supervisor that it still runs Python, by one byte a second on a pipe.

A worker's heartbeats in Redis cannot show that: they also stop when Redis does. These bytes stop only when no thread
can run, because a native call hangs while it holds the interpreter's lock, or because the process is stopped.
"""

import os
import threading
import time
from contextlib import suppress

FD_VARIABLE = "PHOTOCHROM_PULSE_FD"
LONGEST_START = 300.0
"""Seconds; enough to load a gigabyte of CUDA libraries from a slow disk."""
_INTERVAL = 1.0
# A pause of the whole machine is not the worker's fault: no interval counts for more than this.
_LONGEST_LOOK = 2.0


def give_pulse(fd: int | str = "") -> None:
    """Start writing to this pipe; by default to the supervisor's, if there is one."""
    if fd := fd or os.environ.pop(FD_VARIABLE, ""):
        threading.Thread(target=_beat, args=(int(fd),), name="pulse", daemon=True).start()


def _beat(fd: int) -> None:
    while True:
        # A full pipe shows enough; a closed one means that nobody reads it any more.
        with suppress(BlockingIOError):
            try:
                os.write(fd, b".")
            except BrokenPipeError:
                return
        time.sleep(_INTERVAL)


class Pulse:
    """The supervisor's end of one worker's pipe."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self.writer, False)
        self._felt = False
        self._silent = 0.0
        self._looked = time.monotonic()

    def given(self) -> None:
        """Call after the fork: close the parent's copy of the write end."""
        os.close(self.writer)

    def close(self) -> None:
        """Forget the worker."""
        os.close(self._reader)

    def hangs(self, seconds: float) -> bool:
        """Return whether no byte came for so many seconds, or for `LONGEST_START` if there was none yet."""
        return self.silence() > (seconds if self._felt else LONGEST_START)

    def silence(self) -> float:
        """Return the seconds since the last byte, or since the first check if there was none yet."""
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, _LONGEST_LOOK), now
        if self._take():
            self._felt, self._silent = True, 0.0
        else:
            self._silent += passed
        return self._silent

    def _take(self) -> bool:
        with suppress(BlockingIOError):
            return bool(os.read(self._reader, 4096))
        return False
