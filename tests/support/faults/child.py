"""A worker's child, with a photograph in it, crashes, hangs, or wants for memory, while a batch goes on.

The worker itself lives on: it tells what became of the photograph, takes the next, and its heartbeat never stops.
"""

import random
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from support.pictures.photographs import noise_jpeg, noise_png
from support.servers.running import service, wait_for

from .inside import running, store_of, worker_of
from .row import Row

_SECONDS = 300.0
_ATTEMPTS = 3
_AT = ("predict", "upsample")


def _starve(child: psutil.Process) -> None:
    """Let it have no more memory than it has now."""
    now = child.memory_info().data
    child.rlimit(resource.RLIMIT_DATA, (now, now))


STRIKES: dict[str, tuple[Callable[[psutil.Process], None], str, str]] = {
    "crash": (lambda child: child.send_signal(signal.SIGSEGV), "photo-crashed", "crashes"),
    "hang": (lambda child: child.send_signal(signal.SIGSTOP), "photo-hung", "hangs"),
    "memory": (_starve, "out-of-memory", "has no memory left"),
}
"""By kind: what is done to the child, the code of the failure, and the words of the row."""


@dataclass
class Striker:
    """Strikes the child of whoever has one of the bad photographs, once an attempt."""

    store: JobStore
    strike: Callable[[psutil.Process], None]
    bad: list[str] = field(default_factory=list)
    good: list[str] = field(default_factory=list)
    struck: dict[tuple[str, int], float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    """From each strike until the record tells of it."""

    def over(self) -> bool:
        """Strike and look; tell whether all have come to their end."""
        for record in running(self.store):
            if record.id in self.bad and record.progress and record.progress.stage in _AT:
                self._at(record)
        records = self.store.get_many([*self.bad, *self.good])
        for record in records:
            self._note(record)
        return all(record.finished for record in records)

    def _at(self, record: JobRecord) -> None:
        worker = worker_of(record)
        if worker is None or (record.id, record.attempt) in self.struck:
            return
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(worker).children():
                self.strike(child)
                self.struck[record.id, record.attempt] = time.monotonic()

    def _note(self, record: JobRecord) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            since = self.struck.get((record.id, attempt), 0.0)
            told = record.attempt > attempt or record.state is not JobState.RUNNING
            if since and told:
                self.seconds.append(time.monotonic() - since)
                self.struck[record.id, attempt] = 0.0


def run(
    folder: Path,
    *,
    kind: str,
    photos: int = 60,
    times: int = 4,
    seed: int = 7,
    side: int = 160,
    bad_side: int = 3000,
    workers: int = 2,
    **env: str,
) -> Row:
    """Send `times` bad photographs among `photos` good ones: each fails alone, and no worker ends for it."""
    chance = random.Random(seed)
    strike, code, words = STRIKES[kind]
    mixed: list[bytes | None] = [noise_jpeg(side, chance.randrange(2**32)) for _ in range(photos)]
    mixed += [None] * times
    chance.shuffle(mixed)
    bad = noise_png(bad_side)
    with service(folder / "data", "--workers", str(workers), **env) as up:
        striker = Striker(store_of(folder / "data"), strike)
        before = {process.pid for process in up.workers()}
        for photo in mixed:
            (striker.good if photo else striker.bad).append(up.upload(photo or bad))
        wait_for(striker.over, _SECONDS, "the end of all")
        same = before == {process.pid for process in up.workers()}
        row = _judged(
            striker, Row(f"a photograph whose child {words}", len(striker.struck), photos + times), code
        )
    row.check(same, "a worker was ended for it")
    row.also = (
        f"{times} photographs, each failed by {code} after {_ATTEMPTS} attempts; the same workers throughout"
    )
    return row


def _judged(striker: Striker, row: Row, code: str) -> Row:
    row.seconds = striker.seconds
    good, bad = (striker.store.get_many(ids) for ids in (striker.good, striker.bad))
    row.lost = sum(record.state is not JobState.SUCCEEDED for record in good)
    again = sum(record.attempt - 1 for record in good)
    row.check(again == 0, f"{again} attempts of good photographs were made again")
    for record in bad:
        told = (record.state, record.error and record.error.code, record.attempt)
        row.check(told == (JobState.FAILED, code, _ATTEMPTS), f"a bad one ended as {told}")
    return row
