"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Call `look` until it returns something true; fail with `what` after `seconds`."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if seen := look():
            return seen
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {seconds} s")
