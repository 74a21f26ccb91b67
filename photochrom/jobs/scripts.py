"""The Lua scripts by which records and their indexes change together, or not at all.

Keys (Redis runs them on one node; they are computed inside the scripts):
`job:{id}` hash of revision, state, owner, dispatch and the record as JSON; `jobs`, `jobs:{state}` sorted sets of
ids with equal scores, so in the order of the ids, which is that of time; `jobs:handed` the unfinished ones that
belong in the queue or at a worker, so all but those that wait in their batch; `jobs:expiry` ids by their next expiry.
`batch:{id}` hash of the batch's record, its owner, whether it is open or paused, and its number of events;
`batch:{id}:jobs`, `batch:{id}:jobs:{state}` as above; `batch:{id}:held` items that wait for their turn in the
queue; `batches:held` the batches that may have such items; `batches:series` those whose series are still to be formed;
`batches:open:{owner}` an owner's batches that still take
items; `batch:{id}:out` the items that are in the queue or at a worker; `owner:{owner}:jobs`,
`owner:{owner}:jobs:{state}` and `owner:{owner}:batches` the same lists for one owner of API keys. `told` in
`batch:{id}` is the final state that was announced, "" while the batch is not finished; `ends` counts
how often it finished.

`idempotency:{key}` holds the id that a call with this key made; `idempotency:expiry` holds these keys by the time of
their deletion: the server's own expiry would delete all of them at once when its clock runs ahead.

Events for webhooks go into the list `webhooks:outbox` in the same step that makes them true, so none is lost and none
is made twice. They are written only if somebody listens: `webhooks` holds all endpoints, `webhooks:items` those
that also want the events of a batch's items. `meters` is a hash of numbers, for monitoring (see `counters`).

Scripts marked with `_MAKES_ROOM` also run when Redis' memory is full: they delete, or are steps of deleting.
"""

from ..access.quotas import TAKE

OUTBOX_MOST = 100_000
"""At most this many events wait for the webhook dispatcher (35 MB); each further one removes the oldest."""
_MAKES_ROOM = "#!lua flags=allow-oom\n"

_INDEX = (
    f"local OUTBOX_MOST = {OUTBOX_MOST}\n"
    + """
local function index(id, batch, owner, old, new)
    local prefixes = {'jobs'}
    if batch ~= '' then table.insert(prefixes, 'batch:' .. batch .. ':jobs') end
    if owner and owner ~= '' then table.insert(prefixes, 'owner:' .. owner .. ':jobs') end
    for _, prefix in ipairs(prefixes) do
        if old then redis.call('ZREM', prefix .. ':' .. old, id) else redis.call('ZADD', prefix, 0, id) end
        if new then redis.call('ZADD', prefix .. ':' .. new, 0, id) else redis.call('ZREM', prefix, id) end
    end
end
local function turn(id, batch, what)
    if what == '' then return end
    if what == 'hold' and batch == '' then redis.call('ZADD', 'jobs:handed', 0, id)
    else redis.call('ZREM', 'jobs:handed', id) end
    if batch == '' then return end
    if what == 'hold' then
        redis.call('ZADD', 'batch:' .. batch .. ':held', 0, id)
        redis.call('SADD', 'batches:held', batch)
    else
        local held = 'batch:' .. batch .. ':held'
        if redis.call('ZREM', held, id) == 1 and redis.call('ZCARD', held) == 0 then
            redis.call('SREM', 'batches:held', batch)
        end
        redis.call('SREM', 'batch:' .. batch .. ':out', id)
    end
end
local function announce(event, listeners)
    if event == '' or redis.call('EXISTS', listeners) == 0 then return end
    -- While no dispatcher runs, the oldest are removed: a receiver that missed events has to list the jobs anyway.
    if redis.call('RPUSH', 'webhooks:outbox', event) > OUTBOX_MOST then
        redis.call('LPOP', 'webhooks:outbox')
        redis.call('HINCRBY', 'meters', '["events_lost"]', 1)
    end
end
local function count(added)
    if added == '' then return end
    for field, number in pairs(cjson.decode(added)) do redis.call('HINCRBYFLOAT', 'meters', field, number) end
end
local function tell(id, batch)
    redis.call('PUBLISH', 'jobs:changed', id)
    if batch ~= '' and redis.call('EXISTS', 'batch:' .. batch) == 1 then
        redis.call('HINCRBY', 'batch:' .. batch, 'events', 1)
        redis.call('PUBLISH', 'jobs:changed', batch)
    end
end
"""
)

