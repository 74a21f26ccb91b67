"""A bound on the head of an answer: what a hostile server says before its answer begins is parsed on the event loop.

Informational answers (100 to 199) may come without end, a thousand to the packet, and all are parsed before anything
else has its turn. So a head is read in small pieces, and no more of it than any honest server says.
"""

import ssl
from collections.abc import Iterable
from typing import Any

from httpcore import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream, ReadError

MOST_BYTES = 128 << 10
_PIECE = 2 << 10


class BoundedHead(AsyncNetworkBackend):
    """Connects by another backend; for one request."""

    def __init__(self, network: AsyncNetworkBackend) -> None:
        self._network = network
        self._left: int | None = MOST_BYTES

    def is_here(self) -> None:
        """Say that the head has been read; what follows has the bounds of a body."""
        self._left = None

    def most(self, asked: int) -> int:
        """Return how many bytes may be read at once.

        Raises:
            ReadError: the head is too long.
        """
        if self._left is None:
            return asked
        if self._left <= 0:
            raise ReadError("The head of the answer is too long.")
        return min(asked, _PIECE)

    def count(self, read: int) -> None:
        """Note that so many bytes were read."""
        if self._left is not None:
            self._left -= read

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect; raises as the other backend does."""
        return _Stream(
            await self._network.connect_tcp(host, port, timeout, local_address, socket_options), self
        )


class _Stream(AsyncNetworkStream):
    def __init__(self, stream: AsyncNetworkStream, head: BoundedHead) -> None:
        self._stream, self._head = stream, head

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._stream.read(self._head.most(max_bytes), timeout)
        self._head.count(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._head)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
