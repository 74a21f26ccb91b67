"""How many archives are unpacked at a time: each takes a thread, and a core, for minutes."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter

from photochrom.errors import TooManyArchives

from .caller import Caller


class ArchivesAtOnce:
    """Counts those of this process, and leaves one turn to others than the owner of a key; for one event loop."""

    def __init__(self, limit: int) -> None:
        self.threads = CapacityLimiter(limit)
        """Threads that archives are unpacked on: not those that all other calls share."""
        self._owners: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(max(1, limit - 1))
        )

    def refuse_if_busy(self, caller: Caller) -> None:
        """Refuse before an archive is sent.

        Raises:
            TooManyArchives: there is no turn free, of all or of the caller's owner.
        """
        mine = caller.key is not None and self._owners[caller.owner].locked()
        if mine or not self.threads.available_tokens:
            whose = "archives of this key's owner" if mine else "archives"
            raise TooManyArchives(f"Other {whose} are being unpacked; try again when they are done.")

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """Wait until the caller's owner may unpack one more; without keys nobody tells owners apart."""
        if caller.key is None:
            yield
            return
        async with self._owners[caller.owner]:
            yield