_BIND = """
local function bind(key, binding, seconds)
    redis.call('SET', key, binding)
    redis.call('ZADD', 'idempotency:expiry', redis.call('TIME')[1] + seconds, key)
end
"""

_END_BATCH = """
local function over(key, counts)
    local known = redis.call('HMGET', key, 'open', 'record')
    if not known[2] or known[1] == '1' then return false end
    for _, state in ipairs({'queued', 'running', 'retrying', 'canceling'}) do
        if counts[state] > 0 then return false end
    end
    local record = cjson.decode(known[2])
    if record.canceled_at ~= cjson.null then return 'canceled' end
    -- Its photographs have colours, but the set of them is still to be made.
    if record.series == 'due' and counts.succeeded > 0 then return false end
    return counts.failed + counts.canceled > 0 and 'completed_with_errors' or 'completed'
end
local function end_batch(batch)
    local key = 'batch:' .. batch
    local told = redis.call('HGET', key, 'told') or ''
    if told == 'deleted' then return end
    local counts = {}
    local states = 'queued running retrying canceling succeeded failed canceled expired'
    for state in string.gmatch(states, '%a+') do
        counts[state] = redis.call('ZCARD', key .. ':jobs:' .. state)
    end
    local state = over(key, counts)
    if not state then
        if told ~= '' then redis.call('HSET', key, 'told', '') end
        return
    end
    if told == state or (told ~= '' and state ~= 'canceled') then return end
    redis.call('HSET', key, 'told', state)
    local now = redis.call('TIME')
    announce(cjson.encode({
        id = 'evt_' .. batch .. '_' .. redis.call('HINCRBY', key, 'ends', 1),
        type = 'batch.' .. state,
        at = tonumber(now[1]),
        owner = redis.call('HGET', key, 'owner') or '',
        subject = {id = batch, state = state, counts = counts},
    }), 'webhooks')
end
"""

SILENCE_BATCH = (
    _MAKES_ROOM
    + """
-- KEYS: batch:{id}; ARGV: its number of events as the caller knows it, or ""
-- Returns 1, and the batch's end is no longer announced; 0 when there is no such batch, and nothing is written then;
-- -1 when the batch has changed since, and nothing is written either.
if redis.call('HEXISTS', KEYS[1], 'record') == 0 then return 0 end
if ARGV[1] ~= '' and ARGV[1] ~= redis.call('HGET', KEYS[1], 'events') then return -1 end
redis.call('HSET', KEYS[1], 'told', 'deleted')
return 1
"""
)

WRITE_BATCH = (
    _MAKES_ROOM
    + """
-- KEYS: batch:{id}; ARGV: id, record, whether it is open, whether it is paused, owner, whether to cancel its items
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'open', ARGV[3], 'paused', ARGV[4], 'owner', ARGV[5])
redis.call('HINCRBY', KEYS[1], 'events', 1)
if ARGV[6] == '1' then redis.call('SADD', 'batches:canceling', ARGV[1]) end
if ARGV[3] == '0' then redis.call('SREM', 'batches:open:' .. ARGV[5], ARGV[1]) end
"""
)
END_BATCH = (
    _MAKES_ROOM
    + _INDEX
    + _END_BATCH
    + """
-- ARGV: batch. Announces the batch's end if all its items have finished.
end_batch(ARGV[1])
"""
)

