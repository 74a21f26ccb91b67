"""Security headers for every answer; a header that the answer sets itself is kept."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {
    # An answer is data: opened by itself, it runs nothing, loads nothing and cannot be framed.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Against an <img> on another site; `fetch` from the allowed origins is not affected.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # For this caller only, and revalidated each time.
    "Cache-Control": "private, no-cache",
}
_SWAGGER = "/docs"
_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class AnswerHeaders:
    """Add the headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == _SWAGGER:
            await self._app(scope, receive, _Docs(send).send)
        else:
            await self._app(scope, receive, lambda message: send(_completed(message)))


def _completed(message: Message) -> Message:
    if message["type"] == "http.response.start":
        headers = MutableHeaders(scope=message)
        for name, value in ALWAYS.items():
            headers.setdefault(name, value)
    return message


class _Docs:
    """Lets Swagger's page run its own scripts: the files beside it, and the inline one by its hash."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}

    async def send(self, message: Message) -> None:
        """Hold the start of the answer until the page's body is there."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start:
            policy = _policy_of(message.get("body", b""))
            MutableHeaders(scope=self._start)["Content-Security-Policy"] = policy
            await self._send(_completed(self._start))
            self._start = {}
        await self._send(message)


def _policy_of(page: bytes) -> str:
    digests = (base64.b64encode(hashlib.sha256(script).digest()) for script in _INLINE_SCRIPT.findall(page))
    scripts = " ".join(f"'sha256-{digest.decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
