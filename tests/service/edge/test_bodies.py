"""Every body has one length and an end, whatever its head says."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from starlette.datastructures import Headers

from service.edge.bodies import _declared
from service.settings import ServiceSettings
from support.servers.serving import serving

PATIENCE = 0.6
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture
def line(settings: ServiceSettings) -> Iterator[socket.socket]:
    with serving(settings.model_copy(update={"client_timeout": PATIENCE})) as url:
        where = urlsplit(url)
        with closing(socket.create_connection((where.hostname, where.port), timeout=20)) as line:
            yield line


def rest(line: socket.socket) -> bytes:
    """All that comes until the server ends the connection; the test's own timeout is the bound."""
    said = b""
    try:
        while piece := line.recv(1 << 16):
            said += piece
    except ConnectionResetError:
        pass
    return said


def head(path: str, *lengths: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: image/jpeg", *lengths, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("path", ["/v1/session", "/v1/jobs", "/v1/batches", "/nowhere"])
def test_a_chunked_body_that_does_not_come_is_let_go(line: socket.socket, path: str) -> None:
    line.sendall(head(path, CHUNKED))
    rest(line)


@pytest.mark.parametrize("path", ["/v1/session", "/v1/jobs", "/nowhere"])
@pytest.mark.parametrize(
    "lengths",
    [
        ("Content-Length: 0", CHUNKED),
        (CHUNKED, "Content-Length: 0"),
        ("Content-Length: 40", CHUNKED),
        ("content-length: 5", "transfer-encoding: Chunked"),
    ],
)
def test_two_lengths_are_refused_and_no_second_request_is_heard(
    line: socket.socket, path: str, lengths: tuple[str, ...]
) -> None:
    line.sendall(head(path, *lengths) + b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    said = rest(line)
    start, _, body = said.partition(b"\r\n\r\n")
    assert start.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in start.lower()
    assert json.loads(body)["code"] == "bad-request"  # and nothing follows it
    assert said.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("headers", "declared"),
    [
        ({}, 0),
        ({"content-length": "0"}, 0),
        ({"content-length": "12"}, 12),
        ({"content-length": "1, 1"}, None),
        ({"transfer-encoding": "chunked"}, None),
        ({"transfer-encoding": "chunked", "content-length": "0"}, None),
    ],
)
def test_only_a_length_that_holds_is_believed(headers: dict[str, str], declared: int | None) -> None:
    assert _declared(Headers(headers)) == declared