WRITE = (
    _INDEX
    + _END_BATCH
    + """
-- KEYS: job:{id}; ARGV: id, batch ("" for none), expected revision, revision, state, record,
-- expiry ("" for none), turn ("hold", "drop" or ""), a set that must hold the batch ("" for none), dispatch,
-- event ("" for none), what is added to the meters ("" for nothing)
-- Returns 1 when written, 0 when another process changed the record first, -1 when the batch is not in the set.
local id, batch = ARGV[1], ARGV[2]
local current = redis.call('HMGET', KEYS[1], 'revision', 'state', 'owner')
if current[1] ~= ARGV[3] then return 0 end
if ARGV[9] ~= '' and redis.call('SISMEMBER', ARGV[9], batch) == 0 then return -1 end
redis.call('HSET', KEYS[1], 'revision', ARGV[4], 'state', ARGV[5], 'record', ARGV[6], 'dispatch', ARGV[10])
if current[2] ~= ARGV[5] then index(id, batch, current[3], current[2], ARGV[5]) end
if ARGV[7] == '' then redis.call('ZREM', 'jobs:expiry', id)
else redis.call('ZADD', 'jobs:expiry', ARGV[7], id) end
turn(id, batch, ARGV[8])
announce(ARGV[11], batch == '' and 'webhooks' or 'webhooks:items')
count(ARGV[12])
if ARGV[8] ~= '' and batch ~= '' then end_batch(batch) end
tell(id, batch)
return 1
"""
)

CREATE = (
    _INDEX
    + _BIND
    + TAKE
    + """
-- KEYS: job:{id}, idempotency:{key}, quota:{owner}:{day}
-- ARGV: id, batch, state, record, binding ("" for none), seconds to keep it, dispatch, owner ("" for none), the item
-- of the batch that it is cut from ("" for none): while that runs a closed batch takes it, too, unless it is canceled;
-- with quotas also the seconds to keep their counts, then name, amount and limit ("" for none) of each quota
-- Returns false when created, else the binding that exists, or "closed", or "quota:" and the quota that is exhausted.
local id, batch = ARGV[1], ARGV[2]
-- Ids are never used twice: this is a repeat of the same call, whose first answer was lost.
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
if ARGV[5] ~= '' then
    local bound = redis.call('GET', KEYS[2])
    if bound and redis.call('EXISTS', 'job:' .. string.match(bound, '^[^ ]+')) == 1 then return bound end
end
if batch ~= '' then
    local known = redis.call('HMGET', 'batch:' .. batch, 'open', 'record')
    local cutting = known[2] and redis.call('ZSCORE', 'batch:' .. batch .. ':jobs:running', ARGV[9])
    if known[1] ~= '1' and not (cutting and cjson.decode(known[2]).canceled_at == cjson.null) then return 'closed' end
end
local refused = too_much(KEYS[3], 11)
if refused then return refused end
take(KEYS[3], 11)
if ARGV[5] ~= '' then bind(KEYS[2], ARGV[5], ARGV[6]) end
redis.call('HSET', KEYS[1], 'revision', 1, 'state', ARGV[3], 'record', ARGV[4], 'dispatch', ARGV[7],
    'owner', ARGV[8])
index(id, batch, ARGV[8], nil, ARGV[3])
turn(id, batch, 'hold')
tell(id, batch)
return false
"""
)

DELETE = (
    _MAKES_ROOM
    + _INDEX
    + _END_BATCH
    + """
-- KEYS: job:{id}; ARGV: id, batch, expected revision, the key by which its name in the batch leads to it ("" for none)
local id, batch = ARGV[1], ARGV[2]
local current = redis.call('HMGET', KEYS[1], 'revision', 'state', 'owner')
if current[1] ~= ARGV[3] then return 0 end
redis.call('DEL', KEYS[1])
-- Nobody else of this name has it: while there was a record, the name led there.
local bound = ARGV[4] ~= '' and redis.call('GET', ARGV[4])
if bound and string.match(bound, '^[^ ]+') == id then
    redis.call('DEL', ARGV[4])
    redis.call('ZREM', 'idempotency:expiry', ARGV[4])
end
index(id, batch, current[3], current[2], nil)
redis.call('ZREM', 'jobs:expiry', id)
turn(id, batch, 'drop')
-- It may have been the last item that the batch waited for.
if batch ~= '' then end_batch(batch) end
tell(id, batch)
return 1
"""
)

