"""Resources for a million photographs a day: `python -m benchmarks.scaling [--photos 100] [--megapixels 1]`.

Runs Valkey, an object store (SeaweedFS), the API and one worker as processes, processes photographs step by
step, and reads each part's counters before and after. From that it computes the load of the given number a day on each
part, on average and at three times that. CPU times are of this machine; requests and bytes hold for any.
"""

import argparse
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from photochrom.jobs.queue import JobQueue
from photochrom.jobs.states import JobState
from tests.support.waiting import wait_for

from .measuring.scenes import as_file, scene
from .measuring.stack import Cost, Stack, resident_bytes, stack
from .measuring.table import markdown
from .throughput import with_comment

_PEAK = 3
_STREAMS = 400
_HEARTBEATS_SECONDS = 16.0
_IDLE_SECONDS = 10.0
_TINY = b"\xff\xd8\xff\xe0" + bytes(200)
STEPS = ("POST", "restore", "poll", "GET result")


def measure(running: Stack, photo: bytes, photos: int) -> dict[str, Cost]:
    """Return the cost of each step per photograph; no other step runs meanwhile."""
    found: dict[str, Cost] = {}
    with httpx.Client(base_url=running.url, timeout=60) as client:

        def step(
            name: str, each: Callable[[int], object], finish: Callable[[], object] = lambda: None
        ) -> None:
            print(f"{name} ...", file=sys.stderr)
            before = running.cost()
            for number in range(photos):
                each(number)
            finish()
            found[name] = running.cost().since(before, photos)

        _warm_up(client, running, photo)
        bodies = [with_comment(photo, f"{number}") for number in range(photos)]
        jobs: list[str] = []
        _pause(client, running)
        step("POST", lambda n: jobs.append(_id(client.post("/v1/jobs", content=bodies[n]))))
        _resume(running)
        step("restore", _nothing, lambda: wait_for(lambda: _waiting(running) == 0, 3600, "the jobs"))
        step("poll", lambda n: client.get(f"/v1/jobs/{jobs[n]}").raise_for_status())
        step("GET result", lambda n: client.get(f"/v1/jobs/{jobs[n]}/result").raise_for_status())
    return found


def _warm_up(client: httpx.Client, running: Stack, photo: bytes) -> None:
    running.start_worker()
    for number in range(3):
        job = _id(client.post("/v1/jobs", content=with_comment(photo, f"warm{number}")))
        client.get(f"/v1/jobs/{job}", headers={"Prefer": "wait=60"})
        client.get(f"/v1/jobs/{job}/result").raise_for_status()


def _pause(client: httpx.Client, running: Stack) -> None:
    """Pause the worker, with RQ's own switch for all workers of a queue.

    A worker checks the switch after a job, so it is given one more job, which is not a photograph. If it had just
    checked, that job stays in the queue and is removed.
    """
    running.redis.set("rq:suspended", 1)
    last = _id(client.post("/v1/jobs", content=_TINY))
    wait_for(lambda: _stands_still(running), 60, "the worker's pause")
    if _waiting(running):
        client.post(f"/v1/jobs/{last}:cancel").raise_for_status()


def _stands_still(running: Stack) -> bool:
    workers = running.redis.smembers("rq:workers")
    return all(running.redis.hget(worker, "state") in ("suspended", b"suspended") for worker in workers)


def _resume(running: Stack) -> None:
    running.redis.delete("rq:suspended")


def _id(answer: httpx.Response) -> str:
    return str(answer.raise_for_status().json()["id"])


def record_bytes(running: Stack, photo: bytes, jobs: int) -> float:
    """Return the memory of a job's record, once RQ has forgotten its own part of it a minute after the end."""
    with httpx.Client(base_url=running.url, timeout=60) as client:
        _settle(running)
        before = running.cost()
        for number in range(jobs):
            client.post("/v1/jobs", content=with_comment(photo, f"kept{number}")).raise_for_status()
        wait_for(lambda: _waiting(running) == 0, 3600, "the jobs")
        _settle(running)
        return running.cost().since(before, jobs).redis_memory


def _settle(running: Stack) -> None:
    wait_for(
        lambda: _pause_of(1) and next(running.redis.scan_iter("rq:job:*", 1000), None) is None, 180, "RQ"
    )


