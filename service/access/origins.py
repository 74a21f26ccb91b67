"""CSRF and DNS-rebinding protection: only the service's own page may call it from a browser.

A page of another site cannot read our answers, but it can send requests; by DNS rebinding it can pose as our own
page. So the Host must be one of our names, and a request that changes anything must come from our own page or from
an allowed origin.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from photochrom.errors import ForeignHost, ForeignOrigin, PhotochromError
from photochrom.listening import addresses, is_unspecified

from ..edge.problems import problem_of
from ..settings import ServiceSettings

SAFE = {"GET", "HEAD", "OPTIONS"}
_NO_HOST = re.compile(r"[^\w.:\[\]-]")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ANY = "*"
# Values of Sec-Fetch-Site: our own page, or no page at all (the address was typed or bookmarked).
_OURS = {"same-origin", "none"}


def hosts_of(settings: ServiceSettings) -> frozenset[str]:
    """Return the host names that the service answers to; `*` is any.

    The default is the names of this machine, the address it is bound to and the configured names. Bound to all
    addresses, as in a container, the service cannot know its names and accepts any. There are two exceptions: where
    only this machine can reach it, because then any other name is a trick; and where it asks for no key.
    """
    named = (
        *addresses(settings.host),
        settings.domain,
        urlsplit(settings.public_url).hostname or "",
    )
    given = settings.allowed_hosts
    nameless = not given and any(map(is_unspecified, addresses(settings.host)))
    if nameless and settings.auth is not None and not settings.loopback_only:
        return frozenset({_ANY})
    return frozenset(name.lower().strip("[]") for name in (*_LOOPBACK, *named, *given) if name)


class OriginGuard:
    """Refuse a foreign Host, and methods that change something from a foreign Origin."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], origins: Collection[str]) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem_of(Request(scope), refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PhotochromError | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        name = hostname(host)
        if (host and name is None) or (_ANY not in self._hosts and name not in self._hosts):
            return ForeignHost(
                "This server does not answer to that host name; add it to PHOTOCHROM_ALLOWED_HOSTS."
            )
        if scope["method"] in SAFE or self._lets_in(headers):
            return None
        return ForeignOrigin(
            "Pages of that origin may not change anything here; add it to PHOTOCHROM_CORS_ORIGINS."
        )

    def _lets_in(self, headers: Headers) -> bool:
        return headers.get("origin") in self._origins or _ANY in self._origins or is_same_origin(headers)


def is_same_origin(headers: Headers) -> bool:
    """Return whether a request comes from our own page, or from a program that is not a browser."""
    origin, host = headers.get("origin"), headers.get("host", "").lower()
    if origin is None:
        # Only browsers send Origin; a browser that sends none still says in Sec-Fetch-Site whether the page is ours.
        return headers.get("sec-fetch-site", "none") in _OURS
    # No page can set Sec-Fetch-Site. It is correct even where a proxy changes Host, but is sent over HTTPS only.
    return headers.get("sec-fetch-site") == "same-origin" or origin.partition("://")[2] == host != ""


def hostname(host: str) -> str | None:
    """Return the name in a Host header, without the port; None where there is none."""
    # Nothing but a name and a port: what else it says would become part of the addresses that we give out.
    if _NO_HOST.search(host):
        return None
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
