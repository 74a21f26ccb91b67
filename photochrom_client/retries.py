"""When a call is retried: exponential backoff with jitter, and the server's Retry-After."""

import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from photochrom.errors import PhotochromError

from .errors import ApiError, ConnectionFailed

T = TypeVar("T")
# With these statuses the server has done nothing; with others it may have done the work and lost the answer.
_NOT_BEGUN = (408, 429, 503)
_PASSING = (408, 429, 502, 503, 504)


@dataclass(frozen=True)
class Retries:
    """The client's limits for retries.

    Attributes:
        patience: seconds from the first failure of a call until it is given up; 0 never retries.
        first: seconds of the first pause, approximately; each further one is twice as long.
        longest: seconds of the longest pause, unless the server asks for more.
    """

    patience: float = 60.0
    first: float = 0.25
    longest: float = 8.0

    def pause(self, failures: int, retry_after: float | None) -> float:
        """Return the seconds to wait after so many failures in a row; random, so that clients spread."""
        # Beyond 2 ** 30 the power only costs time, and finally overflows.
        backoff = min(self.longest, self.first * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1)  # noqa: S311
        return max(backoff, (retry_after or 0) * random.uniform(1, 1.1))  # noqa: S311

    def persist(
        self,
        call: Callable[[], T],
        wait: Callable[[PhotochromError, float], None],
        *,
        repeatable: bool = True,
    ) -> T:
        """Make the call until it succeeds, fails for good, or patience runs out; `wait` gets the error and seconds.

        `repeatable` says that a call whose answer was lost may be made again without harm.

        Raises:
            ApiError: an answer that a retry does not change, or the last answer when patience ran out.
            ConnectionFailed: there was no answer when patience ran out.
        """
        give_up: float | None = None
        for failures in itertools.count(1):
            try:
                return call()
            except (ApiError, ConnectionFailed) as error:
                if not _may_pass(error, repeatable):
                    raise
                pause = self.pause(failures, error.retry_after)
                give_up = give_up or time.monotonic() + self.patience
                if time.monotonic() + pause > give_up:
                    raise
                wait(error, pause)
        raise AssertionError("itertools.count has no end")


def _may_pass(error: ApiError | ConnectionFailed, repeatable: bool) -> bool:
    if isinstance(error, ConnectionFailed):
        return repeatable or not error.reached
    return error.status in (_PASSING if repeatable else _NOT_BEGUN)
