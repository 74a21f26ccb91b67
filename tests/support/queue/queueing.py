"""Jobs without the API: records, files and queue as it makes them, and worker processes to run them."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
from redis import Redis

from photochrom.batches.record import BatchRecord
from photochrom.batches.store import BatchStore
from photochrom.batches.turns import Turns
from photochrom.ids import new_id
from photochrom.jobs.fleet import Fleet
from photochrom.jobs.parts import JobError, ModelUsed, Original, Progress, Result
from photochrom.jobs.queue import JobQueue, connect
from photochrom.jobs.record import JobRecord
from photochrom.jobs.split import ScannedPage, Split, StoredFrame
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from photochrom.photo.options import ColorizeOptions
from photochrom.storage.keys import MARKER, original_key, result_key
from photochrom.storage.storage import LocalStorage
from photochrom.times import Retention, utc_now
from support.networks.tiny_model import light
from support.servers.running import ROOT
from support.waiting import wait_for
from workers.upkeep.maintenance import Maintenance

KEEP = Retention(original=timedelta(hours=24), result=timedelta(days=7), record=timedelta(days=30))
MODEL = Path(os.environ.get("PHOTOCHROM_MODEL_PATH", ROOT / "model" / "weights" / "photochrom.onnx"))


@dataclass
class Bench:
    """What the API and the workers share, for one test."""

    redis_url: str
    data: Path

    def __post_init__(self) -> None:
        self.redis: Redis = connect(self.redis_url)
        self.store = JobStore(self.redis, KEEP)
        self.storage = LocalStorage(self.data / "photos")
        self.queue = JobQueue(self.redis, job_timeout=600)
        self.fleet = Fleet(self.redis)
        self.batches = BatchStore(self.redis, self.store, self.queue, KEEP.record)
        self.turns = Turns(self.redis, self.store, self.queue)

    def accept(self, photo: bytes, name: str = "grey.jpg", **options: object) -> JobRecord:
        """Keep file and record, as far as the API comes before the queue."""
        record = make_record(photo, name, **options)
        with self.storage.draft() as draft:
            draft.write(photo)
            draft.commit(record.original.key)
        return self.store.create(record)

    def submit(self, photo: bytes, name: str = "grey.jpg", **options: object) -> JobRecord:
        record = self.accept(photo, name, **options)
        self.queue.put(record)
        return record

    def wait(self, job_id: str, *states: JobState, seconds: float = 30) -> JobRecord:
        def look() -> JobRecord | None:
            record = self.store.get(job_id)
            assert record.state in states or not record.finished, record
            return record if record.state in states else None

        return wait_for(look, seconds, f"job {job_id} {states}")

    def files(self) -> list[str]:
        return sorted(found.key for found in self.storage.listing())

    def on_disk(self) -> list[Path]:
        """Every file of the data folder, drafts and the trash too, beside the one that names the storage's owner.

        A service that has just started drafts small files of its own: its claim, and a byte that shows whether the
        disk can be written. They get time to go.
        """

        def files() -> list[Path]:
            return [path for path in self.data.rglob("*") if path.is_file() and path.name != MARKER]

        with suppress(AssertionError):
            wait_for(lambda: not any(path.parent.name == ".drafts" for path in files()), 10, "no drafts")
        return files()


def make_record(photo: bytes, name: str = "grey.jpg", **options: object) -> JobRecord:
    job_id = new_id()
    sha256 = hashlib.sha256(photo).hexdigest()
    original = Original(
        name=name,
        bytes=len(photo),
        media_type="image/jpeg",
        sha256=sha256,
        key=original_key(job_id, sha256, ".jpg"),
    )
    chosen = ColorizeOptions.model_validate(options)
    return JobRecord(id=job_id, options=chosen, original=original, created_at=utc_now())


@dataclass
class Workers:
    """`python -m workers` as a process."""

    process: "subprocess.Popen[bytes]"
    bench: Bench

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def kill_children(self) -> None:
        for child in self.children():
            child.kill()

    def wait_until_alive(self, count: int = 1) -> None:
        def look() -> bool:
            assert self.process.poll() is None, "the workers ended"
            return len(self.bench.fleet.alive()) >= count

        wait_for(look, 30, f"{count} workers")

    def stop_again(self) -> int | None:
        """Press Ctrl-C once more; return the exit code when it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.poll()

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=seconds)


