"""A receiver of webhooks: a real HTTP or HTTPS server that keeps what it gets and answers as it is told."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from photochrom.ids import new_id
from photochrom.jobs.events import ping
from photochrom.times import utc_now
from photochrom.webhooks.record import Delivery, Webhook, new_secret
from support.waiting import wait_for

Answer = int | tuple[int, dict[str, str], bytes] | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with `answers` one after the other, the last one again and again."""

    answers: list[Answer] = field(default_factory=lambda: [204])
    requests: list[Received] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    def wait(self, count: int, seconds: float = 20) -> list[Received]:
        wait_for(lambda: len(self.requests) >= count, seconds, f"{count} requests")
        return self.requests

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.requests.append(Received(handler.path, headers, body))
        if callable(answer):
            answer(handler)
            return
        status, extra, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **extra}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)


@contextmanager
def receiver(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Listen on a port of its own on 127.0.0.1."""
    taking = Receiver([*answers] or [204])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taking.take(self)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        taking.scheme = "https"
    server.handle_error = lambda *_: None  # type: ignore[method-assign] - callers that hang up are the point
    taking.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield taking
    finally:
        server.shutdown()
        server.server_close()


def make_webhook(url: str = "https://photos.example/hook", **chosen: Any) -> Webhook:
    return Webhook(id=new_id(), url=url, secrets=(new_secret(),), created_at=utc_now(), **chosen)


def make_ping(webhook: Webhook) -> Delivery:
    event = ping(webhook.id)
    return Delivery(
        id=new_id(),
        webhook_id=webhook.id,
        event_id=event.id,
        type=event.type,
        body=event.payload().model_dump_json(),
        created_at=utc_now(),
    )
