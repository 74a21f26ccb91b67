"""Workers whose processes have ended on this machine: known at once, where a missed heartbeat takes its whole time.

A process id says something only where ids are the same: on the same boot of the same kernel, in the same namespace. And
it is believed only of a worker that is late with its heartbeat, so nothing is taken from one that lives.
"""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

from photochrom.errors import JobNotFound
from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.queue import JobQueue
from photochrom.jobs.store import JobStore

LATE_SECONDS = 3.0
"""Since the last heartbeat; one comes every 2 s."""


@cache
def home() -> str:
    """Return what processes have in common if an id is that of the same process for each; "" where that is unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def ended(worker: WorkerStatus, host: str) -> bool:
    """Return whether the worker's process has certainly ended."""
    if not home() or (worker.home, worker.host) != (home(), host):
        return False
    try:
        os.kill(worker.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # somebody else's, and there
    return False


def expire_deliveries(queue: JobQueue, store: JobStore, workers: set[str]) -> None:
    """Let what these workers held count as abandoned from now on, not from the end of their last heartbeat."""

    def theirs(delivery: str) -> bool:
        with suppress(JobNotFound):
            lease = store.get(delivery.partition("-")[0]).lease
            return lease is not None and lease.worker in workers
        return False

    queue.expire(theirs)