@contextmanager
def workers(bench: Bench, processes: int = 1, **settings: object) -> Iterator[Workers]:
    """Run workers on the bench, with a network that costs nothing unless `model_path` is given.

    Settings are without their prefix, e.g. `heartbeat_ttl=2`.
    """
    env = {
        "REDIS_URL": bench.redis_url,
        "PHOTOCHROM_DATA_DIR": str(bench.data),
        **light(),
        "PHOTOCHROM_THREADS": "1",
        **{f"PHOTOCHROM_{name.upper()}": str(value) for name, value in settings.items()},
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "workers", "--processes", str(processes)], cwd=ROOT, env={**os.environ, **env}
    )
    running = Workers(process, bench)
    try:
        yield running
    finally:
        if process.poll() is None:
            family = [*running.children(), psutil.Process(process.pid)]
            for member in family:
                with suppress(psutil.NoSuchProcess):
                    member.kill()
            psutil.wait_procs(family)
        process.wait()


def maintenance(bench: Bench) -> Maintenance:
    """Return what every worker runs between jobs, to be run here; a storage with nothing in it is the queue's."""
    made = Maintenance(
        redis=bench.redis,
        store=bench.store,
        queue=bench.queue,
        storage=bench.storage,
        max_attempts=3,
        batches=bench.batches,
        turns=bench.turns,
        orphan_limit=None,
    )
    made.own()
    return made


def new_batch(bench: Bench) -> str:
    record = BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now())
    return bench.batches.create(record).id


def add_item(bench: Bench, batch_id: str, name: str, photo: bytes, **options: object) -> JobRecord:
    """Keep file and record of an item, as the API does."""
    record = make_record(photo, name, **options).model_copy(update={"batch_id": batch_id, "item": name})
    with bench.storage.draft() as draft:
        draft.write(photo)
        draft.commit(record.original.key)
    added, _ = bench.batches.add(record)
    bench.turns.feed(batch_id)
    return added


def finished(bench: Bench, job_id: str, data: bytes = b"coloured") -> JobRecord:
    """Do to a job what a worker does, with these bytes as its result."""
    claimed = bench.store.change(job_id, lambda r: r.claim("w", utc_now(), 3))
    key = result_key(job_id, hashlib.sha256(data).hexdigest(), ".jpg")
    with bench.storage.draft() as draft:
        draft.write(data)
        draft.commit(key)
    result = Result(
        key=key,
        name=claimed.original.name,
        media_type="image/jpeg",
        bytes=len(data),
        width=96,
        height=64,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    model = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")
    lease = claimed.lease
    assert lease is not None
    return bench.store.change(
        job_id,
        lambda r: r.succeed(lease, result, model, now=utc_now(), timings={"decode": 0.1}, warnings=()),
    )


def found(
    bench: Bench,
    page_id: str,
    *frames: StoredFrame,
    size: tuple[int, int] = (96, 64),
    preview: bytes = b"small",
) -> JobRecord:
    """Do to a scan of one page what a worker does that finds these photographs on it."""
    claimed = bench.store.change(page_id, lambda r: r.claim("w", utc_now(), 3))
    lease, now = claimed.lease, utc_now()
    assert lease is not None
    key = result_key(page_id, claimed.original.sha256, ".pages.jpg")
    with bench.storage.draft() as draft:
        draft.write(preview)
        draft.commit(key)
    pages = (ScannedPage(width=size[0], height=size[1], frames=frames),)
    split = Split(pages=pages, previews_key=key, previews=(len(preview),))
    bench.store.change(page_id, lambda r: r.look(lease, split, Progress(stage="find", done=1, total=1)))
    return bench.store.change(
        page_id, lambda r: r.split_up(lease, now=now, timings={"find": 0.1}, warnings=())
    )


def failed(
    bench: Bench, job_id: str, code: str = "unreadable-photo", detail: str = "It is damaged."
) -> JobRecord:
    """End a job as a worker does that cannot read its photograph."""
    error = JobError(code=code, detail=detail)
    return bench.store.change(job_id, lambda r: r.fail(error, utc_now()))