CREATE_BATCH = (
    _BIND
    + """
-- KEYS: batch:{id}, idempotency:{key}; ARGV: id, record, time of its deletion, binding ("" for none),
-- seconds to keep that, owner ("" for none), how many may be open ("" for any number)
-- Returns false when created, else the binding that exists, or "many" when too many are open.
if ARGV[4] ~= '' then
    local bound = redis.call('GET', KEYS[2])
    if bound and redis.call('EXISTS', 'batch:' .. string.match(bound, '^[^ ]+')) == 1 then return bound end
end
if ARGV[7] ~= '' and redis.call('SCARD', 'batches:open:' .. ARGV[6]) >= tonumber(ARGV[7]) then return 'many' end
if ARGV[4] ~= '' then bind(KEYS[2], ARGV[4], ARGV[5]) end
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'open', 1, 'owner', ARGV[6], 'events', 1)
if ARGV[6] ~= '' then redis.call('SADD', 'batches:open:' .. ARGV[6], ARGV[1]) end
redis.call('ZADD', 'batches', 0, ARGV[1])
if cjson.decode(ARGV[2]).series == 'due' then redis.call('SADD', 'batches:series', ARGV[1]) end
if ARGV[6] ~= '' then redis.call('ZADD', 'owner:' .. ARGV[6] .. ':batches', 0, ARGV[1]) end
redis.call('ZADD', 'batches:expiry', ARGV[3], ARGV[1])
return false
"""
)

FORGET_BINDINGS = """
-- ARGV: a time, how many at most. Deletes the idempotency keys that expired by then; returns how many.
local keys = redis.call('ZRANGEBYSCORE', 'idempotency:expiry', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, key in ipairs(keys) do
    redis.call('DEL', key)
    redis.call('ZREM', 'idempotency:expiry', key)
end
return #keys
"""

NEXT_TURN = """
-- KEYS: batch:{id}:held, batch:{id}:out, batch:{id}; ARGV: how many of its items may be in the queue at once
-- Returns the id of the item whose turn it is; false if there is none, or while the batch is paused.
if redis.call('HGET', KEYS[3], 'paused') == '1' then return false end
if redis.call('SCARD', KEYS[2]) >= tonumber(ARGV[1]) then return false end
local first = redis.call('ZPOPMIN', KEYS[1])
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('SREM', 'batches:held', string.sub(KEYS[3], 7)) end
if not first[1] then return false end
redis.call('SADD', KEYS[2], first[1])
redis.call('ZADD', 'jobs:handed', 0, first[1])
return first[1]
"""

HOLD = """
-- KEYS: batch:{id}:held, batch:{id}:out, batch:{id}, job:{id}; ARGV: id of the job
-- Puts an item back among those that wait; returns 1, or 0 when the batch is not paused or the item is not queued.
if redis.call('HGET', KEYS[3], 'paused') ~= '1' or redis.call('HGET', KEYS[4], 'state') ~= 'queued' then return 0 end
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('ZREM', 'jobs:handed', ARGV[1])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('SADD', 'batches:held', string.sub(KEYS[3], 7))
return 1
"""

NAMED = """
-- ARGV: keys of the storage, in each of which the second part is a job's id.
-- Returns the keys that the record of their job names. No key contains a character that JSON escapes.
local named = {}
for _, key in ipairs(ARGV) do
    local record = redis.call('HGET', 'job:' .. (string.match(key, '^[^/]*/([^/]*)') or ''), 'record')
    if record and string.find(record, '"' .. key .. '"', 1, true) then named[#named + 1] = key end
end
return named
"""

RETRYABLE = """
-- KEYS: a sorted set of ids; ARGV: where to begin, as ZRANGEBYLEX takes it; how many to look at
-- Returns the last id looked at ("" when there was none), and how many of these jobs have an original that is kept.
-- An original that is gone has an empty key, and nothing else in a record has one: JSON escapes the quotes of texts.
local ids, count = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2]), 0
for _, id in ipairs(ids) do
    local record = redis.call('HGET', 'job:' .. id, 'record')
    if record and not string.find(record, '"key":""', 1, true) then count = count + 1 end
end
return {ids[#ids] or '', count}
"""

UNDELIVERED = """
-- KEYS: a sorted set of ids; ARGV: where to begin, as ZRANGEBYLEX takes it; how many to look at
-- Returns the last id looked at ("" when there was none), then the ids that RQ is not going to run.
local ids = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
local found = {ids[#ids] or ''}
for _, id in ipairs(ids) do
    local dispatch = redis.call('HGET', 'job:' .. id, 'dispatch') or ''
    local status = redis.call('HGET', 'rq:job:' .. id .. '-' .. dispatch, 'status')
    if status ~= 'queued' and status ~= 'started' then found[#found + 1] = id end
end
return found
"""
