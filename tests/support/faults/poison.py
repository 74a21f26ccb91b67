"""Photographs that crash their worker (SIGSEGV) or make it hang (SIGSTOP: not one thread gets on), whoever has them."""

import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from photochrom.job_store import JobStore
from photochrom.jobs import JobRecord, JobState
from support.photographs import noise_jpeg, slow_photograph
from support.running import service, wait_for

from .inside import running, store_of, worker_of
from .row import Row

_SECONDS = 300.0
_ATTEMPTS = 3


@dataclass
class Poison:
    """One photograph, and what it does to whoever works on it."""

    job_id: str
    how: signal.Signals
    attempts: dict[int, float] = field(default_factory=dict)
    """Those that were ended, and when."""


def run(
    folder: Path, *, photos: int = 60, times: int = 6, seed: int = 7, side: int = 160, workers: int = 2, **env: str
) -> Row:
    """Send `times` poisoned photographs among `photos` good ones: three attempts each, and the others go on."""
    chance, row = random.Random(seed), Row("photographs that crash or hang their worker", 0, photos + times)
    with service(folder / "data", "--workers", str(workers), **env) as up:
        store = store_of(folder / "data")
        at = set(chance.sample(range(photos + times), times))
        poisons: dict[str, Poison] = {}
        good: list[str] = []
        bad = slow_photograph()
        for number in range(photos + times):
            if number in at:
                how = (signal.SIGSEGV, signal.SIGSTOP)[len(poisons) % 2]
                job_id = up.upload(bad)
                poisons[job_id] = Poison(job_id, how)
            else:
                good.append(up.upload(noise_jpeg(side, chance.randrange(2**32))))
        stopped: dict[psutil.Process, float] = {}
        ended: list[float] = []

        def over() -> bool:
            _strike(store, poisons, stopped)
            for process in [one for one in stopped if not one.is_running()]:
                ended.append(time.monotonic() - stopped.pop(process))
            _note_recoveries(store, poisons, row)
            return not stopped and all(record.finished for record in store.get_many([*good, *poisons]))

        wait_for(over, _SECONDS, "the end of all")
        _judge(store.get_many(good), store.get_many([*poisons]), row)
        row.times = sum(len(poison.attempts) for poison in poisons.values())
    row.also = (
        f"{times} photographs, each failed by worker-lost after {_ATTEMPTS} attempts; "
        f"{len(ended)} hanging processes killed by the supervisor after {max(ended, default=0):.0f} s at most"
    )
    return row


def _strike(store: JobStore, poisons: dict[str, Poison], stopped: dict[psutil.Process, float]) -> None:
    for record in running(store):
        poison, pid = poisons.get(record.id), worker_of(record)
        if poison is None or pid is None or record.attempt in poison.attempts:
            continue
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            process.send_signal(poison.how)
            poison.attempts[record.attempt] = time.monotonic()
            if poison.how is signal.SIGSTOP:
                stopped[process] = time.monotonic()


def _note_recoveries(store: JobStore, poisons: dict[str, Poison], row: Row) -> None:
    """From the end of an attempt to the next one, or to the job's end after the last."""
    for record in store.get_many([*poisons]):
        poison = poisons[record.id]
        for attempt, since in poison.attempts.items():
            if since and (record.attempt > attempt or record.finished):
                row.seconds.append(time.monotonic() - since)
                poison.attempts[attempt] = 0.0


def _judge(good: list[JobRecord], bad: list[JobRecord], row: Row) -> None:
    row.lost = sum(record.state is not JobState.SUCCEEDED for record in good)
    again = sum(record.attempt - 1 for record in good)
    row.check(again == 0, f"{again} attempts of good photographs were made again")
    for record in bad:
        code = record.error and record.error.code
        told = (record.state, code, record.attempt)
        row.check(told == (JobState.FAILED, "worker-lost", _ATTEMPTS), f"a poisoned one ended as {told}")
