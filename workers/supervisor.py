"""Keeps a number of worker processes running and stops them cleanly; light, and without threads."""

import logging
import os
import resource
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

from photochrom.processes.parent_death import end_with_parent

from .watchdog import FD_VARIABLE, Pulse

_log = logging.getLogger(__name__)

MISCONFIGURED = os.EX_CONFIG
"""Exit code of a worker that is misconfigured: restarting it does not help."""
GRACE_SECONDS = 15
"""Seconds that a running job has to finish, unless `PHOTOCHROM_SHUTDOWN_GRACE` says otherwise."""
HEARTBEAT_SECONDS = 8
"""Silence after which a worker counts as dead, unless `PHOTOCHROM_HEARTBEAT_TTL` says otherwise."""
LEAST_HEARTBEAT_SECONDS = 2
"""The smallest heartbeat timeout; below it heartbeats do not come often enough."""
MEMORY_BYTES = 3584 << 20
"""Memory limit of one worker, unless `PHOTOCHROM_MEMORY_BYTES` says otherwise: 200 megapixels take up to 3 GB, and in
a container of 4 GiB an allocation fails before the kernel's out-of-memory killer acts."""

ORPHAN_LIMIT = 100
"""Files that no job names and that may go at one look, unless `PHOTOCHROM_ORPHAN_LIMIT` says otherwise."""

_FIRST_DELAY = 0.2
# A worker that restarts late delays the photographs of those that died with it; a start costs about a second.
_LONGEST_DELAY = 5.0
_STEADY_SECONDS = 30.0
# Time to give a job back; a process whose C library does not return meanwhile is killed. With a tenth of a core two
# seconds are too few, and a job that is not given back costs its photograph an attempt.
_COLD_SECONDS = 4.0
_AGAIN_SECONDS = 0.1
_LOOK_SECONDS = 1.0
# After twice the heartbeat timeout, another worker has long taken over the job of a hung process.
_HANG_HEARTBEATS = 2.0


@dataclass
class _Slot:
    """One slot for a worker: its process, or the time when the next one starts."""

    child: "subprocess.Popen[bytes] | None" = None
    pulse: Pulse | None = None
    born: float = 0.0
    start_at: float = 0.0
    delay: float = field(default=_FIRST_DELAY)


