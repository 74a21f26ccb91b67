"""Findings on the wire: heads, bodies, forms, connections that end (F4 to F9)."""

import json
import socket
import struct
import time
from contextlib import closing
from threading import Event, Thread
from urllib.parse import urlsplit

import httpx

from support.pictures.photographs import grey_jpeg

from .finding import finding
from .ways import Way, Ways

RESETS, BROKEN, FIELDS = 20, 10, 60_000


def line_to(way: Way, timeout: float = 60) -> socket.socket:
    """Return a connection on which nothing has been said."""
    where = urlsplit(way.url)
    return socket.create_connection((where.hostname, where.port), timeout=timeout)


def said_to(way: Way, *lines: str, body: bytes = b"") -> bytes:
    """Send a head and what follows; return all that comes until the service ends the connection."""
    shown = [f"{name}: {value}" for name, value in way.headers.items()]
    with closing(line_to(way)) as line:
        line.sendall("\r\n".join([*lines, *shown, "", ""]).encode() + body)
        return b"".join(iter(lambda: line.recv(1 << 16), b""))


def status_of(said: bytes) -> int:
    """Return the status of the first answer."""
    return int(said.split(b" ", 2)[1])


def _errors(way: Way, since: int) -> list[str]:
    return [line for line in way.lines[since:] if "Traceback" in line or "ERROR" in line]


@finding("F4", f"{RESETS} connections that the client resets after its answer")
def resets(ways: Ways) -> str:
    for way in ways.both:
        since = len(way.lines)
        for _ in range(RESETS):
            with closing(line_to(way)) as line:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert line.recv(1 << 16).startswith(b"HTTP/1.1 200")
        # One that stays idle for as long: when its time is over, theirs was.
        with closing(line_to(way)) as last:
            last.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while last.recv(1 << 16):
                pass
        assert not _errors(way, since), _errors(way, since)[:3]
    return "no traceback and no error in the log of either way"


@finding("F5", "POST with `Transfer-Encoding: chunked` and `Content-Length: 0`, and then nothing")
def endless(ways: Ways) -> str:
    for way in ways.both:
        for path in ("/v1/session", "/v1/jobs"):
            lengths = ("Transfer-Encoding: chunked", "Content-Length: 0")
            said = said_to(way, f"POST {path} HTTP/1.1", "Host: localhost", *lengths)
            assert status_of(said) == 400, said[:60]
    return "400, and the connection is closed"


@finding("F6", "a second request hidden behind a body of two lengths")
def smuggled(ways: Ways) -> str:
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for way in ways.both:
        lengths = ("Content-Length: 6", "Transfer-Encoding: chunked")
        said = said_to(way, "POST /v1/session HTTP/1.1", "Host: localhost", *lengths, body=hidden)
        assert said.count(b"HTTP/1.1 ") == 1, "the hidden request was answered"
        assert status_of(said) == 400, said[:60]
    return "one answer, 400"


@finding("F7", f"{BROKEN} uploads that are broken off")
def broken_off(ways: Ways) -> str:
    for way in ways.both:
        since = len(way.lines)
        for _ in range(BROKEN):
            with closing(line_to(way)) as line:
                head = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 90000"
                shown = "".join(f"\r\n{name}: {value}" for name, value in way.headers.items())
                line.sendall(f"{head}{shown}\r\n\r\n".encode() + b"\xff\xd8\xff" + bytes(7000))
        with way.client() as client:
            client.get("/v1/limits").raise_for_status()
            metrics = client.get("/metrics").text
        assert not _errors(way, since), _errors(way, since)[:3]
        assert 'status="500"' not in metrics
    return "no traceback, nothing counted as ours"


@finding("F8", f"a form with one field {FIELDS:,} times (3.6 MB)")
def repeated(ways: Ways) -> str:
    part = b'--b\r\nContent-Disposition: form-data; name="quality"\r\n\r\n90\r\n'
    longest = 0.0
    for way in ways.both:
        over, gaps = Event(), [0.0]
        Thread(target=_watch, args=(way, over, gaps), daemon=True).start()
        with way.client() as client:
            form = {"Content-Type": "multipart/form-data; boundary=b"}
            answer = client.post("/v1/jobs", content=part * FIELDS + b"--b--\r\n", headers=form)
        over.set()
        assert answer.status_code == 422, answer.text
        longest = max(longest, *gaps)
    return f"422 `{answer.json()['code']}`; in the meantime /healthz took {longest:.2f} s at most"


def _watch(way: Way, over: Event, gaps: list[float]) -> None:
    with httpx.Client(base_url=way.url, timeout=60, verify=False) as client:
        while not over.is_set():
            started = time.monotonic()
            client.get("/healthz")
            gaps.append(time.monotonic() - started)


@finding("F9", "a form with a boundary of 5,000 letters")
def long_boundary(ways: Ways) -> str:
    for way in ways.both:
        with way.client() as client:
            form = {"Content-Type": f"multipart/form-data; boundary={'b' * 5000}"}
            answer = client.post("/v1/jobs", content=grey_jpeg(size=(16, 16)), headers=form)
        assert 400 <= answer.status_code < 500, answer.text
        assert json.loads(answer.text)["code"]
    return f"{answer.status_code} `{answer.json()['code']}`"
