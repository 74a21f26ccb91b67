"""Which addresses a service listens on: one, several with commas between, or all of this machine's."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from ipaddress import ip_address

_ALL = ("0.0.0.0", "::")  # noqa: S104 - asked for


def addresses(host: str) -> tuple[str, ...]:
    """Return the addresses or names; nothing and `::` are all addresses, of IPv4 and IPv6."""
    named = [part.strip().strip("[]") for part in host.split(",")]
    found = [address for part in named for address in (_ALL if part in ("", "::") else (part,))]
    return tuple(dict.fromkeys(found))


def is_unspecified(address: str) -> bool:
    """Tell whether an address stands for all of this machine's."""
    try:
        return ip_address(address).is_unspecified
    except ValueError:
        return False


def is_loopback(address: str) -> bool:
    """Return whether an address or a name is this machine's for itself."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def open_door(host: str) -> str | None:
    """Return why a service that asks nobody who they are must not listen on `host`: others can reach it."""
    if all(map(is_loopback, addresses(host))):
        return None
    return (
        f"Photochrom would listen on {host or 'all addresses'} and ask nobody who they are. "
        "Set PHOTOCHROM_AUTH=keys and make a key with `photochrom keys create`, "
        "or PHOTOCHROM_AUTH=none if everybody who can reach it may use it."
    )


def reachable(host: str) -> str:
    """Return an address at which this machine reaches what listens on `host`."""
    first = addresses(host)[0]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(first, first)  # noqa: S104 - compared, not bound


def listen(host: str, port: int) -> list[socket.socket]:
    """Return bound sockets for all addresses; with port 0 all have the same free one.

    Raises:
        OSError: an address is not of this machine, or the port is taken; a machine without IPv6 does without it where
            all addresses are meant.
    """
    wanted = addresses(host)
    with ExitStack() as bound:
        sockets: list[socket.socket] = []
        for address in wanted:
            with suppress(*_lacking_ipv6(address, sockets)):
                for found in _bound(address, port):
                    sockets.append(bound.enter_context(found))
                    port = port or found.getsockname()[1]
        bound.pop_all()
        return sockets


def _lacking_ipv6(address: str, sockets: list[socket.socket]) -> tuple[type[OSError], ...]:
    return (_NoIPv6,) if address == "::" and sockets else ()


class _NoIPv6(OSError):
    """This machine has no IPv6."""


def _bound(address: str, port: int) -> Iterator[socket.socket]:
    seen = set()
    for family, kind, protocol, _, where in socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        if (family, where) in seen:
            continue
        seen.add((family, where))
        if family == socket.AF_INET6 and not _has_ipv6():
            raise _NoIPv6(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                # Each family has a socket of its own, whatever the system's default is.
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(where)
        except OSError:
            made.close()
            raise
        yield made


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
