"""What maintenance found and the operator should know: numbers in Redis, shown by `/metrics`."""

from typing import cast

from redis import Redis

_KEY = "findings"
OWNED = "owned"
"""1 if the storage is proven to be ours, else 0."""
LEFT = "left"
"""Files that no job names and that the last search left in place, because they were too many."""
UNREADABLE = "unreadable"
"""How often a record could not be read when it expired: once a day for each."""


class Findings:
    """The latest number of each kind."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def note(self, name: str, number: int) -> None:
        """Store a number in place of the last one."""
        self._redis.hset(_KEY, name, number)

    def add(self, name: str, number: int) -> None:
        """Count on."""
        self._redis.hincrby(_KEY, name, number)

    def read(self) -> dict[str, int]:
        """Return the numbers that were noted, by name."""
        found = cast("dict[bytes, bytes]", self._redis.hgetall(_KEY))
        return {name.decode(): int(number) for name, number in found.items()}
