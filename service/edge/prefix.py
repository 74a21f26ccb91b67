"""The path under which a reverse proxy serves us, such as `/photochrom`: taken off requests, put before our addresses.

The page needs none of this, because its addresses are relative.
"""

from contextvars import ContextVar
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from .prefixes import joined

_prefix: ContextVar[str] = ContextVar("photochrom_prefix", default="")


def address(path: str) -> str:
    """Return a path of ours as the caller of the current request has to write it."""
    return _prefix.get() + path


class Forwarded(ProxyHeadersMiddleware):
    """Believe trusted proxies, and nobody else, in X-Forwarded-For, -Proto and -Prefix."""

    def __init__(self, app: ASGIApp, trusted_hosts: list[str], prefix: str) -> None:
        super().__init__(app, trusted_hosts)  # type: ignore[arg-type]
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """Serve one request; a prefix that was configured is the one that counts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        prefix = self._prefix or self._forwarded(scope)
        if prefix and scope["path"] == unquote(prefix):
            # The page's relative addresses begin below the slash.
            query = scope["query_string"].decode("latin-1")
            to = f"{prefix}/" + (f"?{query}" if query else "")
            await Response(status_code=308, headers={"Location": to})(scope, receive, send)
            return
        _take_off(scope, prefix)
        token = _prefix.set(prefix)
        try:
            await super().__call__(scope, receive, send)  # type: ignore[arg-type]
        finally:
            _prefix.reset(token)

    def _forwarded(self, scope: Scope) -> str:
        client = scope.get("client")
        if not client or client[0] not in self.trusted_hosts:
            return ""
        return joined(Headers(scope=scope).get("x-forwarded-prefix", ""))


def _take_off(scope: Scope, prefix: str) -> None:
    """Take the prefix off the path, where the proxy has left it on."""
    decoded = unquote(prefix)
    if prefix and scope["path"].startswith(f"{decoded}/"):
        scope["path"] = scope["path"][len(decoded) :]
        raw: bytes = scope.get("raw_path") or b""
        scope["raw_path"] = raw.removeprefix(prefix.encode())
