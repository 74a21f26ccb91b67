"""Clients that are silent, slow or gone: each is let go in its time, and nobody else notices."""

import errno
import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest

from service.settings import ServiceSettings
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import Bench, finished
from support.servers.serving import serving
from support.waiting import wait_for

PATIENCE = 0.6
ANSWER = 64 << 20


@pytest.fixture
def url(bench: Bench) -> Iterator[str]:
    with serving(
        ServiceSettings(redis_url=bench.redis_url, data_dir=bench.data, client_timeout=PATIENCE)
    ) as url:
        yield url


@pytest.fixture
def line(url: str) -> Iterator[socket.socket]:
    """A connection on which nothing has been said."""
    where = urlsplit(url)
    with closing(socket.create_connection((where.hostname, where.port), timeout=10)) as line:
        yield line


def rest(line: socket.socket) -> bytes:
    """All that comes until the server ends the connection, one way or the other."""
    said = b""
    try:
        while piece := line.recv(1 << 16):
            said += piece
    except ConnectionResetError:
        pass
    return said


def upload_head(length: int) -> bytes:
    return (
        "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def healthy(line: socket.socket) -> None:
    """Read the answer of `/healthz`, whose body is a JSON object, to its end."""
    said = b""
    while not said.endswith(b"}"):
        said += line.recv(1 << 16)


def test_a_client_that_resets_leaves_nothing_behind(url: str, caplog: pytest.LogCaptureFixture) -> None:
    where = urlsplit(url)
    for _ in range(20):
        with closing(socket.create_connection((where.hostname, where.port), timeout=10)) as reset:
            reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            reset.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            healthy(reset)
    # This one is idle after all of them: when its time is over, theirs was.
    with closing(socket.create_connection((where.hostname, where.port), timeout=30)) as last:
        last.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        rest(last)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_head_that_does_not_come_ends_the_connection(line: socket.socket, begun: bytes) -> None:
    line.sendall(begun)
    assert rest(line) == b""


def test_a_second_head_has_no_more_time_than_the_first(line: socket.socket) -> None:
    line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    healthy(line)
    line.sendall(b"GET /healthz HT")
    assert rest(line) == b""


def test_a_body_that_comes_after_its_answer_does_not_hold_the_connection(line: socket.socket) -> None:
    line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
    healthy(line)
    line.sendall(b"x")
    assert rest(line) == b""


def test_bytes_one_by_one_do_not_lengthen_the_time_for_a_head(line: socket.socket) -> None:
    line.settimeout(0.05)
    sent = 0

    def ended() -> bool:
        nonlocal sent
        try:
            line.sendall(b"G")
            sent += 1
            return line.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    wait_for(ended, 5, "the end of the connection")
    assert sent > 3


def test_a_body_that_stops_is_408_and_leaves_nothing(line: socket.socket, bench: Bench) -> None:
    line.sendall(upload_head(100_000) + grey_jpeg()[:5000])
    head, _, body = rest(line).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["code"] == "request-too-slow"
    assert bench.files() == []
    assert list((bench.data / "photos" / ".drafts").iterdir()) == []


def test_a_body_that_trickles_for_ever_is_408(line: socket.socket) -> None:
    line.sendall(upload_head(100_000))
    line.settimeout(0.1)

    def answered() -> bytes:
        try:
            line.sendall(b"x")
            return line.recv(1 << 16)
        except TimeoutError:
            return b""

    assert wait_for(answered, 10, "an answer").startswith(b"HTTP/1.1 408 ")


def test_a_slow_body_that_comes_on_is_taken(line: socket.socket, bench: Bench) -> None:
    photo = grey_jpeg(size=(300, 200))
    step = len(photo) // 10 + 1
    line.sendall(upload_head(len(photo)))
    line.settimeout(0.1)
    for begin in range(0, len(photo), step):
        line.sendall(photo[begin : begin + step])
        with pytest.raises(TimeoutError):
            line.recv(1)  # a pause: together they take longer than one silence may
        if begin + step >= len(photo) - step:
            break
    line.sendall(photo[begin + step :])
    line.settimeout(10)
    assert line.recv(1 << 16).startswith(b"HTTP/1.1 202 ")


@pytest.fixture
def download(url: str, bench: Bench) -> Iterator[socket.socket]:
    """A connection on which an answer of `ANSWER` bytes has begun, more than any kernel keeps for a reader."""
    job = bench.submit(grey_jpeg(size=(96, 64)))
    finished(bench, job.id, b"x" * ANSWER)
    where = urlsplit(url)
    with closing(socket.socket()) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(10)
        line.connect((where.hostname, where.port))
        line.sendall(
            f"GET /v1/jobs/{job.id}/result HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        yield line


def read_slowly(line: socket.socket, seconds: float) -> int:
    """Read 2 KB now and then, about 40 KB/s; return the bytes."""
    taken, end, pace = 0, time.monotonic() + seconds, threading.Event()
    while time.monotonic() < end:
        taken += len(line.recv(2048))
        pace.wait(0.05)
    return taken


def is_let_go(line: socket.socket) -> None:
    wait_for(
        lambda: line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET,
        10,
        "the end of the connection",
    )


def test_a_reader_that_reads_nothing_is_let_go(download: socket.socket, url: str) -> None:
    is_let_go(download)
    assert httpx.get(f"{url}/healthz").status_code == 200


def test_a_reader_that_stops_is_let_go(download: socket.socket) -> None:
    read_slowly(download, 2 * PATIENCE)
    is_let_go(download)


def test_a_slow_reader_who_goes_on_gets_all(download: socket.socket) -> None:
    taken = read_slowly(download, 5 * PATIENCE)
    while piece := download.recv(1 << 20):
        taken += len(piece)
    assert taken > ANSWER  # a head and all of it