def _pause_of(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def _nothing(_number: int) -> None:
    """Let the worker process it."""


def _waiting(running: Stack) -> int:
    """Ask for unfinished jobs; rarely, since each question is a command, too."""
    time.sleep(0.5)
    return sum(running.redis.zcard(f"jobs:{state}") for state in (JobState.QUEUED, JobState.RUNNING))


def zipped(running: Stack, photo: bytes, items: int = 20) -> tuple[float, float]:
    """Return the API's CPU seconds per gigabyte of a zip of results, and megabytes a second."""
    with httpx.Client(base_url=running.url, timeout=60) as client:
        batch = str(client.post("/v1/batches").json()["url"])
        for number in range(items):
            client.put(
                f"{batch}/items/{number}.jpg", content=with_comment(photo, f"zip{number}")
            ).raise_for_status()
        client.post(f"{batch}:seal").raise_for_status()
        wait_for(lambda: _waiting(running) == 0, 600, "the batch")
        before, started = running.cost(), time.perf_counter()
        size = len(client.get(f"{batch}/archive.zip").content)
        seconds, spent = time.perf_counter() - started, running.cost().since(before)
    return spent.api_cpu / size * 1e9, size / 1e6 / seconds


def streams(running: Stack, count: int = _STREAMS) -> tuple[float, float]:
    """Return the API's memory and CPU seconds a second for each idle event stream."""
    address = urlsplit(running.url)
    with httpx.Client(base_url=running.url) as client, ExitStack() as opened:
        batch = str(client.post("/v1/batches").json()["url"])
        ask = f"GET {batch}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        memory = resident_bytes(running.api.pid)
        for _ in range(count):
            stream = opened.enter_context(
                socket.create_connection((address.hostname or "", address.port or 0))
            )
            stream.sendall(ask)
            stream.recv(4096)
        memory = resident_bytes(running.api.pid) - memory
        before = running.cost()
        time.sleep(_HEARTBEATS_SECONDS)
        spent = running.cost().since(before)
    return memory / count, spent.api_cpu / _HEARTBEATS_SECONDS / count


def idle(running: Stack) -> Cost:
    """Return the cost of an idle second: one worker, one API."""
    before = running.cost()
    time.sleep(_IDLE_SECONDS)
    return running.cost().since(before).since(_NOTHING, int(_IDLE_SECONDS))


_NOTHING = Cost(0, 0, 0, 0, 0, 0, 0, 0, 0)


def backlog(running: Stack, jobs: int) -> tuple[list[str], list[str]]:
    """Return the rows of a POST with no and with `jobs` waiting jobs, after measuring maintenance of those."""
    with httpx.Client(base_url=running.url, timeout=60) as client:
        _pause(client, running)
        few = _posts(client, running)
        for _ in range(jobs):
            client.post("/v1/jobs", content=_TINY)
        many = _posts(client, running)
    queue, before = JobQueue(running.redis, job_timeout=600), running.cost()
    sum(1 for _ in queue.undelivered("jobs:handed"))
    looked = running.cost().since(before).redis_cpu
    head = [f"{few[0]:.1f}", f"{many[0]:.1f}", f"{many[0] / few[0]:.2f}"]
    row = [f"{few[1] * 1000:.2f}", f"{many[1] * 1000:.2f}", f"{many[1] / few[1]:.2f}"]
    print(f"Looking after {jobs} waiting jobs: {looked * 1000:.0f} ms of Redis, every 5 s.\n")
    return ["POST, ms (median)", *head], ["of it Redis, CPU ms", *row]


def _posts(client: httpx.Client, running: Stack, runs: int = 60) -> tuple[float, float]:
    times, before = [], running.cost()
    for _ in range(runs):
        started = time.perf_counter()
        client.post("/v1/jobs", content=_TINY).raise_for_status()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), running.cost().since(before, runs).redis_cpu


