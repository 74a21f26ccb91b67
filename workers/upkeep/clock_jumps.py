"""Detects clock jumps: a clock set by hand, by NTP after hours without it, or by a restored virtual machine.

Leases, locks and expiries use the wall clocks of the workers and the queue's server, because processes on several
machines share no other clock. The monotonic clock measures elapsed time; where the two differ, a clock has jumped.
"""

import logging
import time

from redis import Redis

_log = logging.getLogger(__name__)
# More than NTP corrects by slewing, less than any heartbeat timeout.
_JUMP_SECONDS = 3.0


class JumpWatch:
    """Compares the wall clocks of this machine and of the queue's server with the elapsed time."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._before = self._offsets()

    def jumped(self) -> float:
        """Return the seconds by which a clock has jumped since the last call, negative for backward; usually 0."""
        before, self._before = self._before, self._offsets()
        most = max((now - then for now, then in zip(self._before, before, strict=True)), key=abs)
        if abs(most) < _JUMP_SECONDS:
            return 0.0
        _log.warning("A clock has jumped by %.0f s; checks of leases and expiries wait a little", most)
        return most

    def _offsets(self) -> tuple[float, float]:
        seconds, micros = self._redis.time()
        passed = time.monotonic()
        return time.time() - passed, seconds + micros / 1e6 - passed


def shorten(redis: Redis, key: str, seconds: int) -> None:
    """Shorten a key's remaining life to at most `seconds`: it may be hours when the server's clock went back."""
    if redis.pttl(key) > seconds * 1000:
        redis.expire(key, seconds)
