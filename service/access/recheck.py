"""Recheck the caller's key or session while a long answer is being sent, since it may be revoked meanwhile."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TypeVar

from starlette.requests import Request

from ..edge.failures import BreaksOff
from .auth import still_admitted

T = TypeVar("T")


async def while_admitted(
    request: Request, chunks: AsyncGenerator[T], seconds: float, *, must_be_whole: bool = False
) -> AsyncIterator[T]:
    """Pass chunks on until the reader's key or session is no longer valid; then end, or abort what must be whole.

    It is checked at intervals of some seconds, when a chunk comes.
    """
    ask_at = time.monotonic() + seconds
    async with aclosing(chunks):
        async for chunk in chunks:
            if time.monotonic() >= ask_at:
                if not await still_admitted(request):
                    if must_be_whole:
                        raise BreaksOff("the key or session that asked for it is no longer valid")
                    return
                ask_at = time.monotonic() + seconds
            yield chunk
