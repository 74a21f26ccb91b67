import random
import socket
import subprocess
import sys

import pytest

from support.servers import ports
from support.servers.ports import free_port


def test_no_port_comes_twice_whatever_the_seed() -> None:
    taken = set()
    for _ in range(100):
        random.seed(0)
        taken.add(free_port())
    assert len(taken) == 100


@pytest.fixture
def two_ports(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Two that are free; nothing else is drawn in this process."""
    first, second = free_port(), free_port()
    for held in ports._HELD[-2:]:
        held.close()
    monkeypatch.setattr(ports, "_PORTS", (first, second))
    return first, second


def test_a_server_s_port_is_passed_over(two_ports: tuple[int, int]) -> None:
    taken, free = two_ports
    with socket.create_server(("127.0.0.1", taken)):
        assert free_port() == free


def test_another_process_port_is_passed_over(two_ports: tuple[int, int]) -> None:
    taken, free = two_ports
    there = "from tests.support.servers import ports"
    holds = f"{there}; ports._PORTS = [{taken}]; print(ports.free_port(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holds], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert int(other.stdout.readline()) == taken
        assert free_port() == free
        other.communicate("\n")


def test_a_server_can_listen_there() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert server.getsockname()[1] in ports._PORTS
