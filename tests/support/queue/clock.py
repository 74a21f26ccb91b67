"""A clock that passes when it is told to."""

from types import ModuleType

import pytest


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


def clock_of(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give a module, which knows the time by `time.monotonic()`, this one instead."""
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock
