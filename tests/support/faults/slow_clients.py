"""Hundreds of clients that send slowly, say nothing, or do not read, while `/healthz` and uploads have to go on."""

import random
import socket
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from photochrom.processes.valkey import valkey
from support.pictures.photographs import noise_jpeg
from support.queue.queueing import Bench, finished
from support.servers.ports import free_port
from support.waiting import wait_for

from .api import api
from .row import Row

_ROUNDS = 200
_BAR_MS = 100.0
_TRICKLE_SECONDS = 0.5
_ANSWER_BYTES = 32 << 20


@dataclass
class Crowd:
    """The slow clients, each with a connection of its own."""

    port: int
    result: str
    """Path of an answer of many megabytes."""
    heads: list[socket.socket] = field(default_factory=list)
    bodies: list[socket.socket] = field(default_factory=list)
    silent: list[socket.socket] = field(default_factory=list)
    readers: list[socket.socket] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def gather(self, count: int) -> None:
        """Connect as many, a quarter of each kind."""
        kinds: list[tuple[list[socket.socket], bytes]] = [
            (self.heads, b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
            (self.bodies, _upload_head() + noise_jpeg(400, 1)[:3000]),
            (self.silent, b""),
            (self.readers, f"GET {self.result} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()),
        ]
        for number in range(count):
            kind, begin = kinds[number % len(kinds)]
            line = socket.socket()
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", self.port))
            line.sendall(begin)
            kind.append(line)

    def trickle(self) -> None:
        """Send a few bytes now and then, until told to stop."""
        while not self.over.wait(_TRICKLE_SECONDS):
            for line, piece in [
                *((one, b"x") for one in self.heads),
                *((one, b"y" * 700) for one in self.bodies),
            ]:
                with suppress(OSError):
                    line.sendall(piece)

    def close(self) -> None:
        self.over.set()
        for line in (*self.heads, *self.bodies, *self.silent, *self.readers):
            line.close()


def run(
    folder: Path,
    *,
    photos: int = 50,
    times: int = 500,
    seed: int = 7,
    patience: float = 30.0,
    to_the_end: bool = True,
    **env: str,
) -> Row:
    """Hold `times` slow connections open; p95 of `/healthz` has to stay under 100 ms, and uploads are accepted.

    With `to_the_end` wait until the service has let all of them go.
    """
    chance, port = random.Random(seed), free_port()
    url = f"http://127.0.0.1:{port}"
    row = Row(f"{times} slow, silent and half-open clients", times, photos)
    with ExitStack() as stack:
        bench = Bench(stack.enter_context(valkey(folder / "queue")), folder / "data")
        process = stack.enter_context(api(bench, port, client_timeout=patience))
        files = psutil.Process(process.pid).rlimit(psutil.RLIMIT_NOFILE)
        job = bench.submit(noise_jpeg(96, seed))
        finished(bench, job.id, bytes(_ANSWER_BYTES))
        crowd = Crowd(port, f"/v1/jobs/{job.id}/result")
        stack.callback(crowd.close)
        calm = _measure(url, lambda: None)
        crowd.gather(times)
        wait_for(lambda: _connected(process.pid, port) >= times, 30, f"{times} connections")
        threading.Thread(target=crowd.trickle, daemon=True).start()
        sent = [noise_jpeg(400, chance.randrange(2**32)) for _ in range(photos)]
        accepted = _Uploads(url, sent)
        busy = _measure(url, accepted.next)
        held = _connected(process.pid, port)
        crowd.over.set()
        if to_the_end:
            row.seconds.append(_let_go(bench, process.pid, port, patience * 2 + 15, row))
        row.lost = photos - sum(bench.store.exists(job_id) for job_id in accepted.ids)
    row.check(
        files[0] == files[1], f"the API may have {files[0]} files open, though the system allows {files[1]}"
    )
    row.check(held >= times, f"only {held} of {times} were still there at the end of the measuring")
    row.check(busy[1] < _BAR_MS, f"/healthz p95 is {busy[1]:.0f} ms")
    row.also = (
        f"/healthz on new connections p50 {busy[0]:.1f} ms, p95 {busy[1]:.1f} ms; "
        f"without them {calm[0]:.1f} ms, {calm[1]:.1f} ms; seconds until all were let go"
    )
    return row


def _let_go(bench: Bench, pid: int, port: int, limit: float, row: Row) -> float:
    """Return the seconds until the API holds no slow connection any more."""
    stopped = time.monotonic()
    wait_for(lambda: _connected(pid, port) == 0, limit, "the slow ones to be let go")
    drafts = bench.data / "photos" / ".drafts"
    row.check(not any(drafts.iterdir()), "the slow ones left drafts behind")
    return time.monotonic() - stopped


@dataclass
class _Uploads:
    """Photographs of a client in a hurry, sent in between."""

    url: str
    photos: list[bytes]
    ids: list[str] = field(default_factory=list)

    def next(self) -> None:
        if len(self.ids) < len(self.photos):
            photo = self.photos[len(self.ids)]
            answer = httpx.post(
                f"{self.url}/v1/jobs", files={"photo": ("grey.jpg", photo)}, timeout=30, verify=False
            )
            assert answer.status_code == 202, answer.text
            self.ids.append(answer.json()["id"])


def _measure(url: str, between: Callable[[], None]) -> tuple[float, float]:
    """Ask `/healthz` by a new connection each time; return median and 95th percentile, in milliseconds."""
    seconds = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=30) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            said = b""
            while piece := line.recv(4096):
                said += piece
        seconds.append(time.perf_counter() - started)
        assert b"200 OK" in said, said
        between()
    return statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=20)[-1] * 1000


def _connected(pid: int, port: int) -> int:
    """Count the connections that the API holds."""
    lines = psutil.Process(pid).net_connections("tcp")
    return sum(line.laddr.port == port and bool(line.raddr) for line in lines)


def _upload_head() -> bytes:
    return b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 900000\r\n\r\n"
