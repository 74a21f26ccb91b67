"""Answers that outlive keys: while one is sent, who asked for it is looked at again and again."""

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
    """Pass chunks on until the reader's key or session is over; then end, or break off what must be whole.

    It is looked at every so many seconds, when a chunk comes.
    """
    ask_at = time.monotonic() + seconds
    async with aclosing(chunks):
        async for chunk in chunks:
            if time.monotonic() >= ask_at:
                if not await still_admitted(request):
                    if must_be_whole:
                        raise BreaksOff("the key or session that asked for it is over")
                    return
                ask_at = time.monotonic() + seconds
            yield chunk
