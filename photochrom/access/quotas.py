"""Rate limit and quotas of an owner: requests by token bucket; photographs, bytes, pixels, actions by the day (UTC).

The daily quotas count everything that needs a worker or stays in Redis. Photographs are what needs a worker: uploads,
retries and suggestions. Actions are the rest: a new batch, and an event sent to a webhook on request.

Both are counted in Lua scripts, so that any number of API processes count as one; a photograph is counted by the
script that accepts it, and the rest is given back where it is refused, so what is refused is not counted. Keys:
`rate:{owner}` hash of the bucket's level and its time; `quota:{owner}:{day}` hash of jobs, bytes, pixels and actions.
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
TAKE = """
local function too_much(key, from)
    for i = from, #ARGV, 3 do
        local used = tonumber(redis.call('HGET', key, ARGV[i]) or 0)
        if ARGV[i + 2] ~= '' and used + ARGV[i + 1] > tonumber(ARGV[i + 2]) then return 'quota:' .. ARGV[i] end
    end
    return false
end
local function take(key, from)
    for i = from, #ARGV, 3 do redis.call('HINCRBY', key, ARGV[i], ARGV[i + 1]) end
    if ARGV[from - 1] then redis.call('EXPIRE', key, ARGV[from - 1]) end
end
"""
"""Lua that counts a charge: from ARGV[from] on name, amount and limit of each, before it the seconds to keep them."""

_CHARGE = (
    TAKE
    + """
-- KEYS: quota:{owner}:{day}; ARGV as above. Returns false when counted, or "quota:" and what would be too much.
local refused = too_much(KEYS[1], 2)
if not refused then take(KEYS[1], 2) end
return refused
"""
)
_KEPT_SECONDS = 2 * 24 * 3600


_VERBS = {"actions": "take"}


@dataclass(frozen=True)
class Rate:
    """The state of an owner's bucket after a request."""

    limit: int
    left: int
    full_in_seconds: int


@dataclass(frozen=True)
class Use:
    """Photographs, their bytes and their pixels; and actions."""

    jobs: int = 0
    bytes: int = 0
    pixels: int = 0
    actions: int = 0


@dataclass(frozen=True)
class Charge:
    """What something uses of its owner's day; a photograph counts when, and only when, it is accepted."""

    owner: str
    use: Use
    limits: KeyLimits
    at: datetime

    @property
    def key(self) -> str:
        """The key of the day's count in Redis."""
        return _key(self.owner, self.at)

    def arguments(self) -> list[str | int]:
        """Return what `scripts.CREATE` takes: seconds to keep the count; name, amount and limit of each."""
        bounds = limits_by_name(self.limits)
        rows = [(name, amount, bounds[name]) for name, amount in asdict(self.use).items() if amount]
        return [_KEPT_SECONDS, *("" if part is None else part for row in rows for part in row)]

    def refusal(self, name: str) -> QuotaExceeded:
        """Return the error for the quota of this name."""
        limit = limits_by_name(self.limits)[name]
        return QuotaExceeded(
            f"This key may {_VERBS.get(name, 'send')} {limit} {name} a day (UTC), and this is more; "
            "GET /v1/limits says what is left. Go on tomorrow, or ask the operator for more.",
            retry_after=max(1, int((midnight(self.at) - self.at).total_seconds())),
        )


class Allowance:
    """Counts requests and reports the counts; safe to share between threads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._spend = redis.register_script(_SPEND)
        self._charge = redis.register_script(_CHARGE)

    def spend(self, owner: str, per_minute: int) -> Rate:
        """Take one request from the owner's bucket.

        Raises:
            TooManyRequests: it is empty; the error says after how many seconds it is not.
        """
        granted, left, wait, full = cast("list[int]", self._spend(keys=[f"rate:{owner}"], args=[per_minute]))
        if not granted:
            raise TooManyRequests(
                f"This key may make {per_minute} requests a minute; try again after the seconds in Retry-After.",
                retry_after=-(-wait // 1000),
            )
        return Rate(limit=per_minute, left=left, full_in_seconds=-(-full // 1000))

    def charge(self, owner: str, use: Use, limits: KeyLimits) -> Charge:
        """Count anything but an upload: the script that accepts an upload counts it.

        Raises:
            QuotaExceeded: it is more than the owner may use on this day.
        """
        charge = Charge(owner, use, limits, datetime.now(UTC))
        if refused := cast("bytes | None", self._charge(keys=[charge.key], args=charge.arguments())):
            raise charge.refusal(refused.decode().removeprefix("quota:"))
        return charge

    def give_back(self, charge: Charge) -> None:
        """Count it no more: what it was for has not happened."""
        for name, amount in asdict(charge.use).items():
            if amount:
                self._redis.hincrby(charge.key, name, -amount)

    def check(self, owner: str, limits: KeyLimits) -> None:
        """Refuse early what cannot be accepted: every photograph has at least a byte and a pixel.

        Raises:
            QuotaExceeded: one of the day's quotas is used up.
        """
        sent = limits.model_copy(update={"daily_actions": None})
        bounds = {name: bound for name, bound in limits_by_name(sent).items() if bound is not None}
        used = asdict(self.used(owner)) if bounds else {}
        for name, bound in bounds.items():
            if used[name] >= bound:
                raise Charge(owner, Use(), limits, datetime.now(UTC)).refusal(name)

    def used(self, owner: str) -> Use:
        """Return what the owner has used today."""
        found = cast("Mapping[bytes, bytes]", self._redis.hgetall(_key(owner, datetime.now(UTC))))
        return Use(**{name.decode(): int(value) for name, value in found.items()})


def limits_by_name(limits: KeyLimits) -> dict[str, int | None]:
    """Return the daily limits by the names of `Use`."""
    return {
        "jobs": limits.daily_jobs,
        "bytes": limits.daily_bytes,
        "pixels": limits.daily_pixels,
        "actions": limits.daily_actions,
    }


def midnight(now: datetime) -> datetime:
    """Return the end of the day."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _key(owner: str, now: datetime) -> str:
    return f"quota:{owner}:{now:%Y-%m-%d}"
