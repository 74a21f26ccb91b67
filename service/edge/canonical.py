"""One form of a request for all that comes after: its path, its Host, and one line for each header that is a list."""

from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

_SCHEMES = ("http://", "https://")
# Sent on several lines, they mean the same as on one (RFC 9110, 5.3); our readers read one.
_LISTS = {b"prefer", b"if-match", b"if-none-match", b"accept-encoding", b"x-forwarded-prefix"}


class Canonical:
    """Take a request as RFC 9112 lets clients write it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope["headers"] = _joined(scope["headers"])
            if scope["path"].lower().startswith(_SCHEMES):
                _from_absolute(scope)
        await self._app(scope, receive, send)


def _joined(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    lists: dict[bytes, int] = {}
    for name, value in headers:
        if name in lists:
            found[lists[name]] = name, found[lists[name]][1] + b", " + value
            continue
        if name in _LISTS:
            lists[name] = len(found)
        found.append((name, value))
    return found


def _from_absolute(scope: Scope) -> None:
    """Take path and Host from a target in absolute form; its host stands above the header's (RFC 9112, 3.2.2)."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    try:
        target = urlsplit(raw.decode("ascii"))
        host = target.netloc.rpartition("@")[2].encode("ascii")
    except ValueError:
        return  # no address at all, so nothing is there
    path = target.path or "/"
    scope["path"], scope["raw_path"] = unquote(path), path.encode("ascii")
    kept = [(name, value) for name, value in scope["headers"] if name != b"host"]
    scope["headers"] = [(b"host", host), *kept]
