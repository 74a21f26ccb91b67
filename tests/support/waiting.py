"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Call `look` until it returns something true; fail with `what` after `seconds`."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < seconds:
        if seen := look():
            return seen
        # Seen late by a tenth of the wait at most: each look costs a service and this process milliseconds of CPU.
        time.sleep(min(max(0.02, waited / 10), 0.1))
    raise AssertionError(f"{what}: not within {seconds} s")
