"""SSRF protection (OWASP, server-side request forgery): the service connects to public addresses only.

Whoever may register a webhook, or names a photograph by its address, makes this machine connect to an address of
their choice. So the name is resolved
once, each of its addresses is checked, and the connection goes to one of those same addresses. A name that resolves
differently the next time (DNS rebinding) changes nothing. TLS and the Host header keep the name.
"""

import asyncio
import logging
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from httpcore import (
    SOCKET_OPTION,
    AnyIOBackend,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    ConnectTimeout,
)

from photochrom.errors import PhotochromError, WebhookRejected

_log = logging.getLogger(__name__)
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_URL_LENGTH = 2048
# A lookup cannot be broken off, and who runs a name server can have it hang.
_LOOKUPS, _OF_ONE_PARTY = 32, 8
_SCHEMES = {"https": 443, "http": 80}
# The ports of the web; other ports belong to other protocols.
PORTS = (443, 80, 8443)
# Of IPv6 only global unicast is public (IANA), except these, which `ipaddress` of older Pythons does not know.
_GLOBAL_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_REFUSED = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # protocol assignments, RFC 6890
            # Public by their number, but each cloud answers its own machines there:
            "168.63.129.16/32",  # Azure's host, learn.microsoft.com: "What is IP address 168.63.129.16?"
            "161.26.0.0/16",  # IBM Cloud's services for its machines, cloud.ibm.com/docs: "Service endpoints"
            "166.8.0.0/14",  # the same
            "192.88.99.0/24",  # relays of 6to4, RFC 7526
            "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking, RFC 2928
            "2002::/16",  # 6to4: an IPv4 address behind a relay, RFC 7526
            "3fff::/20",  # documentation, RFC 9637
        ),
    )
)


class AddressRefused(ConnectError):
    """The name resolves to an address that is not public."""


def check_url(
    url: str,
    *,
    allow_http: bool,
    allowed: Iterable[Network] = (),
    ports: Collection[int] = PORTS,
    settings: str = "PHOTOCHROM_WEBHOOK",
    refusal: type[PhotochromError] = WebhookRejected,
) -> str:
    """Return the URL if we may connect to it, as far as can be checked without resolving its name.

    Args:
        url: as the caller gave it.
        allow_http: whether plain http will do.
        allowed: networks that are permitted though not public.
        ports: those that may be reached elsewhere.
        settings: how the names of the settings begin that permit more.
        refusal: the error to raise.

    Raises:
        refusal: it is not a plain http(s) URL, or names an address or a port that is refused.
    """
    allowed = tuple(allowed)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise refusal("The address is not a URL; give one like https://photos.example.org/.") from None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _URL_LENGTH
    if not plain or parts.scheme not in _SCHEMES or not host or "@" in parts.netloc or parts.fragment:
        raise refusal(
            "Give an https URL in ASCII with a host, without user name and fragment, at most 2,048 characters long."
        )
    if parts.scheme == "http" and not allow_http:
        raise refusal(f"Give an https URL; plain http needs {settings}_ALLOW_HTTP=true.")
    # A name in a permitted network may have any port; whether it is in that network is checked on connecting.
    if (port or _SCHEMES[parts.scheme]) not in ports and not allowed:
        raise refusal(
            f"Give one of the ports {', '.join(map(str, ports))}; {settings}_PORTS can permit others."
        )
    if _is_refused_literal(host, allowed):
        raise refusal(f"That address is not public; {settings}_ALLOWED_NETWORKS can permit it.")
    return url


def is_refused(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Return whether nothing may be sent there: it is not public and not in a permitted network."""
    inner = _inner(address)
    if _is_permitted(address, allowed):
        return False
    if isinstance(inner, IPv6Address) and inner not in _GLOBAL_UNICAST:
        return True
    return not inner.is_global or inner.is_multicast or any(inner in network for network in _REFUSED)


def _is_permitted(address: Address, allowed: Iterable[Network]) -> bool:
    inner = _inner(address)
    return any(inner in network or address in network for network in allowed)


def _inner(address: Address) -> Address:
    """Return the IPv4 address inside a mapped (RFC 4291) or translated (NAT64, RFC 6052) one, else the address."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_refused_literal(host: str, allowed: Sequence[Network]) -> bool:
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        name = "127.0.0.1"
    try:
        return is_refused(ip_address(name), allowed)
    except ValueError:
        return False


class PinnedNetwork(AsyncNetworkBackend):
    """Connects only to the addresses that were checked."""

    def __init__(
        self, resolve: Resolve, allowed: Iterable[Network] = (), ports: Collection[int] = PORTS
    ) -> None:
        self._resolve = resolve
        self._allowed = tuple(allowed)
        self._ports = ports
        self._network = AnyIOBackend()
        self._party = ""
        self._lookups: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_OF_ONE_PARTY)
        )

    def of(self, party: str) -> "PinnedNetwork":
        """Return the network for one party, whose lookups leave threads to those of others."""
        mine = copy(self)
        mine._party = party
        return mine

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            AddressRefused: one of the addresses may not be sent to.
            ConnectError, ConnectTimeout: the name has no address, or none answers; `timeout` is for each of them.
        """
        addresses = await self._checked(host, port)
        for n, address in enumerate(addresses, start=1):
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (ConnectError, ConnectTimeout):
                if n == len(addresses):
                    raise
        raise ConnectError("The name has no address.")

    async def _checked(self, host: str, port: int) -> list[Address]:
        try:
            addresses = [ip_address(found) for found in await self._looked_up(host, port)]
        except (OSError, UnicodeError) as error:
            raise ConnectError("The name cannot be resolved.") from error
        for address in addresses:
            # One private address is enough to refuse: a legitimate name does not resolve both inside and outside.
            if is_refused(address, self._allowed) or not self._may_use(port, address):
                # Only the operator learns which address: the caller could map the network with it.
                _log.warning(
                    "No connection to %s, port %d: it resolves to %s, which is not public",
                    host,
                    port,
                    address,
                )
                raise AddressRefused("The name resolves to an address that is not public.")
        return addresses

    async def _looked_up(self, host: str, port: int) -> Sequence[str]:
        """Resolve a name; who gives up waiting leaves the thread at work, so it counts until it has ended."""
        room = self._lookups[self._party]
        await room.acquire()
        lookup = asyncio.ensure_future(self._resolve(host, port))
        lookup.add_done_callback(lambda _: room.release())
        # Its error is heard where nobody waits for it any more, too.
        lookup.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return await asyncio.shield(lookup)

    def _may_use(self, port: int, address: Address) -> bool:
        return port in self._ports or _is_permitted(address, self._allowed)


def system_resolver(threads: int = _LOOKUPS) -> Resolve:
    """Return a resolver that uses the operating system's on its own threads: a dead name server blocks nothing else."""
    executor = ThreadPoolExecutor(threads, thread_name_prefix="resolver")

    def look_up(host: str, port: int) -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(where[0]) for *_, where in found))

    async def resolve(host: str, port: int) -> list[str]:
        return await asyncio.get_running_loop().run_in_executor(executor, look_up, host, port)

    return resolve
