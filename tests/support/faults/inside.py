"""What the queue's server of a running service knows, looked at from outside of it."""

from pathlib import Path

from photochrom.jobs.queue import connect
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from support.queue.queueing import KEEP


def store_of(data: Path) -> JobStore:
    """Return the records of the service that runs on this folder."""
    return JobStore(connect((data / "queue" / "address").read_text()), KEEP)


def running(store: JobStore) -> list[JobRecord]:
    """Return the jobs that are at work."""
    return [record for chunk in store.listed(JobState.RUNNING) for record in chunk]


def worker_of(record: JobRecord) -> int | None:
    """Return the process id of the worker that has the job."""
    return int(record.lease.worker.split("-")[-2]) if record.lease else None
