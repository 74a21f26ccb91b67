"""kill -9 of the API while photographs are sent to it, slowly; who sends them does it again under the same key."""

import hashlib
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue

import httpx

from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.processes.valkey import valkey
from support.pictures.photographs import noise_jpeg
from support.queue.queueing import Bench, maintenance, workers
from support.servers.ports import free_port
from support.waiting import wait_for

from .api import api
from .row import Row

_PIECES = 6
_PATIENCE = 120.0


@dataclass
class Senders:
    """Some threads that send photographs piece by piece, each until it is accepted."""

    url: str
    seed: int
    photos: dict[str, bytes]
    """By their idempotency key."""
    told: dict[str, set[str]] = field(default_factory=dict)
    """The ids that a 202 or 200 gave for each key."""
    broken_off: int = 0
    accepted: int = 0
    sending: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: "SimpleQueue[str]" = field(default_factory=SimpleQueue)

    def start(self, threads: int) -> list[threading.Thread]:
        for key in self.photos:
            self._open.put(key)
        started = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(threads)]
        for thread in started:
            thread.start()
        return started

    def _work(self, number: int) -> None:
        chance = random.Random(f"{self.seed} {number}")
        with httpx.Client(base_url=self.url, timeout=30, verify=False) as client:
            while True:
                try:
                    key = self._open.get_nowait()
                except Empty:
                    return
                self._until_accepted(client, key, chance)

    def _until_accepted(self, client: httpx.Client, key: str, chance: random.Random) -> None:
        give_up = time.monotonic() + _PATIENCE
        while time.monotonic() < give_up:
            headers = {"Idempotency-Key": key, "Content-Type": "image/jpeg"}
            try:
                answer = client.post(
                    "/v1/jobs", content=self._pieces(self.photos[key], chance), headers=headers
                )
            except httpx.TransportError as error:
                self.broken_off += not isinstance(error, httpx.ConnectError)
                time.sleep(0.1)
                continue
            assert answer.status_code in {200, 202}, answer.text
            with self._lock:
                self.told.setdefault(key, set()).add(answer.json()["id"])
                self.accepted += 1
            # Every fifth asks once more, as a caller does whose answer got lost.
            if chance.random() >= 0.2:
                return
        raise AssertionError(f"{key} was not accepted within {_PATIENCE} s")

    def _pieces(self, photo: bytes, chance: random.Random) -> Iterator[bytes]:
        step = len(photo) // _PIECES + 1
        with self._lock:
            self.sending += 1
        try:
            for begin in range(0, len(photo), step):
                yield photo[begin : begin + step]
                time.sleep(chance.uniform(0, 0.06))
        finally:
            with self._lock:
                self.sending -= 1


def run(
    folder: Path, *, photos: int = 300, times: int = 30, seed: int = 7, threads: int = 4, **env: str
) -> Row:
    """Kill the API `times` times amid uploads; what it said 202 to has to be there, once, and nothing half."""
    chance, port = random.Random(seed), free_port()
    sent = {f"key-{n}": noise_jpeg(800 + n % 5 * 16, chance.randrange(2**32)) for n in range(photos)}
    senders = Senders(f"http://127.0.0.1:{port}", seed, sent)
    row = Row("kill -9 of the API amid uploads", times, photos)
    moments = sorted(chance.sample(range(int(photos * 0.9)), times))
    with ExitStack() as stack:
        bench = Bench(stack.enter_context(valkey(folder / "queue")), folder / "data")
        stack.enter_context(workers(bench, **_settings(env)))
        threads_at_work = _under_fire(bench, port, senders, moments, threads, row)
        killed = row.seconds.pop()
        with api(bench, port):
            row.seconds.append(_back(senders, killed))
            for thread in threads_at_work:
                thread.join(timeout=_PATIENCE)
            wait_for(
                lambda: bench.store.counts()[JobState.SUCCEEDED] >= len(senders.told), 600, "the results"
            )
            _look_from_outside(senders, row)
        _look_inside(bench, senders, row)
    row.also = f"{senders.broken_off} uploads broken off and sent again, {senders.accepted} times 202 or 200"
    return row


def _under_fire(
    bench: Bench, port: int, senders: Senders, moments: list[int], threads: int, row: Row
) -> list[threading.Thread]:
    started: list[threading.Thread] = []
    # A kill is noted as its moment; the next round makes seconds of it.
    for moment in moments:
        with api(bench, port) as process:
            started = started or senders.start(threads)
            if row.seconds:
                row.seconds[-1] = _back(senders, row.seconds[-1])
            wait_for(
                lambda m=moment: senders.accepted >= m and senders.sending > 0, 120, f"{moment} accepted"
            )
            process.kill()
            row.seconds.append(time.monotonic())
    return started


def _back(senders: Senders, killed: float) -> float:
    """Return the seconds from the kill to the next 202; the start of the next process, by us, is part of it."""
    before = senders.accepted
    wait_for(lambda: senders.accepted > before, 60, "the next 202")
    return time.monotonic() - killed


def _look_from_outside(senders: Senders, row: Row) -> None:
    """What the API shows is what was sent whole, once for each key."""
    with httpx.Client(base_url=senders.url, timeout=30, verify=False) as client:
        seen, cursor = [], None
        while True:
            page = client.get(
                "/v1/jobs", params={"limit": 100} | ({"cursor": cursor} if cursor else {})
            ).json()
            seen += [job["id"] for job in page["items"]]
            if not (cursor := page["next_cursor"]):
                break
    row.check(all(len(ids) == 1 for ids in senders.told.values()), "a key was answered with two ids")
    told = {job_id for ids in senders.told.values() for job_id in ids}
    row.lost += len(told - set(seen)) + len(senders.photos) - len(senders.told)
    row.duplicated += len(seen) - len(set(seen)) + len(set(seen) - told)


def _look_inside(bench: Bench, senders: Senders, row: Row) -> None:
    """Every original is whole; a file that no record names is gone when the sweeper has been there."""
    records: list[JobRecord] = [record for chunk in bench.store.listed() for record in chunk]
    whole = {hashlib.sha256(photo).hexdigest() for photo in senders.photos.values()}
    for record in records:
        with bench.storage.file(record.original.key) as path:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        row.check(
            found == record.original.sha256 and found in whole, f"the original of {record.id} is not whole"
        )
        row.lost += record.state is not JobState.SUCCEEDED
    maintenance(bench).remove_orphans(timedelta(0))
    named = {key for record in records for key in record.stored_keys()}
    row.check(set(bench.files()) == named, "files that no job names stay behind")
    drafts = bench.data / "photos" / ".drafts"
    for draft in drafts.iterdir():
        # As if some seconds had passed: the young ones are left alone, their writer may be about to lock them.
        os.utime(draft, (0, 0))
    bench.storage.discard_drafts()
    row.check(not any(drafts.iterdir()), "drafts stay behind")


def _settings(env: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix("PHOTOCHROM_").lower(): value for name, value in env.items()}
