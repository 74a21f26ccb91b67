"""One request, whatever the other side does to it."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network

import pytest

from photochrom.webhooks.record import Attempt
from service.outbound.destinations import PinnedNetwork
from service.webhooks.sender import Sender
from support.servers.ports import free_port
from support.servers.receiver import Answer, make_ping, make_webhook, receiver

SECONDS = 1.0  # where time is what is tested; a machine may stall for longer, so other answers have PATIENCE
PATIENCE = 30.0


async def here(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def send(url: str, seconds: float = SECONDS) -> Attempt:
    webhook = make_webhook(url)
    network = PinnedNetwork(here, [ip_network("127.0.0.0/8")])
    return asyncio.run(
        Sender(network, seconds, ssl.create_default_context()).send(webhook, make_ping(webhook))
    )


def answered(answer: Answer, seconds: float = SECONDS) -> Attempt:
    with receiver(answer) as to:
        return send(to.url, seconds)


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_only_2xx_is_a_yes(status: int) -> None:
    attempt = answered((status, {"Location": "http://127.0.0.1:1/"}, b""), PATIENCE)
    assert (attempt.status, attempt.error) == (status, None)
    assert attempt.accepted is (status < 300)
    assert attempt.gone is (status == 410)


def test_a_redirect_is_not_followed() -> None:
    with receiver() as inside, receiver((302, {"Location": inside.url}, b"")) as to:
        assert send(to.url, PATIENCE).status == 302
        assert inside.requests == []


def test_a_long_answer_is_read_to_its_first_kibibyte_only() -> None:
    attempt = answered((200, {"Content-Length": str(10**9)}, b"\xff\0x" * 1000), PATIENCE)
    assert attempt.status == 200
    assert len(attempt.response) == 1024
    assert "\0" not in attempt.response


@pytest.mark.parametrize(
    ("given", "heard"), [("7", 7.0), ("-1", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("9" * 30, None)]
)
def test_a_busy_receiver_may_say_when(given: str, heard: float | None) -> None:
    assert answered((503, {"Retry-After": given}, b""), PATIENCE).retry_after == heard
    assert answered((500, {"Retry-After": given}, b""), PATIENCE).retry_after is None


def silent(handler: BaseHTTPRequestHandler) -> None:
    handler.rfile.read()


def drop_by_drop(handler: BaseHTTPRequestHandler) -> None:
    """Each read alone is quick; all together would take for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for n in range(10_000):
        handler.wfile.write(f"X-{n}: y\r\n".encode())
        time.sleep(0.05)


def body_drop_by_drop(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        handler.wfile.write(b".")
        time.sleep(0.05)


@pytest.mark.parametrize("slow", [silent, drop_by_drop, body_drop_by_drop])
def test_no_receiver_takes_longer_than_it_may(slow: Answer) -> None:
    started = time.monotonic()
    attempt = answered(slow)
    assert time.monotonic() - started < SECONDS + 1
    assert attempt.status is None
    assert attempt.error == "No complete answer within 1 s."


def endless_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for n in range(1_000_000):
        handler.wfile.write(f"X-{n}: {'y' * 1000}\r\n".encode())


def nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def half(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")


@pytest.mark.parametrize("broken", [endless_headers, nonsense, hang_up, half])
def test_what_is_no_answer_is_said(broken: Answer) -> None:
    attempt = answered(broken, PATIENCE)
    assert attempt.status is None
    assert (attempt.error or "").startswith("The connection broke")


def test_a_closed_port_is_said() -> None:
    attempt = send(f"http://photos.example:{free_port()}/", PATIENCE)
    assert (attempt.error or "").startswith("Cannot connect")


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as to, receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert send(to.url, PATIENCE).status == 204
        assert proxy.requests == []
