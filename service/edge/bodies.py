"""Limits on the size of a request's body, and on the time it may take to arrive."""

import asyncio
import re
import time

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.errors import PhotochromError, PhotoTooLarge, RequestTooLarge, RequestTooSlow

from .failures import LEFT
from .problems import problem, problem_of

# Form fields and part headers around the photograph itself.
FORM_OVERHEAD = 64 * 1024
_UPLOAD = re.compile(r"/v1/(?:jobs|pages)/?|/v1/batches/[^/]+/items/.*")
_ARCHIVE = re.compile(r"/v1/batches/[^/]+/archive/?")
_FRAMES = re.compile(r"/v1/pages/[^/]+/frames/?")
_FRAMES_BYTES = 256 * 1024
"""Room for `MOST_PHOTOGRAPHS`."""
# Any other body is JSON of a few lines, and parsed on the event loop.
_SMALL_BYTES = 64 * 1024
# A client that is still sending when we close may lose our answer; within these bounds we read what it sends.
_DRAIN_BYTES = 64 * 2**20
_DRAIN_SECONDS = 5.0
# Slower than any connection that is usable for photographs: a client below this has stalled, or attacks (slow loris).
_LEAST_BYTES_PER_SECOND = 1024


class BodyLimit:
    """Count the bytes of every body, and the seconds that we wait for them: parsers limit neither.

    After the refusal the app's own answer is dropped: FastAPI makes a 400 of any error in reading JSON.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, max_archive_bytes: int, patience: float = 30.0) -> None:
        self._app = app
        self._patience = patience
        self._max_bytes = max_bytes
        self._max_archive_bytes = max_archive_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "transfer-encoding" in headers and "content-length" in headers:
            await _two_lengths(scope)(scope, receive, send)
            return
        expects = headers.get("expect", "").lower() == "100-continue"
        body = _CountedBody(receive, self._limit(scope["path"]), _declared(headers), expects, self._patience)

        async def send_after_draining(message: Message) -> None:
            begins = message["type"] == "http.response.start"
            if begins and body.left:
                # FastAPI answers 400 to this, which is dropped.
                message = {**message, "status": LEFT}
            if begins and message["status"] >= 400:
                await body.drain()
            if body.refused is None:
                await send(message)
            elif begins:
                await problem_of(Request(scope), body.refused)(scope, receive, send)

        await self._app(scope, body.receive, send_after_draining)

    def _limit(self, path: str) -> tuple[int, PhotochromError]:
        """Return the most bytes that a call may send, and the error for more."""
        if _ARCHIVE.fullmatch(path):
            return self._max_archive_bytes, _too_large(self._max_archive_bytes)
        if _UPLOAD.fullmatch(path):
            return self._max_bytes + FORM_OVERHEAD, _too_large(self._max_bytes)
        most = _FRAMES_BYTES if _FRAMES.fullmatch(path) else _SMALL_BYTES
        return most, RequestTooLarge(f"This call takes no more than {most >> 10} KiB.")


def _too_large(limit: int) -> PhotoTooLarge:
    return PhotoTooLarge(f"The upload is larger than {limit / 2**20:g} MiB, the limit of this server.")


class _CountedBody:
    def __init__(
        self,
        receive: Receive,
        limit: tuple[int, PhotochromError],
        declared: int | None,
        expects: bool,
        patience: float,
    ) -> None:
        self.refused: PhotochromError | None = None
        self.left = False
        """The caller left before the body was complete."""
        self._receive = receive
        self._max_bytes, self._error = limit
        self._declared = declared
        self._expects = expects
        self._seen = 0
        self._patience, self._waited = patience, 0.0
        self._over = declared == 0

    async def receive(self) -> Message:
        """Pass the next message on; raise the limit's error as soon as the body is known to be too large."""
        if self._declared is not None and self._declared > self._max_bytes:
            raise self._refusal()
        try:
            message = await self._next()
        except TimeoutError:
            self._error = RequestTooSlow("The upload stalled. Send at least 1 KiB/s without long pauses.")
            raise self._refusal() from None
        if self._seen > self._max_bytes:
            raise self._refusal()
        return message

    async def drain(self) -> None:
        """Read and discard the rest, within bounds."""
        if self._expects and self._seen == 0:
            return  # the client waits for `100 Continue` before it sends, and gets our answer instead
        if isinstance(self.refused, RequestTooSlow):
            return  # we have waited long enough
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self._over and self._seen < self._max_bytes + _DRAIN_BYTES:
                    await self._next()
        except TimeoutError:
            return

    async def _next(self) -> Message:
        started = time.monotonic()
        async with asyncio.timeout(None if self._over else self._patience_left()):
            message = await self._receive()
        self._waited += time.monotonic() - started
        self._seen += len(message.get("body", b""))
        gone = message["type"] == "http.disconnect"
        self.left = self.left or (gone and not self._over)
        self._over = gone or not message.get("more_body", False)
        return message

    def _patience_left(self) -> float:
        """Return the time limit for the next bytes: the shorter of the limit for a pause and of that for the whole."""
        allowed = self._patience + self._seen / _LEAST_BYTES_PER_SECOND
        return max(0.0, min(self._patience, allowed - self._waited))

    def _refusal(self) -> PhotochromError:
        self.refused = self._error
        return self._error


def _declared(headers: Headers) -> int | None:
    """Return the length of the body in bytes; None where only its end shows it (Transfer-Encoding, RFC 9112, 6.3)."""
    if "transfer-encoding" in headers:
        return None
    given = headers.get("content-length", "0")
    return int(given) if given.isascii() and given.isdigit() else None


def _two_lengths(scope: Scope) -> Response:
    """Refuse a body with two lengths (request smuggling): a proxy could take part of it for a second request.

    The connection is closed with the answer (RFC 9112, 6.3).
    """
    return problem(
        Request(scope),
        400,
        "bad-request",
        "The body has both a Content-Length and a Transfer-Encoding; send one of them.",
        headers={"Connection": "close"},
    )
