"""gzip for JSON only: photographs are already compressed, and streams must not wait for a block.

Starlette's own middleware lists the types that it does not compress, and knows neither TIFF, HEIC nor JPEG 2000. It
also keeps a strong ETag although the bytes have changed.
"""

import gzip
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_JSON = re.compile(r"application/(?:[a-z.-]+\+)?json\b")
_LEAST_BYTES = 1024
# Level 9 takes twice the time for 1 % less.
_LEVEL = 5
_REFUSED = re.compile(r"q=0(?:\.0*)?$")


class JsonGzip:
    """Compress JSON answers that come whole, for callers that take gzip."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        takes = takes_gzip(Headers(scope=scope).get("accept-encoding", ""))
        await self._app(scope, receive, _Answer(send, takes).send)


def takes_gzip(accept_encoding: str) -> bool:
    """Return whether a caller accepts gzip (RFC 9110, 12.5.3)."""
    for part in accept_encoding.lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";")
        if coding in {"gzip", "x-gzip", "*"}:
            return not _REFUSED.match(weight)
    return False


class _Answer:
    """Holds the start of a JSON answer back until its body is there."""

    def __init__(self, send: Send, takes: bool) -> None:
        self._send = send
        self._takes = takes
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """Pass a message on, compressed where it may be."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if _may_differ(message["status"], headers):
                headers.add_vary_header("Accept-Encoding")
            if self._takes and is_plain_json(headers):
                self._start = message
                return
        elif self._start is not None:
            start, self._start = self._start, None
            message = _packed(start, message)
            await self._send(start)
        await self._send(message)


def _may_differ(status: int, headers: Headers) -> bool:
    """Return whether the answer has two forms. So has a 304 of JSON, recognised by its weak tag: only JSON has one."""
    return is_plain_json(headers) or (status == 304 and headers.get("etag", "").startswith("W/"))


def is_plain_json(headers: Headers) -> bool:
    """Return whether an answer is JSON that is not compressed yet."""
    return bool(_JSON.match(headers.get("content-type", ""))) and "content-encoding" not in headers


def _packed(start: Message, message: Message) -> Message:
    body: bytes = message.get("body", b"")
    if message.get("more_body", False) or len(body) < _LEAST_BYTES:
        return message
    packed = gzip.compress(body, _LEVEL, mtime=0)
    headers = MutableHeaders(scope=start)
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(packed))
    if headers.get("etag", "W/").startswith('"'):
        # A strong tag names exact bytes, and compression changes them.
        headers["ETag"] = f"W/{headers['etag']}"
    return {**message, "body": packed}
