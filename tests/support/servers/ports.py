"""Ports for servers that are told theirs before they start."""

import random
import socket

# Below those that Linux gives to outgoing connections (from 32,768): one of these, taken from `bind(0)`, can be a
# connection's own by the time the server listens.
_PORTS = range(20_000, 32_768)
# Not the module's own generator: property tests seed that, and all processes of a run would draw the same.
_CHANCE = random.SystemRandom()
_HELD: list[socket.socket] = []


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on, and that no other process gets from here.

    It is held by its UDP namesake until this process ends.
    """
    while True:
        port = _CHANCE.choice(_PORTS)
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            held.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            held.close()
            continue
        _HELD.append(held)
        return port
