"""Whatever a body is made of, others have their turns while it is parsed."""

import asyncio
import hashlib
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from service.edge.connections import patient

BODY = bytes(range(256)) * 128


def crumbs() -> bytes:
    return b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"


def extended() -> bytes:
    return b"".join(b"1;an=extension\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"


def whole() -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


class Count:
    """An app that takes bodies, and counts the turns that others have meanwhile."""

    def __init__(self) -> None:
        self.turns = 0
        self.meanwhile: list[int] = []
        self.digests: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        before, digest, more = self.turns, hashlib.sha256(), True
        while more:
            message = await receive()
            digest.update(message.get("body", b""))
            more = message.get("more_body", False)
        self.meanwhile.append(self.turns - before)
        self.digests.append(digest.hexdigest())
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def others(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)


def serve(app: Count, sent: bytes) -> bytes:
    """What a server answers to these bytes, which come as fast as it takes them."""
    answers: list[bytes] = []

    def send(to: tuple[str, int], server: uvicorn.Server) -> None:
        try:
            with socket.create_connection(to, timeout=60) as line, suppress(ConnectionError):
                line.sendall(sent)
                answers.extend(iter(lambda: line.recv(1 << 16), b""))
        finally:
            server.should_exit = True

    async def run() -> None:
        server = uvicorn.Server(uvicorn.Config(app, http=patient(30), lifespan="off", log_config=None))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            sender = threading.Thread(target=send, args=(listening.getsockname(), server))
            others = asyncio.create_task(app.others())
            sender.start()
            await server.serve(sockets=[listening])
            others.cancel()
            sender.join()

    asyncio.run(run())
    return b"".join(answers)


def post(body: bytes, *, last: bool = True) -> bytes:
    end = b"Connection: close\r\n" if last else b""
    return b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + end + b"\r\n" + body


@pytest.mark.parametrize("kind", [crumbs, extended])
def test_others_have_their_turns_while_crumbs_are_parsed(kind: Callable[[], bytes]) -> None:
    app = Count()
    assert b" 204 " in serve(app, post(kind()))
    assert app.meanwhile[0] > 30
    assert app.digests == [hashlib.sha256(BODY).hexdigest()]


def test_requests_one_after_the_other_come_whole_and_in_order() -> None:
    app = Count()
    bodies = [whole(), crumbs(), whole(), extended()]
    said = serve(app, b"".join(post(body, last=number == 3) for number, body in enumerate(bodies)))
    assert said.count(b" 204 ") == 4
    assert set(app.digests) == {hashlib.sha256(BODY).hexdigest()}


def test_what_follows_nonsense_is_not_parsed() -> None:
    app = Count()
    said = serve(app, post(b"1\r\na\r\n", last=False) + b"nonsense\r\n" * 20_000)
    # The answer may be lost, as the connection is closed with bytes that nobody reads.
    assert said.count(b"HTTP/1.1 400 ") == said.count(b"HTTP/1.1") <= 1
