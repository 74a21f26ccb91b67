"""The processes that make up the service on one machine: started, started again when they end, and stopped."""

import logging
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass

from . import children

_log = logging.getLogger(__name__)
# As the supervisor replaces workers.
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 5.0
_STEADY_SECONDS = 30.0


@dataclass
class _Part:
    name: str
    command: tuple[str, ...]
    process: "subprocess.Popen[bytes]"
    born: float
    delay: float = _FIRST_DELAY
    start_at: float | None = None
    """When it is to be started again; None while it runs."""


class Parts:
    """They are started with `env`; a context in which they run."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._parts: list[_Part] = []

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *_: object) -> None:
        children.stop([part.process for part in self._parts])

    def start(self, name: str, module: str, *arguments: str) -> None:
        """Start `python -m module`, which people know as `name`."""
        command = (module, *arguments)
        self._parts.append(_Part(name, command, self._started(command), time.monotonic()))

    def ended(self) -> str | None:
        """Return the name of one that has ended, None while all run."""
        return next((part.name for part in self._parts if part.process.poll() is not None), None)

    def revive(self) -> str | None:
        """Start those again that have ended, with back-off; call it often.

        Returns: the name of one that would end again: its settings do not hold.
        """
        for part in self._parts:
            code = part.process.poll()
            if code == os.EX_CONFIG:
                return part.name
            if code is not None:
                self._revive(part, code)
        return None

    def _revive(self, part: _Part, code: int) -> None:
        now = time.monotonic()
        if part.start_at is None:
            steady = now - part.born > _STEADY_SECONDS
            part.delay = _FIRST_DELAY if steady else min(part.delay * 2, _LONGEST_DELAY)
            part.start_at = now + part.delay
            _log.warning("%s ended with code %s; it starts again in %.1f s", part.name, code, part.delay)
        elif now >= part.start_at:
            part.process, part.born, part.start_at = self._started(part.command), now, None

    def _started(self, command: tuple[str, ...]) -> "subprocess.Popen[bytes]":
        return children.start(*command, env=self._env)
