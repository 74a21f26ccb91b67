"""The names of HTTP methods. h11 accepts any word as one, so whatever is counted by method needs a fixed set."""

from starlette.types import Scope

_KNOWN = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}


def known_method(scope: Scope) -> str:
    """Return the request's method, `other` for one that is in neither RFC 9110 nor RFC 5789."""
    method: str = scope["method"]
    return method if method in _KNOWN else "other"
