"""Machines whose clocks jump when told to, as `proven_time` reads them."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from photochrom import proven_time
from photochrom.proven_time import Reading

# The clock of the queue's server stays the real one: these lie behind it, so that theirs counts.
_BEHIND = 400 * 86_400.0


class Machines:
    """Several machines with one wrong clock between them, and the truth beside it."""

    def __init__(self) -> None:
        self.truth = time.time() - _BEHIND
        self.ahead = 0.0
        self.machine = "first"
        self.booted = {"first": self.truth - 50}

    def read(self) -> Reading:
        since_boot = self.truth - self.booted[self.machine]
        return Reading(self.machine, since_boot, self.truth + self.ahead)

    def work_on(self, machine: str) -> None:
        """Read the clocks of this machine from now on; a new name is one that has just booted."""
        self.machine = machine
        self.booted.setdefault(machine, self.truth)

    def pass_by(self, spell: timedelta) -> None:
        self.truth += spell.total_seconds()

    def jump(self, by: timedelta) -> None:
        self.ahead += by.total_seconds()

    @property
    def true_time(self) -> datetime:
        return datetime.fromtimestamp(self.truth, UTC)

    @property
    def wall_time(self) -> datetime:
        return datetime.fromtimestamp(self.truth + self.ahead, UTC)


def machines_of(monkeypatch: pytest.MonkeyPatch) -> Machines:
    """Have this process read the clocks of such machines."""
    machines = Machines()
    monkeypatch.setattr(proven_time, "read_clocks", machines.read)
    return machines
