"""A store that hangs: it takes connections and never answers."""

import socket
import threading
from contextlib import suppress


class Silent:
    """A server that takes every connection and says nothing."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._server.getsockname()[1]
        self.taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                self.taken.append(self._server.accept()[0])

    def end(self) -> None:
        """Close all, so that whoever waits hears of it; else they would wait for half a minute."""
        self._server.shutdown(socket.SHUT_RDWR)
        for each in (self._server, *self.taken):
            each.close()
