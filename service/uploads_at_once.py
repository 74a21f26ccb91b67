"""How many uploads one owner may send at a time: each is a file on our disk before anything is counted."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from photochrom.errors import TooManyUploads

from .caller import Caller


class UploadsAtOnce:
    """Counts those of this process; for one event loop."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._coming: Counter[str] = Counter()

    @contextmanager
    def one(self, caller: Caller) -> Iterator[None]:
        """Have one more upload of the caller's under way.

        Raises:
            TooManyUploads: its owner has as many as it may; without keys nobody tells owners apart, nor counts.
        """
        if caller.key is None or self._limit is None:
            yield
            return
        if self._coming[caller.owner] >= self._limit:
            raise TooManyUploads(
                f"{self._limit} uploads of this key's owner are under way; send the next one when one is done."
            )
        self._coming[caller.owner] += 1
        try:
            yield
        finally:
            self._coming[caller.owner] -= 1
            if not self._coming[caller.owner]:
                del self._coming[caller.owner]
