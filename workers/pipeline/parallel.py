"""Parts of one photograph on several threads, in order; libraries let go of Python's lock while they compress."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from photochrom.processes.cores import usable_cores

In = TypeVar("In")
Out = TypeVar("Out")
_AHEAD = 2
_threads = 0


def use_threads(count: int) -> None:
    """Set how many threads this process takes for one photograph; 0 is all cores that it may use."""
    global _threads
    _threads = count


def threads() -> int:
    """Return how many threads this process takes for one photograph."""
    return _threads or usable_cores()


def mapped(function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
    """Yield the function of each part, in order; few are held at a time, whatever their number."""
    count = threads()
    if count == 1:
        yield from map(function, parts)
        return
    with ThreadPoolExecutor(count) as pool:
        waiting: deque[Future[Out]] = deque()
        for part in parts:
            waiting.append(pool.submit(function, part))
            if len(waiting) > _AHEAD * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
