"""A whole service for measurements: queue, object store, API and worker, each a separate process."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from redis import Redis

from photochrom.processes.valkey import valkey
from tests.support.servers.objects import object_store_server
from tests.support.servers.ports import free_port
from tests.support.waiting import wait_for

_START_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """What all parts have used so far; the difference of two is the use in between."""

    redis_commands: float
    redis_cpu: float
    redis_bytes: float
    """Over the network, both ways."""
    redis_memory: float
    aof_bytes: float
    store_requests: float
    store_bytes: float
    """Bodies, both ways."""
    api_cpu: float
    worker_cpu: float

    def since(self, before: "Cost", photos: int = 1) -> "Cost":
        """Return what was used since then, per photograph."""
        mine, theirs = vars(self), vars(before)
        return Cost(**{name: (mine[name] - theirs[name]) / photos for name in mine})


@dataclass
class Stack:
    """The processes, and how to read their counters."""

    url: str
    redis: Redis
    environment: dict[str, str]
    api: "subprocess.Popen[bytes]"
    store_metrics: str
    workers: "subprocess.Popen[bytes] | None" = None

    def start_worker(self) -> None:
        """Start one worker process with one thread, and wait until it is ready."""
        self.workers = _start(["-P", "-m", "workers", "--single"], self.environment)
        wait_for(lambda: _answers(f"{self.url}/readyz"), _START_SECONDS, "the worker")

    def stop_worker(self) -> None:
        """End it, if there is one."""
        if self.workers:
            _end(self.workers)

    def cost(self) -> Cost:
        """Read the counters of every part; reading costs a command or two."""
        cpu, stats = self.redis.info("cpu"), self.redis.info("stats")
        calls = sum(entry["calls"] for entry in self.redis.info("commandstats").values())
        store = self._store()
        return Cost(
            redis_commands=calls,
            redis_cpu=cpu["used_cpu_user"] + cpu["used_cpu_sys"],
            redis_bytes=stats["total_net_input_bytes"] + stats["total_net_output_bytes"],
            redis_memory=self.redis.info("memory")["used_memory"],
            aof_bytes=self.redis.info("persistence")["aof_current_size"],
            store_requests=store["request_total"],
            store_bytes=store["bucket_traffic_received_bytes_total"]
            + store["bucket_traffic_sent_bytes_total"],
            api_cpu=cpu_seconds(self.api.pid),
            worker_cpu=cpu_seconds(self.workers.pid) if self.workers else 0.0,
        )

    def _store(self) -> dict[str, float]:
        """Read the store's counters when they are stable: a request is counted a moment after its answer."""
        found, before = self._read_store(), None
        while found != before:
            time.sleep(0.05)
            found, before = self._read_store(), found
        return found

    def _read_store(self) -> dict[str, float]:
        with urllib.request.urlopen(self.store_metrics) as answer:
            text = answer.read().decode()
        found: dict[str, float] = defaultdict(float)
        for name, value in re.findall(r"^SeaweedFS_s3_(\w+)\{[^}]*\} (\S+)$", text, re.MULTILINE):
            found[name] += float(value)
        return found


@contextmanager
def stack(folder: Path) -> Iterator[Stack]:
    """Run queue, object store and API; the worker starts on request."""
    with ExitStack() as parts:
        redis_url = parts.enter_context(valkey(folder / "queue"))
        (folder / "objects").mkdir()
        store = parts.enter_context(object_store_server(folder / "objects", volume_mb=256))
        port = free_port()
        told = {
            **store.environment(folder / "data"),
            "REDIS_URL": redis_url,
            "PHOTOCHROM_PORT": str(port),
            "PHOTOCHROM_THREADS": "1",
        }
        environment = {**os.environ, **told}
        api = _start(["-P", "-m", "service"], environment)
        parts.callback(_end, api)
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(f"{url}/healthz"), _START_SECONDS, "the API")
        running = Stack(url, parts.enter_context(Redis.from_url(redis_url)), environment, api, store.metrics)
        parts.callback(running.stop_worker)
        yield running


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_bytes(pid: int) -> int:
    """Return the memory of one process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _start(arguments: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, *arguments], env=environment, stderr=subprocess.DEVNULL)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return cast("int", answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False
