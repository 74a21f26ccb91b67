"""The Lua scripts of webhooks and deliveries; time is that of Redis, so clocks of machines need not agree.

`webhook:{id}` the record; `webhooks` and `webhooks:items` see `scripts`; `delivery:{id}` hash of revision, state and
record; `webhook:{id}:deliveries`, `webhook:{id}:deliveries:{state}` its deliveries in the order of time;
`webhook:{id}:due` those that are to be sent, by when; one that is being sent comes due again unless it is settled.
"""

_KEEP = """
local function now()
    local time = redis.call('TIME')
    return time[1] + time[2] / 1000000
end
local function keep(webhook, id, record)
    if redis.call('EXISTS', 'webhook:' .. webhook) == 0 then return end
    redis.call('HSET', 'delivery:' .. id, 'revision', 1, 'state', 'pending', 'record', record)
    redis.call('ZADD', 'webhook:' .. webhook .. ':deliveries', 0, id)
    redis.call('ZADD', 'webhook:' .. webhook .. ':deliveries:pending', 0, id)
    redis.call('ZADD', 'webhook:' .. webhook .. ':due', now(), id)
end
"""

FAN_OUT = (
    _KEEP
    + """
-- KEYS: the outbox; ARGV: its first entry, then webhook, delivery, record for each who wants it
-- Returns 1, or 0 when another was faster.
if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[1] then return 0 end
for n = 2, #ARGV, 3 do keep(ARGV[n], ARGV[n + 1], ARGV[n + 2]) end
redis.call('LPOP', KEYS[1])
return 1
"""
)

KEEP = (
    _KEEP
    + """
-- ARGV: webhook, delivery, record
keep(ARGV[1], ARGV[2], ARGV[3])
"""
)

CLAIM = (
    _KEEP
    + """
-- KEYS: webhook:{id}:due; ARGV: how many at most, seconds after which they come due again
-- Returns the records of those that are due.
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now(), 'LIMIT', 0, ARGV[1])
local found = {}
for _, id in ipairs(ids) do
    local record = redis.call('HGET', 'delivery:' .. id, 'record')
    if record then
        redis.call('ZADD', KEYS[1], now() + ARGV[2], id)
        found[#found + 1] = record
    else
        redis.call('ZREM', KEYS[1], id)
    end
end
return found
"""
)

SETTLE = (
    _KEEP
    + """
-- KEYS: webhook:{id}; ARGV: delivery, expected revision, revision, state, record, delay in seconds ("" for none)
-- Returns 1 when written, 0 when somebody was faster or it is gone.
local key, index = 'delivery:' .. ARGV[1], KEYS[1] .. ':deliveries:'
local current = redis.call('HMGET', key, 'revision', 'state')
if current[1] ~= ARGV[2] then return 0 end
redis.call('HSET', key, 'revision', ARGV[3], 'state', ARGV[4], 'record', ARGV[5])
redis.call('ZREM', index .. current[2], ARGV[1])
redis.call('ZADD', index .. ARGV[4], 0, ARGV[1])
if ARGV[6] == '' then redis.call('ZREM', KEYS[1] .. ':due', ARGV[1])
else redis.call('ZADD', KEYS[1] .. ':due', now() + ARGV[6], ARGV[1]) end
return 1
"""
)
