"""Looks at what the service stands on, for all who ask: one at a time, seldom, and waited for no longer than a moment.

Anybody may ask whether the service is ready. So asking costs neither a thread of other calls, nor a request to the
store for each who asks.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from anyio import CapacityLimiter, to_thread

FRESH_SECONDS = 2.0
"""So long a finding is told again, or shorter."""
DEADLINE_SECONDS = 3.0
"""What has not answered by then counts as hung, until it answers."""
T = TypeVar("T")


class Look(Generic[T]):
    """The last finding of `look`, at most five seconds old; `hung` where it does not come back. For one event loop."""

    def __init__(self, look: Callable[[], T], hung: T, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._look, self._hung, self._fresh = look, hung, fresh_seconds
        self._thread = CapacityLimiter(1)
        self._looking: asyncio.Task[T] | None = None
        self._begun = self._ended = 0.0

    async def found(self) -> T:
        """Return what was found a moment ago, or look."""
        if self._looking is None or (self._looking.done() and time.monotonic() > self._ended + self._fresh):
            self._begun = time.monotonic()
            self._looking = asyncio.create_task(self._run())
        looking = self._looking
        await asyncio.wait({looking}, timeout=max(0.0, self._begun + DEADLINE_SECONDS - time.monotonic()))
        return looking.result() if looking.done() else self._hung

    async def end(self) -> None:
        """Look no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _run(self) -> T:
        try:
            return await to_thread.run_sync(self._look, limiter=self._thread, abandon_on_cancel=True)
        finally:
            self._ended = time.monotonic()
