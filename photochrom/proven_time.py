"""The time by which things are deleted: what the wall clocks say, as far as that much time has passed.

A wall clock may run ahead, by a month if somebody mistypes a date, and what it lets expire is gone for good. So whoever
deletes asks here first, and judges by the very answer: wall clock and passed time are compared in the step that takes
it, and no clock that jumps before, meanwhile or after makes it wrong.

Passed time is counted in the queue, by all processes together: each adds what its own machine's clock since boot has
counted since that machine's last look. A machine that has just booted, or is new, adds nothing yet. What the wall
clocks are ahead of the count is their offset. The believed offset makes the answer. A larger one (a clock has run
ahead, or the service was off while its machine was) is believed after an hour in which no look contradicted it; a
smaller one at once. Of the asking machine's clock and the queue server's the one that is behind counts.

Keys: `time` hash of the microseconds counted and the believed offset; `time:machines` hash of each machine's own clock
and the count at its last look; `time:offsets` sorted set of the offsets that wait, by the count when they were seen.
"""

import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, cast

from redis import Redis

from .ids import new_id

_log = logging.getLogger(__name__)

DOUBT = timedelta(hours=1)
"""How long an unexplained step forward has to last: usually a wrong clock is corrected soon."""
# What is no jump: clocks of machines that differ a little, a handover between machines, many small corrections.
_TOLERANCE = timedelta(minutes=1)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/time")

# Also where the server's memory is full: who asks is about to make room.
_LOOK = """#!lua flags=allow-oom
-- KEYS: time, time:machines, time:offsets; ARGV: machine, its clock since boot, its wall clock, doubt, tolerance;
-- numbers are whole microseconds, and never written in the 14 digits of Lua
-- Returns the proven time, and by how much the wall clocks are ahead of it if this is the first look that shows it.
local function whole(number) return string.format('%.0f', number) end
local server = redis.call('TIME')
local own, wall = tonumber(ARGV[2]), math.min(tonumber(ARGV[3]), server[1] * 1000000 + server[2])
local doubt, tolerance = tonumber(ARGV[4]), tonumber(ARGV[5])
local known = redis.call('HMGET', KEYS[1], 'passed', 'offset')
local passed = tonumber(known[1] or 0)

local last = redis.call('HGET', KEYS[2], ARGV[1])
local before, count = string.match(last or '', '(%d+) (%d+)')
before, count = tonumber(before), tonumber(count)
if before then passed = math.max(passed, count + own - before) end
-- A process that was slow must not set its machine's clock back; a machine restored from a snapshot may.
if not before or own > before or own < before - tolerance then
    redis.call('HSET', KEYS[2], ARGV[1], whole(own) .. ' ' .. whole(passed))
end
if not before and redis.call('HLEN', KEYS[2]) > 100 then
    local all = redis.call('HGETALL', KEYS[2])
    for i = 1, #all, 2 do
        local seen = tonumber(string.match(all[i + 1], ' (%d+)'))
        if passed - seen > 24 * doubt then redis.call('HDEL', KEYS[2], all[i]) end
    end
end

local offset = wall - passed
local believed = tonumber(known[2] or offset)
if offset < believed - tolerance then believed = offset end
local waiting = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
local largest = believed
for i = 1, #waiting, 2 do
    local seen = tonumber(waiting[i])
    if seen > offset + tolerance then redis.call('ZREM', KEYS[3], waiting[i])
    else
        largest = math.max(largest, seen)
        if passed - tonumber(waiting[i + 1]) >= doubt then
            believed = math.max(believed, seen)
            redis.call('ZREM', KEYS[3], waiting[i])
        end
    end
end
local fresh = offset > largest + tolerance
if fresh then redis.call('ZADD', KEYS[3], whole(passed), whole(offset)) end
redis.call('HSET', KEYS[1], 'passed', whole(passed), 'offset', whole(believed))
return {whole(math.min(wall, passed + believed)), fresh and whole(offset - believed) or '0'}
"""


class Reading(NamedTuple):
    """What a machine's clocks say at one moment."""

    machine: str
    """Names the machine's present run: clocks since boot compare only within it."""
    since_boot: float
    """Seconds; goes on while the machine sleeps, where the system counts that."""
    wall: float
    """Seconds since 1970."""


class ProvenTime:
    """Tells the time by which may be deleted; for any process that has the queue."""

    def __init__(self, redis: Redis) -> None:
        self._look = redis.register_script(_LOOK)

    def now(self) -> datetime:
        """Look at the clocks and return the time, in UTC: never ahead of them, behind while a step is in doubt.

        Raises:
            ConnectionError, TimeoutError: of Redis.
        """
        machine, since_boot, wall = read_clocks()
        numbers = (since_boot, wall, DOUBT.total_seconds(), _TOLERANCE.total_seconds())
        found = self._look(
            keys=["time", "time:machines", "time:offsets"],
            args=[machine, *(int(seconds * 1_000_000) for seconds in numbers)],
        )
        proven, doubtful = (int(number) / 1_000_000 for number in cast("list[bytes]", found))
        if doubtful:
            _log.warning(
                "The clock is %.0f s ahead of the time that is known to have passed; what expired in between is "
                "deleted if it still says so in an hour",
                doubtful,
            )
        return datetime.fromtimestamp(proven, UTC)


def read_clocks() -> Reading:
    """Read this machine's clocks."""
    # The wall clock last: what has been dated by it before the call lies before the answer.
    since_boot = _since_boot()
    return Reading(_machine(), since_boot, time.time())


def _since_boot() -> float:
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


def _machine() -> str:
    try:
        # A container may have a clock since boot of its own.
        return f"{_BOOT_ID.read_text().strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return _PROCESS


_PROCESS = new_id()
