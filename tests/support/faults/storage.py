"""A disk that is full or read-only while photographs are sent and worked on; then it is not, without a restart."""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from photochrom.storage.storage import LocalStorage
from support.pictures.photographs import noise_jpeg
from support.servers.running import Service, service
from support.waiting import wait_for

from .disks import disk
from .row import Row

_ENDED = {"succeeded", "failed"}
_SECONDS = 240.0
_KINDS = {
    "full": "disk of photographs and queue full",
    "full-photos": "disk of photographs full",
    "read-only": "disk of photographs read-only",
}


@dataclass
class Trouble:
    """One service on a troubled disk, and all that it has accepted."""

    running: Service
    client: httpx.Client
    data: Path
    chance: random.Random
    side: int
    row: Row
    accepted: list[str] = field(default_factory=list)
    refused: int = 0
    read: int = 0
    failed: dict[str, int] = field(default_factory=dict)

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(self.client.get(f"/v1/jobs/{job_id}").json())

    def send(self) -> httpx.Response:
        photo = noise_jpeg(self.side, self.chance.randrange(2**32))
        return self.client.post("/v1/jobs", files={"photo": ("grey.jpg", photo)})

    def accept(self, count: int) -> list[str]:
        """Send photographs that have to be accepted."""
        answers = [self.send() for _ in range(count)]
        for answer in answers:
            self.row.check(answer.status_code == 202, f"{answer.status_code} on a good disk: {answer.text}")
        ids = [str(answer.json()["id"]) for answer in answers if answer.status_code == 202]
        self.accepted += ids
        return ids

    def send_again(self) -> bool:
        """Tell whether a photograph is accepted now; that is one of those, then."""
        answer = self.send()
        if answer.status_code == 202:
            self.accepted.append(str(answer.json()["id"]))
        return answer.status_code == 202

    def refuse(self, code: str) -> None:
        """Send photographs that have to be refused by `code`, and leave nothing to be seen."""
        jobs, files = self.jobs(), self.files()
        answers = [self.send() for _ in range(3)]
        for answer in answers:
            said = answer.json().get("code")
            self.row.check(
                (answer.status_code, said) == (507, code),
                f"{answer.status_code} {said} in place of 507 {code}",
            )
        self.refused += len(answers)
        self.row.check(self.jobs() <= jobs | set(self.accepted), "a refused photograph is to be seen")
        new = {key for key in self.files() - files if key.startswith("originals/")}
        self.row.check(not new, f"a refused photograph left {new}")

    def refuse_records(self) -> None:
        """Write to the queue until its file has no room either: 507, never a 500."""
        said: list[tuple[int, str]] = []
        while len(said) < 200 and (507, "storage-full") not in said:
            answer = self.client.post("/v1/batches", json={})
            said.append((answer.status_code, answer.json().get("code", "")))
        self.row.check(
            set(said) <= {(201, ""), (507, "storage-full")}, f"new batches were answered by {set(said)}"
        )
        self.row.check((507, "storage-full") in said, "the queue's file went on growing on a full disk")

    def met(self, ids: list[str]) -> bool:
        """Tell whether a job has failed, or the queue has refused to note something since the last look."""
        said = self.running.lines[self.read :]
        self.read += len(said)
        if any("MISCONF" in line for line in said):
            return True
        return any(self.job(job_id)["state"] == "failed" for job_id in ids)

    def jobs(self) -> set[str]:
        return {job["id"] for job in self.client.get("/v1/jobs", params={"limit": 100}).json()["items"]}

    def files(self) -> set[str]:
        return {found.key for found in LocalStorage(self.data / "photos").listing()}

    def done(self, job_id: str) -> None:
        """Wait for its end; one that has failed for the disk's sake is tried again by `:retry`."""

        def ended() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job.get("state") in _ENDED else None

        job = wait_for(ended, _SECONDS, f"job {job_id}")
        if job["state"] == "failed":
            code = job["error"]["code"]
            self.failed[code] = self.failed.get(code, 0) + 1
            self.row.check(code in {"storage-full", "storage-read-only"}, f"a job failed by {code}")
            self.client.post(f"/v1/jobs/{job_id}:retry")
            job = self.running.wait(job_id)
        self.row.lost += job["state"] != "succeeded" or not self.running.result(job_id)


def run(
    folder: Path,
    *,
    photos: int = 6,
    times: int = 10,
    seed: int = 7,
    side: int = 400,
    kind: str = "full",
    **env: str,
) -> Row:
    """Make the disk full (or only that of the photographs, or that read-only) `times` times, with `photos` at work."""
    data = folder / "data"
    row = Row("", times, 0)
    with ExitStack() as stack:
        broken = stack.enter_context(
            disk(data if kind == "full" else data / "photos", lambda: _writers(running))
        )
        running = broken.start(lambda: stack.enter_context(service(data, "--workers", "1", **env)))
        before = _pids(running)
        trouble = Trouble(
            running, stack.enter_context(running.client()), data, random.Random(seed), side, row
        )
        row.fault = f"{_KINDS[kind]} ({broken.how})"
        begin, end, code = broken.fill, broken.make_room, "storage-full"
        if kind == "read-only":
            begin, end, code = broken.protect, broken.unprotect, "storage-read-only"
        for _ in range(times):
            row.seconds.append(
                _round(trouble, begin, end, code, photos, kind == "full" and broken.how == "tmpfs")
            )
        row.check(before <= _pids(running), "the API or the workers' supervisor had to be started again")
        row.photos = len(trouble.accepted)
        row.duplicated = len(trouble.jobs() - set(trouble.accepted))
    failed = ", ".join(
        f"{count} failed by {code} and came through by :retry" for code, count in trouble.failed.items()
    )
    row.also = f"{trouble.refused} uploads refused by 507 {code}; {failed or 'no job failed'}"
    return row


def _round(
    trouble: Trouble,
    begin: Callable[[], None],
    end: Callable[[], None],
    code: str,
    photos: int,
    whole: bool,
) -> float:
    ids = trouble.accept(photos)
    begin()
    trouble.refuse(code)
    if whole:
        trouble.refuse_records()
    # What readiness tells may be some seconds old.
    wait_for(lambda: trouble.client.get("/readyz").status_code == 503, _SECONDS, "readiness to tell of it")
    health = trouble.client.get("/healthz").status_code
    trouble.row.check(health == 200, f"/healthz said {health}")
    # The worker is to meet the trouble, too: a job fails, or, where the queue cannot note that, the log tells.
    wait_for(lambda: trouble.met(ids), _SECONDS, "the worker to meet the trouble")
    end()
    ended = time.monotonic()
    wait_for(lambda: trouble.send_again(), _SECONDS, "a photograph to be accepted again")
    seconds = time.monotonic() - ended
    for job_id in ids:
        trouble.done(job_id)
    return seconds


def _writers(running: Service) -> list[psutil.Process]:
    return [*running.parts("service"), *running.parts("workers")]


def _pids(running: Service) -> set[int]:
    """Those that nobody replaces but whoever runs the service; a worker that gives up is replaced by its supervisor."""
    return {process.pid for process in _writers(running) if "--single" not in process.cmdline()}
