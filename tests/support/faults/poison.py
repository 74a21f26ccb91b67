"""Photographs that crash their worker (SIGSEGV) or make it hang (SIGSTOP: not one thread gets on), whoever has them."""

import random
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from support.pictures.photographs import noise_jpeg, noise_png
from support.servers.running import Service, service
from support.waiting import wait_for

from .inside import running, store_of, worker_of
from .row import Row

_SECONDS = 300.0
_ATTEMPTS = 3


@dataclass
class Poison:
    """One photograph, and what it does to whoever works on it."""

    how: signal.Signals
    attempts: dict[int, float] = field(default_factory=dict)
    """Those that were ended, and when; 0 when what followed has been noted."""


@dataclass
class Poisoner:
    """Sees to it that each worker that takes a poisoned photograph crashes or hangs."""

    store: JobStore
    poisons: dict[str, Poison] = field(default_factory=dict)
    good: list[str] = field(default_factory=list)
    stopped: dict[psutil.Process, float] = field(default_factory=dict)
    ended: list[float] = field(default_factory=list)
    """Seconds from a hang until the process was gone."""
    seconds: list[float] = field(default_factory=list)

    def send(self, up: Service, photos: Iterable[bytes | None], bad: bytes) -> None:
        """Send them in this order; None is a poisoned one."""
        for photo in photos:
            job_id = up.upload(photo or bad)
            if photo is None:
                self.poisons[job_id] = Poison((signal.SIGSEGV, signal.SIGSTOP)[len(self.poisons) % 2])
            else:
                self.good.append(job_id)

    def over(self) -> bool:
        """Strike and look; tell whether all have come to their end."""
        for record in running(self.store):
            if record.id in self.poisons:
                self._strike(self.poisons[record.id], record)
        for process in [one for one in self.stopped if not one.is_running()]:
            self.ended.append(time.monotonic() - self.stopped.pop(process))
        bad = self.store.get_many([*self.poisons])
        for record in bad:
            self._note(self.poisons[record.id], record)
        return not self.stopped and all(one.finished for one in (*bad, *self.store.get_many(self.good)))

    def _strike(self, poison: Poison, record: JobRecord) -> None:
        pid = worker_of(record)
        if pid is None or record.attempt in poison.attempts:
            return
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            process.send_signal(poison.how)
            poison.attempts[record.attempt] = time.monotonic()
            if poison.how is signal.SIGSTOP:
                self.stopped[process] = time.monotonic()

    def _note(self, poison: Poison, record: JobRecord) -> None:
        for attempt, since in poison.attempts.items():
            if since and (record.attempt > attempt or record.finished):
                self.seconds.append(time.monotonic() - since)
                poison.attempts[attempt] = 0.0


def run(
    folder: Path,
    *,
    photos: int = 60,
    times: int = 6,
    seed: int = 7,
    side: int = 160,
    bad_side: int = 4000,
    workers: int = 2,
    **env: str,
) -> Row:
    """Send `times` poisoned photographs among `photos` good ones: three attempts each, and the others go on."""
    chance = random.Random(seed)
    order = [noise_jpeg(side, chance.randrange(2**32)) for _ in range(photos)]
    mixed: list[bytes | None] = [*order, *(None for _ in range(times))]
    chance.shuffle(mixed)
    with service(folder / "data", "--workers", str(workers), **env) as up:
        poisoner = Poisoner(store_of(folder / "data"))
        poisoner.send(up, mixed, noise_png(bad_side))
        wait_for(poisoner.over, _SECONDS, "the end of all")
        row = _judged(poisoner, photos + times)
    row.also = (
        f"{times} photographs, each failed by worker-lost after {_ATTEMPTS} attempts; {len(poisoner.ended)} "
        f"hanging processes killed by the supervisor after {max(poisoner.ended, default=0):.0f} s at most"
    )
    return row


def _judged(poisoner: Poisoner, photos: int) -> Row:
    good, bad = (poisoner.store.get_many([*ids]) for ids in (poisoner.good, poisoner.poisons))
    struck = sum(len(poison.attempts) for poison in poisoner.poisons.values())
    row = Row("photographs that crash or hang their worker", struck, photos, seconds=poisoner.seconds)
    row.lost = sum(record.state is not JobState.SUCCEEDED for record in good)
    again = sum(record.attempt - 1 for record in good)
    row.check(again == 0, f"{again} attempts of good photographs were made again")
    for record in bad:
        told = (record.state, record.error and record.error.code, record.attempt)
        row.check(told == (JobState.FAILED, "worker-lost", _ATTEMPTS), f"a poisoned one ended as {told}")
    return row
