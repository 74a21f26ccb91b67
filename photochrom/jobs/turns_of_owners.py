"""Turns between owners: one photograph waits for one of each other owner, not for thousands of one owner.

RQ's queue remains a list; an entry that was just added is moved ahead of the entries of later rounds. An owner's first
waiting job belongs to the current round, the second to the next one, and so on. Jobs without an owner stay in the
order in which they came.
"""

from redis import Redis

_PLACE = """
-- KEYS: the queue, queue:rounds (its entries by their rounds), queue:owners (the last round of each owner)
-- ARGV: an entry that was just added at the end, its owner
local queue, rounds, owners, entry, owner = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
local head = redis.call('LINDEX', queue, 0)
if not head or head == entry then redis.call('DEL', rounds, owners) end
local now = math.floor(head and tonumber(redis.call('ZSCORE', rounds, head) or 0) or 0)
redis.call('ZREMRANGEBYSCORE', rounds, '-inf', '(' .. now)
local round = math.max(now, tonumber(redis.call('HGET', owners, owner) or -1) + 1)
redis.call('HSET', owners, owner, round)
-- Within a round they stand in the order in which they came: each a little above the one before.
local before = redis.call('ZREVRANGEBYSCORE', rounds, '(' .. round + 1, round, 'WITHSCORES', 'LIMIT', 0, 1)
local at = before[2] and tonumber(before[2]) + 1 / 1048576 or round
redis.call('ZADD', rounds, string.format('%.17g', at), entry)
if not head or head == entry then return end
while true do
    local last = redis.call('ZREVRANGEBYSCORE', rounds, string.format('(%.17g', at), '-inf', 'LIMIT', 0, 1)[1]
    if last and redis.call('LINDEX', queue, -2) == last then return end
    -- A worker may have taken it already.
    if redis.call('LREM', queue, -1, entry) == 0 then return end
    if not last then return redis.call('LPUSH', queue, entry) end
    if redis.call('LINSERT', queue, 'AFTER', last, entry) > 0 then return end
    redis.call('RPUSH', queue, entry)
    redis.call('ZREM', rounds, last)
end
"""


class TurnsOfOwners:
    """Puts entries of the queue in the order of their owners' turns; safe to share between threads and processes."""

    def __init__(self, redis: Redis, queue_key: str) -> None:
        self._place = redis.register_script(_PLACE)
        self._keys = [queue_key, "queue:rounds", "queue:owners"]

    def place(self, entry: str, owner: str) -> None:
        """Move an entry that was just added at the end."""
        if owner:
            self._place(keys=self._keys, args=[entry, owner])
