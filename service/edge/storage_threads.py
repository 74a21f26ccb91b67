"""Threads for what waits for the storage, apart from those of all other calls: a store that hangs stops only itself."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from anyio import CancelScope, CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from photochrom.storage.storage import Draft, Storage

# As many as all other calls have.
_THREADS = 40
_threads: RunVar[CapacityLimiter] = RunVar("photochrom_storage_threads")
P = ParamSpec("P")
T = TypeVar("T")


async def on_storage_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function`, which may wait for the storage, and return what it returns."""
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=_limiter())


def waits_for_storage(call: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Have an endpoint run on the storage's threads."""

    @wraps(call)
    async def on_its_thread(*args: P.args, **kwargs: P.kwargs) -> T:
        return await on_storage_thread(call, *args, **kwargs)

    return on_its_thread


async def from_storage(chunks: Iterator[T]) -> AsyncGenerator[T]:
    """Yield what is read from the storage as it comes."""
    end = object()
    while (chunk := await on_storage_thread(next, chunks, end)) is not end:
        yield chunk  # type: ignore[misc]


@asynccontextmanager
async def drafted(storage: Storage) -> AsyncIterator[Draft]:
    """Have a draft, as `Storage.draft` gives it; also its beginning and its end may take their time."""
    context = storage.draft()
    draft = await on_storage_thread(context.__enter__)
    try:
        yield draft
    finally:
        with CancelScope(shield=True):
            await on_storage_thread(context.__exit__, None, None, None)


def _limiter() -> CapacityLimiter:
    try:
        return _threads.get()
    except LookupError:
        limiter = CapacityLimiter(_THREADS)
        _threads.set(limiter)
        return limiter
