"""How a supervisor sees that a worker's process still runs Python: bytes on a pipe, one a second.

A worker's heartbeats in Redis cannot tell: they also stop when Redis does. These stop only when no thread gets on,
because a native call hangs with the interpreter's lock, or the process is stopped.
"""

import os
import threading
import time
from contextlib import suppress

FD_VARIABLE = "PHOTOCHROM_PULSE_FD"
LONGEST_START = 300.0
"""Seconds: a gigabyte of CUDA's libraries from a slow disk, and more."""
_INTERVAL = 1.0
# A pause of the whole machine is nobody's fault: no look counts for more than this.
_LONGEST_LOOK = 2.0


def give_pulse(fd: int | str = "") -> None:
    """Write to this pipe from now on; by default to the supervisor's, if there is one."""
    if fd := fd or os.environ.pop(FD_VARIABLE, ""):
        threading.Thread(target=_beat, args=(int(fd),), name="pulse", daemon=True).start()


def _beat(fd: int) -> None:
    while True:
        # A full pipe is enough of a sign; a closed one means that nobody looks any more.
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
        """Call when the worker has its end: ours of that goes."""
        os.close(self.writer)

    def close(self) -> None:
        """Forget the worker."""
        os.close(self._reader)

    def hangs(self, seconds: float) -> bool:
        """Tell whether no byte came for so many seconds, or for `LONGEST_START` where there was none yet."""
        return self.silence() > (seconds if self._felt else LONGEST_START)

    def silence(self) -> float:
        """Return the seconds since the last byte, or since the first look before there was one."""
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
