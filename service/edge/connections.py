"""Timeouts for idle connections: uvicorn itself waits forever for a request head or for a slow reader."""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from contextlib import suppress

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .portions import InPortions

_AT_ONCE = struct.pack("ii", 1, 0)
# A client that takes less than this has stopped reading. It is the same rate that a body must have.
_LEAST_BYTES_PER_SECOND = 1024


def patient(seconds: float) -> type[H11Protocol]:
    """Return uvicorn's HTTP protocol with a timeout of `seconds` for a whole request head and for a stalled reader.

    Bodies are timed by `bodies.BodyLimit`, which can still answer.
    """

    class PatientProtocol(InPortions, _Patient):
        patience = seconds

    return PatientProtocol


class _Patient(H11Protocol):
    patience: float
    _head: asyncio.TimerHandle | None = None
    _reader: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timeout for the first head."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Keep the timeout for the rest of a head; stop it when the head is complete.

        A body whose answer has been sent has this timeout, too: it has stopped uvicorn's own timer for good.
        """
        super().data_received(data)
        answered = self.cycle is not None and self.cycle.response_complete
        if self.conn.their_state is h11.IDLE or answered:
            self._await_head()
        else:
            self._head_is_whole()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers, uvicorn's own included: it leaves that one running after a reset by the client."""
        self._head_is_whole()
        self._has_read()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def pause_writing(self) -> None:
        """The client reads slower than we write: start the timeout for stalled readers."""
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        """The client has read all that was waiting: stop the timeout."""
        self._has_read()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection; data that it has not read by then is lost."""
        super().timeout_keep_alive_handler()
        if self._socket().fileno() >= 0:
            self._await_reader()

    def _await_head(self) -> None:
        self._head = self._head or self.loop.call_later(self.patience, self._abort)

    def _head_is_whole(self) -> None:
        _cancel(self._head)
        self._head = None

    def _await_reader(self) -> None:
        self._has_read()
        self._reader = self.loop.call_later(self.patience, self._look_at_reader, self._unread())

    def _look_at_reader(self, before: int) -> None:
        """Keep the connection while the client reads, however long the whole answer takes."""
        if before - self._unread() < self.patience * _LEAST_BYTES_PER_SECOND:
            self._abort()
        else:
            self._await_reader()

    def _unread(self) -> int:
        """Return the bytes that the client has not taken: those in our buffer, and on Linux in the kernel's."""
        kernel = bytearray(struct.calcsize("i"))
        if sys.platform == "linux":
            with suppress(OSError, ValueError):  # closed meanwhile
                # TIOCOUTQ is SIOCOUTQ where it is asked of a socket (tcp(7)).
                fcntl.ioctl(self._socket().fileno(), termios.TIOCOUTQ, kernel)
        return self.transport.get_write_buffer_size() + int(struct.unpack("i", kernel)[0])

    def _has_read(self) -> None:
        _cancel(self._reader)
        self._reader = None

    def _abort(self) -> None:
        # No lingering: otherwise the kernel would keep what we have sent for a reader that never comes.
        with suppress(OSError):  # closed meanwhile
            self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def _socket(self) -> socket.socket:
        found: socket.socket = self.transport.get_extra_info("socket")
        return found


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
