"""A server of answers laid down beforehand, on a real socket: for what no healthy server does."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


@dataclass
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """The answers to come, one for each request; the last one is given for ever."""

    url: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)

    def will(self, *answers: Answer) -> None:
        self.answers.extend(answers)


class Handler(BaseHTTPRequestHandler):
    """Notes what comes and gives what is laid down."""

    protocol_version = "HTTP/1.1"
    script: Script

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.script.asked.append(Asked(self.command, self.path, headers, body))
        answers = self.script.answers
        (answers.popleft() if len(answers) > 1 else answers[0])(self)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Answer with this; underscores in names of headers stand for hyphens."""

    def give(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return give


def hang_up(handler: Handler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True
    handler.connection.close()


def cut_off(body: bytes, after: int, status: int = 200, **headers: str) -> Answer:
    """Announce the whole body, and close after some bytes of it."""

    def give(handler: Handler) -> None:
        answer(status, body[:after], **headers, **{"Content-Length": str(len(body))})(handler)
        handler.close_connection = True

    return give


@contextmanager
def answering(*answers: Answer) -> Iterator[Script]:
    """Serve these answers; yield what is asked."""
    script = Script()
    script.will(*answers)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Scripted", (Handler,), {"script": script}))
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
