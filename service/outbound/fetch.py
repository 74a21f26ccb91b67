"""A photograph from an address: through the SSRF guard at every step, bounded in time, size and redirects."""

import asyncio
import logging
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from urllib.parse import unquote, urljoin, urlsplit

import httpcore

from photochrom import __version__
from photochrom.errors import UrlRejected, UrlUnreachable

from ..settings import ServiceSettings
from .destinations import PinnedNetwork, check_url, system_resolver
from .heads import BoundedHead

_log = logging.getLogger(__name__)
# One sentence for every network error; otherwise whoever names addresses could scan our network.
_CANNOT_FETCH = "The photograph's address does not answer, has no valid certificate, or is not public."
_REDIRECTS = 5
_REDIRECTING = {301, 302, 303, 307, 308}
# Whoever names an address pays nothing for what comes from there, unlike whoever sends a file.
_AT_ONCE, _OF_ONE_OWNER = 16, 8
# An honest body comes in pieces of a packet; each piece, however small, is parsed and handed on.
_PIECES, _LEAST_PIECE = 10_000, 64
Take = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True)
class Fetcher:
    """Fetches what is at addresses. Proxies of the environment are not used, no cookies are kept."""

    network: PinnedNetwork
    check: Callable[[str], object]
    seconds: float
    # The system's authorities, read when they are first needed: that takes longer than all else at a start.
    _trust: Callable[[], ssl.SSLContext] = field(default_factory=lambda: cache(ssl.create_default_context))
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _rooms: "defaultdict[str, asyncio.Semaphore]" = field(
        default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(_OF_ONE_OWNER))
    )

    @property
    def tls(self) -> ssl.SSLContext:
        """Whom we trust."""
        return self._trust()

    async def fetch(self, url: str, take: Take, owner: str = "") -> tuple[str, str]:
        """Hand the body to `take` as it comes; return what names it: Content-Disposition, and the address's end.

        One owner's slow addresses leave room for those of others.

        Raises:
            UrlRejected: it is an address, or leads to one, that may not be connected to.
            UrlUnreachable: there is no answer, another answer than 200, or not all of it in time.
        """
        try:
            # One limit for all of it: each single read could be slow forever.
            async with asyncio.timeout(self.seconds), self._rooms[owner], self._room:
                return await self._follow(url, take, self.network.of(owner))
        except TimeoutError:
            raise UrlUnreachable(
                f"The photograph did not arrive from its address within {self.seconds:g} s."
            ) from None
        except (httpcore.ConnectError, httpcore.TimeoutException, ssl.SSLError) as error:
            _log.info("No photograph from %s (%s: %s)", urlsplit(url).hostname, type(error).__name__, error)
            raise UrlUnreachable(_CANNOT_FETCH) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise UrlUnreachable("The connection broke before the photograph was complete.") from error

    async def _follow(self, url: str, take: Take, network: PinnedNetwork) -> tuple[str, str]:
        for _ in range(_REDIRECTS + 1):
            self.check(url)
            head = BoundedHead(network)
            async with self._connection(url, head) as connection, self._answer(connection, url) as answer:
                head.is_here()
                if answer.status in _REDIRECTING and (location := _header(answer, b"location")):
                    url = _joined(url, location)
                    continue
                if answer.status != HTTPStatus.OK:
                    raise UrlUnreachable(f"The address answered {answer.status} instead of a photograph.")
                await _hand_over(answer, take)
                return _header(answer, b"content-disposition"), _last_part(url)
        raise UrlUnreachable(f"The address redirects more than {_REDIRECTS} times.")

    def _connection(self, url: str, network: BoundedHead) -> httpcore.AsyncHTTPConnection:
        return httpcore.AsyncHTTPConnection(
            httpcore.URL(url).origin, ssl_context=self.tls, network_backend=network
        )

    def _answer(
        self, connection: httpcore.AsyncHTTPConnection, url: str
    ) -> AbstractAsyncContextManager[httpcore.Response]:
        headers: dict[bytes | str, bytes | str] = {
            "Host": urlsplit(url).netloc,
            "User-Agent": f"Photochrom/{__version__}",
            "Accept": "image/*, */*;q=0.5",
            # What is packed would have to be bounded once more.
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        # A host with one dead address must have time for the next.
        extensions = {"timeout": {"connect": self.seconds / 3}}
        return connection.stream("GET", url, headers=headers, extensions=extensions)


def fetcher_of(settings: ServiceSettings) -> Fetcher | None:
    """Return a fetcher that does what the settings permit; None where they permit nothing."""
    if not settings.fetch:
        return None
    network = PinnedNetwork(system_resolver(), settings.fetch_allowed_networks, settings.fetch_ports)

    def check(url: str) -> None:
        check_url(
            url,
            allow_http=settings.fetch_allow_http,
            allowed=settings.fetch_allowed_networks,
            ports=settings.fetch_ports,
            settings="PHOTOCHROM_FETCH",
            refusal=UrlRejected,
        )

    return Fetcher(network, check, settings.fetch_timeout)


async def _hand_over(answer: httpcore.Response, take: Take) -> None:
    pieces = size = 0
    async for chunk in answer.aiter_stream():
        await take(chunk)
        pieces, size = pieces + 1, size + len(chunk)
        if pieces > _PIECES and size < pieces * _LEAST_PIECE:
            raise UrlUnreachable(
                "The address sends the photograph in pieces of a few bytes; upload the file instead."
            )
        # What has come already is handed on without waiting: others have their turns in between.
        await asyncio.sleep(0)


def _joined(url: str, location: str) -> str:
    """Return where a redirect leads; raise `UrlRejected` where that is no address."""
    try:
        return urljoin(url, location).partition("#")[0]
    except ValueError:
        raise UrlRejected("The address redirects to something that is not a URL.") from None


def _header(answer: httpcore.Response, wanted: bytes) -> str:
    return next((value for name, value in answer.headers if name.lower() == wanted), b"").decode("latin-1")


def _last_part(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])