class Supervisor:
    """Runs `command` in `processes` processes until a signal; a child that dies is replaced, with backoff.

    Watchdog: a child whose pulse has stopped for twice `heartbeat` seconds is killed, because a native call holds it
    and nothing else can end it. So is a child that has not started after `watchdog.LONGEST_START`.
    Each child may allocate `memory_bytes` (0 is no limit), so that one large photograph fails alone and the machine
    does not run out of memory.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        processes: int,
        grace: float,
        heartbeat: float = HEARTBEAT_SECONDS,
        memory_bytes: int = 0,
    ) -> None:
        self._command = list(command)
        self._grace = grace
        self._hang = _HANG_HEARTBEATS * heartbeat
        self._memory_bytes = memory_bytes
        self._slots = [_Slot() for _ in range(processes)]
        self._signals = 0
        self._exit_code: int | None = None

    def run(self) -> int:
        """Block until SIGTERM or SIGINT (exit code 0), or until a worker exits as misconfigured."""
        with _signals_on_socket(self._on_signal) as wakeup:
            while self._signals == 0 and self._exit_code is None:
                self._fill()
                _wait(wakeup, min(self._next_start(), _LOOK_SECONDS))
                self._reap()
                self._end_hung()
            self._stop(wakeup)
        return self._exit_code or 0

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._signals += 1

    def _fill(self) -> None:
        for slot in self._slots:
            if slot.child is None and slot.start_at <= time.monotonic():
                slot.pulse = Pulse()
                # A session of its own: Ctrl-C reaches only this process, which sends the worker SIGTERM.
                slot.child = subprocess.Popen(  # noqa: S603 - our own command
                    self._command,
                    start_new_session=True,
                    preexec_fn=partial(self._prepare, os.getpid()),
                    pass_fds=(slot.pulse.writer,),
                    env={**os.environ, FD_VARIABLE: str(slot.pulse.writer)},
                )
                slot.pulse.given()
                slot.born = time.monotonic()

    def _prepare(self, parent: int) -> None:
        """Runs between fork and exec of a child."""
        end_with_parent(parent)
        if self._memory_bytes:
            # Not RLIMIT_AS: it also counts memory that is only reserved, and below 16 GB CUDA does not start.
            hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
            bound = self._memory_bytes if hard == resource.RLIM_INFINITY else min(self._memory_bytes, hard)
            resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))

    def _reap(self) -> None:
        for slot in self._slots:
            if slot.child is not None and (code := slot.child.poll()) is not None:
                if code == MISCONFIGURED:
                    self._exit_code = code
                self._schedule(slot, code)

    def _end_hung(self) -> None:
        for slot in self._slots:
            if slot.child and slot.pulse and slot.pulse.hangs(self._hang):
                _log.error("Worker %s hangs in native code, or was stopped; killing it", slot.child.pid)
                slot.child.kill()

    def _schedule(self, slot: _Slot, code: int) -> None:
        slot.child = None
        if slot.pulse is not None:
            slot.pulse.close()
            slot.pulse = None
        lived = time.monotonic() - slot.born
        if code == os.EX_OK and lived > _FIRST_DELAY:
            # It has done its share of jobs and exits to release the memory it has gathered.
            slot.start_at, slot.delay = time.monotonic(), _FIRST_DELAY
            return
        slot.delay = _FIRST_DELAY if lived > _STEADY_SECONDS else min(slot.delay * 2, _LONGEST_DELAY)
        slot.start_at = time.monotonic() + slot.delay
        if self._signals == 0 and self._exit_code is None:
            _log.warning("A worker exited with code %s; the next starts in %.1f s", code, slot.delay)

    def _next_start(self) -> float:
        waiting = [slot.start_at for slot in self._slots if slot.child is None]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else _LONGEST_DELAY

    def _stop(self, wakeup: socket.socket) -> None:
        """SIGTERM lets a worker finish its job; a second one makes it give the job back; SIGKILL ends it at once."""
        told = self._signals
        self._tell(signal.SIGTERM)
        self._wait_for_children(wakeup, self._grace, told)
        self._insist(wakeup, told + 1)
        self._tell(signal.SIGKILL)
        self._wait_for_children(wakeup, _LONGEST_DELAY, told + 2)

    def _insist(self, wakeup: socket.socket, signals: int) -> None:
        give_up = time.monotonic() + _COLD_SECONDS
        while self._alive() and time.monotonic() < give_up and self._signals <= signals:
            # Repeat: a signal is lost if it arrives while Python has not yet handled the first.
            self._tell(signal.SIGTERM)
            self._wait_for_children(wakeup, _AGAIN_SECONDS, signals)

    def _wait_for_children(self, wakeup: socket.socket, seconds: float, signals: int) -> None:
        """Return when all have exited, the time is up, or somebody presses Ctrl-C again."""
        give_up = time.monotonic() + seconds
        while self._alive() and time.monotonic() < give_up and self._signals <= signals:
            _wait(wakeup, min(_LOOK_SECONDS, give_up - time.monotonic()))
            self._reap()
            self._end_hung()

    def _alive(self) -> list["subprocess.Popen[bytes]"]:
        return [slot.child for slot in self._slots if slot.child is not None]

    def _tell(self, number: signal.Signals) -> None:
        for child in self._alive():
            child.send_signal(number)


def _wait(wakeup: socket.socket, seconds: float) -> None:
    """Sleep until a signal or for `seconds`."""
    if select.select([wakeup], [], [], max(0.0, seconds))[0]:
        wakeup.recv(4096)


@contextmanager
def _signals_on_socket(handler: Callable[[int, FrameType | None], None]) -> Iterator[socket.socket]:
    """Let signals wake `select`: a flag alone could be set just before the sleep begins."""
    reader, writer = socket.socketpair()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        old_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, handler)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(old_fd)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Everything has stopped; an extra Ctrl-C must not turn that into a failure.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
