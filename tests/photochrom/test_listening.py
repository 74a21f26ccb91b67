import socket
from contextlib import closing

import pytest

from photochrom.listening import addresses, is_unspecified, listen, open_door, reachable


@pytest.mark.parametrize(
    ("host", "found", "reached"),
    [
        ("127.0.0.1", ("127.0.0.1",), "127.0.0.1"),
        ("0.0.0.0", ("0.0.0.0",), "127.0.0.1"),
        ("::", ("0.0.0.0", "::"), "127.0.0.1"),
        ("", ("0.0.0.0", "::"), "127.0.0.1"),
        ("[::1], 127.0.0.1", ("::1", "127.0.0.1"), "::1"),
        ("localhost,localhost", ("localhost",), "localhost"),
    ],
)
def test_one_several_or_all_addresses(host: str, found: tuple[str, ...], reached: str) -> None:
    assert addresses(host) == found
    assert reachable(host) == reached


def test_all_of_this_machine_s_are_known_as_such() -> None:
    assert all(map(is_unspecified, ("0.0.0.0", "::", "0:0::0")))
    assert not any(map(is_unspecified, ("127.0.0.1", "localhost", "::1")))


def test_a_door_is_open_where_others_can_come_in() -> None:
    assert not any(map(open_door, ("127.0.0.1", "localhost", "[::1],127.0.0.1")))
    for host in ("", "0.0.0.0", "127.0.0.1,::", "photos.example"):
        assert f"listen on {host or 'all addresses'} and" in (open_door(host) or "")


@pytest.mark.parametrize("host", ["", "::", "127.0.0.1,::1"])
def test_both_kinds_of_addresses_are_heard_on_one_port(host: str) -> None:
    sockets = listen(host, 0)
    try:
        for one in sockets:
            one.listen()
        (port,) = {one.getsockname()[1] for one in sockets}
        for address in ("127.0.0.1", "::1"):
            with closing(socket.create_connection((address, port), timeout=10)):
                pass
    finally:
        for one in sockets:
            one.close()


def test_a_taken_port_leaves_nothing_bound() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1,::1", port)
        with socket.create_server(("127.0.0.1", port)):
            pass
