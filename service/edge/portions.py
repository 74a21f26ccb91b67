"""What a client sends is parsed in portions: a body in chunks of a byte would hold everybody else for seconds."""

import asyncio
import time

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

_TURN_SECONDS = 0.002
_LEAST, _FIRST, _MOST = 1 << 11, 1 << 12, 1 << 18


class InPortions(H11Protocol):
    """Parses for some milliseconds at a time; ordinary bodies soon come whole, as large as the kernel gives them."""

    _gate: "_Gate"
    _waiting = b""
    _portion = _FIRST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Have a gate in place of uvicorn's flow control."""
        super().connection_made(transport)
        self.flow = self._gate = _Gate(transport)

    def data_received(self, data: bytes) -> None:
        """Parse a portion now, and the rest in turns with everybody else."""
        self._waiting += data
        if not self._gate.held:
            self._parse()

    def _parse(self) -> None:
        portion, self._waiting = self._waiting[: self._portion], self._waiting[self._portion :]
        started = time.perf_counter()
        super().data_received(portion)
        quick = time.perf_counter() - started < _TURN_SECONDS
        self._portion = min(max(self._portion * 2 if quick else self._portion // 2, _LEAST), _MOST)
        if self._waiting and not self.transport.is_closing():
            self._gate.hold()
            self.loop.call_soon(self._parse)
        else:
            self._waiting = b""
            self._gate.release()


class _Gate(FlowControl):
    """Reads nothing while something waits to be parsed; else uvicorn says when it reads."""

    held = False

    def hold(self) -> None:
        """Read nothing until `release`."""
        self.held = True
        self._transport.pause_reading()

    def release(self) -> None:
        """Read on, unless uvicorn has stopped it."""
        if self.held:
            self.held = False
            if not self.read_paused:
                self._transport.resume_reading()

    def resume_reading(self) -> None:
        """Read on, or as soon as nothing waits."""
        if self.held:
            self.read_paused = False
        else:
            super().resume_reading()
