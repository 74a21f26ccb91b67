"""Clocks that jump: set by hand, by NTP after hours without it, by a restored virtual machine.

Leases, locks and expiries are told by the wall clocks of workers and queue server, because processes of several
machines share no other. Time that passes is told by the monotonic clock; where the two differ, a clock has jumped.
"""

import logging
import time

from redis import Redis

_log = logging.getLogger(__name__)
# More than NTP corrects by slewing, less than any heartbeat's patience.
_JUMP_SECONDS = 3.0


class JumpWatch:
    """Compares the wall clocks of this machine and of the queue's server with the time that has passed."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._before = self._offsets()

    def jumped(self) -> float:
        """Return the seconds by which a clock has jumped since the last call, negative for backward; mostly 0."""
        before, self._before = self._before, self._offsets()
        most = max((now - then for now, then in zip(self._before, before, strict=True)), key=abs)
        if abs(most) < _JUMP_SECONDS:
            return 0.0
        _log.warning("A clock has jumped by %.0f s; what is judged by it waits a little", most)
        return most

    def _offsets(self) -> tuple[float, float]:
        seconds, micros = self._redis.time()
        passed = time.monotonic()
        return time.time() - passed, seconds + micros / 1e6 - passed


def shorten(redis: Redis, key: str, seconds: int) -> None:
    """Let a key live for `seconds` at most: its end is hours away when the server's clock went back."""
    if redis.pttl(key) > seconds * 1000:
        redis.expire(key, seconds)
