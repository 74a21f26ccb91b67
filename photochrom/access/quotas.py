"""What an owner of keys may take: requests by a token bucket; photographs, bytes and pixels by the day (UTC).

Both are counted in Lua scripts, so that any number of API processes count as one; a photograph is counted by the
script that accepts it, so what is refused is never counted. Keys: `rate:{owner}` hash of the bucket's level and its
time; `quota:{owner}:{day}` hash of jobs, bytes and pixels.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from redis import Redis

from ..errors import QuotaExceeded, TooManyRequests
from .keys import KeyLimits

_SPEND = """
-- KEYS: the bucket; ARGV: its size, which is also what flows in within a minute
-- Returns whether there was one token, how many are left, and the milliseconds until there is one and until it is full.
-- The time is the server's: those of the API's machines may differ.
local time = redis.call('TIME')
local now, size = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[1])
local flow = size / 60000
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = size
if bucket[1] then level = math.min(size, bucket[1] + math.max(0, now - bucket[2]) * flow) end
local granted = 0
if level >= 1 then granted, level = 1, level - 1 end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', now)
redis.call('PEXPIRE', KEYS[1], 120000)
return {granted, math.floor(level), math.ceil(math.max(0, 1 - level) / flow), math.ceil((size - level) / flow)}
"""
_KEPT_SECONDS = 2 * 24 * 3600


@dataclass(frozen=True)
class Rate:
    """How an owner's bucket stands after a request."""

    limit: int
    left: int
    full_in_seconds: int


@dataclass(frozen=True)
class Use:
    """Photographs, their bytes and their pixels."""

    jobs: int = 0
    bytes: int = 0
    pixels: int = 0


@dataclass(frozen=True)
class Charge:
    """What one photograph takes from its owner's day; counted when, and only when, it is accepted."""

    owner: str
    use: Use
    limits: KeyLimits
    at: datetime

    @property
    def key(self) -> str:
        """The day's count in Redis."""
        return _key(self.owner, self.at)

    def arguments(self) -> list[str | int]:
        """Return what `scripts.CREATE` takes: seconds to keep the count; name, amount and limit of each."""
        bounds = limits_by_name(self.limits)
        rows = [(name, amount, bounds[name]) for name, amount in asdict(self.use).items()]
        return [_KEPT_SECONDS, *("" if part is None else part for row in rows for part in row)]

    def refusal(self, name: str) -> QuotaExceeded:
        """Return the error for the quota of this name."""
        limit = limits_by_name(self.limits)[name]
        return QuotaExceeded(
            f"This key may send {limit} {name} a day (UTC), and this is more; GET /v1/limits says what is left. "
            "Go on tomorrow, or ask the operator for more.",
            retry_after=max(1, int((midnight(self.at) - self.at).total_seconds())),
        )


class Allowance:
    """Counts requests, and tells what was counted; safe to share between threads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._spend = redis.register_script(_SPEND)

    def spend(self, owner: str, per_minute: int) -> Rate:
        """Take one request out of the owner's bucket.

        Raises:
            TooManyRequests: it is empty; the error says in how many seconds it is not.
        """
        granted, left, wait, full = cast("list[int]", self._spend(keys=[f"rate:{owner}"], args=[per_minute]))
        if not granted:
            raise TooManyRequests(
                f"This key may make {per_minute} requests a minute; go on when Retry-After says so.",
                retry_after=-(-wait // 1000),
            )
        return Rate(limit=per_minute, left=left, full_in_seconds=-(-full // 1000))

    def check(self, owner: str, limits: KeyLimits) -> None:
        """Refuse early what cannot be accepted: any photograph has a byte and a pixel.

        Raises:
            QuotaExceeded: one of the day's quotas is used up.
        """
        bounds = {name: bound for name, bound in limits_by_name(limits).items() if bound is not None}
        used = asdict(self.used(owner)) if bounds else {}
        for name, bound in bounds.items():
            if used[name] >= bound:
                raise Charge(owner, Use(), limits, datetime.now(UTC)).refusal(name)

    def used(self, owner: str) -> Use:
        """Return what the owner has taken today."""
        found = cast("Mapping[bytes, bytes]", self._redis.hgetall(_key(owner, datetime.now(UTC))))
        return Use(**{name.decode(): int(value) for name, value in found.items()})


def limits_by_name(limits: KeyLimits) -> dict[str, int | None]:
    """Return the daily limits by the names of `Use`."""
    return {"jobs": limits.daily_jobs, "bytes": limits.daily_bytes, "pixels": limits.daily_pixels}


def midnight(now: datetime) -> datetime:
    """Return the end of the day."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _key(owner: str, now: datetime) -> str:
    return f"quota:{owner}:{now:%Y-%m-%d}"