def per_photo(found: dict[str, Cost]) -> str:
    """Return the table of the cost of one photograph, by step."""
    figures: list[tuple[str, Callable[[Cost], float], str]] = [
        ("Redis commands", lambda cost: cost.redis_commands, ".1f"),
        ("Redis CPU, ms", lambda cost: cost.redis_cpu * 1000, ".2f"),
        ("Redis network, KB", lambda cost: cost.redis_bytes / 1000, ".1f"),
        ("append-only file, KB", lambda cost: cost.aof_bytes / 1000, ".1f"),
        ("object store, requests", lambda cost: cost.store_requests, ".1f"),
        ("object store, KB", lambda cost: cost.store_bytes / 1000, ".0f"),
        ("API, CPU ms", lambda cost: cost.api_cpu * 1000, ".1f"),
        ("worker, CPU ms", lambda cost: cost.worker_cpu * 1000, ".0f"),
    ]
    rows = []
    for name, figure, style in figures:
        values = [figure(found[step]) for step in STEPS]
        rows.append([name, *(format(value, style) for value in values), format(sum(values), style)])
    return markdown(["per photograph", *STEPS, "together"], rows)


def per_day(found: dict[str, Cost], photo: int, kept: float, a_day: int) -> str:
    """Return the table of the load of so many photographs a day on each part."""
    total = Cost(*(sum(getattr(found[step], name) for step in STEPS) for name in Cost.__dataclass_fields__))
    rate = a_day / 86_400
    rows: list[tuple[str, float, str]] = [
        ("photographs a second", rate, "1"),
        ("Redis, commands a second", total.redis_commands * rate, "1"),
        ("Redis, share of its one core", total.redis_cpu * rate, "%"),
        ("Redis, MB/s over the network", total.redis_bytes * rate / 1e6, "1"),
        ("Redis, GB for a day's records", kept * a_day / 1e9, "GB"),
        ("object store, requests a second", total.store_requests * rate, "1"),
        ("object store, MB/s", total.store_bytes * rate / 1e6, "1"),
        ("API, cores", total.api_cpu * rate, "1"),
        ("workers, cores", total.worker_cpu * rate, "1"),
        ("callers, MB/s in", photo * rate / 1e6, "1"),
    ]
    return markdown(
        [f"{a_day:,} a day", "average", f"peak, {_PEAK} times that"],
        [[name, *_shown(value, kind)] for name, value, kind in rows],
    )


def _shown(value: float, kind: str) -> tuple[str, str]:
    if kind == "GB":
        return f"{value:.1f}", "the same"
    if kind == "%":
        return f"{value:.0%}", f"{value * _PEAK:.0%}"
    return f"{value:,.1f}", f"{value * _PEAK:,.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--photos", type=int, default=100)
    parser.add_argument("--megapixels", type=float, default=1.0)
    parser.add_argument("--a-day", type=int, default=1_000_000)
    parser.add_argument("--waiting", type=int, default=5000)
    given = parser.parse_args()
    photo = as_file(scene(given.megapixels), "JPEG")
    with tempfile.TemporaryDirectory(prefix="photochrom-scaling-") as folder, stack(Path(folder)) as running:
        found = measure(running, photo, given.photos)
        print(f"{given.photos} JPEGs of {given.megapixels:g} MP, {len(photo) / 1000:.0f} KB each\n")
        kept = record_bytes(running, photo, given.photos)
        print(per_photo(found) + "\n\n" + per_day(found, len(photo), kept, given.a_day) + "\n")
        print(_rest(running, photo, kept))
        rows = backlog(running, given.waiting)
        print(
            markdown(["one POST of a tiny file", "none waiting", f"{given.waiting} waiting", "ratio"], rows)
        )


def _rest(running: Stack, photo: bytes, kept: float) -> str:
    quiet = idle(running)
    zip_cpu, zip_pace = zipped(running, photo)
    stream_bytes, stream_cpu = streams(running)
    rows = [
        ["the record of a job that ended, KB of Redis", f"{kept / 1000:.1f}"],
        ["a zip of results, API's CPU seconds a GB", f"{zip_cpu:.1f}"],
        ["a zip of results, MB/s to one caller", f"{zip_pace:.0f}"],
        ["an open stream of events, KB of the API", f"{stream_bytes / 1000:.0f}"],
        ["an open stream of events, CPU ms of the API a second", f"{stream_cpu * 1000:.2f}"],
        ["an idle worker, Redis commands a second", f"{quiet.redis_commands:.1f}"],
        ["an idle worker, share of a core", f"{quiet.worker_cpu:.2%}"],
    ]
    return markdown(["beside the photographs", "measured"], rows) + "\n"


if __name__ == "__main__":
    main()
