"""API keys in Redis, and the sessions of browsers that have signed in with one.

Keys: `keys` set of ids; `key:{id}` hash of the record as JSON and the time of its last use; `session:{sha256}` the
id of the key that opened it, which expires; `key:{id}:sessions` list of those that a key opened. Keys and session
tokens themselves are never stored.
"""

import secrets
from datetime import datetime, timedelta
from typing import cast

from redis import Redis
from redis.exceptions import ResponseError

from ..errors import InvalidKey, KeyNotFound
from ..full import takes_no_writes
from ..records import readable, texts
from ..times import utc_now
from .keys import KeyRecord, hashed, id_of

_INDEX = "keys"
_USED_EVERY = timedelta(minutes=1)
SESSIONS = 20
"""How many browsers one key may sign in; one more ends the oldest session."""
_OPEN_SESSION = """
-- KEYS: session:{sha256}, key:{id}:sessions; ARGV: id of the key, seconds, how many at most
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('RPUSH', KEYS[2], KEYS[1])
redis.call('EXPIRE', KEYS[2], 31 * 24 * 3600)
while redis.call('LLEN', KEYS[2]) > tonumber(ARGV[3]) do redis.call('DEL', redis.call('LPOP', KEYS[2])) end
"""
# Not for a key that was revoked meanwhile: it would come back, empty.
_NOTE_USE = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'used', ARGV[1]) end"


class KeyStore:
    """The only reader and writer of keys; safe to share between threads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._note_use = redis.register_script(_NOTE_USE)
        self._open_session = redis.register_script(_OPEN_SESSION)

    def add(self, record: KeyRecord) -> None:
        """Store the record of a new key."""
        pipeline = self._redis.pipeline()
        pipeline.hset(_key(record.id), "record", record.model_dump_json())
        pipeline.sadd(_INDEX, record.id)
        pipeline.execute()

    def get(self, key_id: str) -> KeyRecord:
        """Return the record.

        Raises:
            KeyNotFound: there is none.
        """
        text = self._redis.hget(_key(key_id), "record")
        if text is None:
            raise KeyNotFound(f"There is no key {key_id!r}; `photochrom keys list` shows the existing ones.")
        return KeyRecord.model_validate_json(cast("bytes", text))

    def listed(self) -> list[tuple[KeyRecord, datetime | None]]:
        """Return all keys with the times of their last uses (to the minute), the oldest first."""
        ids = texts(self._redis.smembers(_INDEX))
        pipeline = self._redis.pipeline(transaction=False)
        for key_id in ids:
            pipeline.hmget(_key(key_id), "record", "used")
        rows = cast("list[tuple[bytes | None, bytes | None]]", pipeline.execute())
        used = {key_id: row[1] for key_id, row in zip(ids, rows, strict=True)}
        records = sorted(
            readable(KeyRecord, (row[0] for row in rows)), key=lambda key: (key.created_at, key.id)
        )
        return [(record, _time(used[record.id])) for record in records]

    def alive(self, now: datetime | None = None) -> list[KeyRecord]:
        """Return the keys that are valid now, or at another time."""
        now = now or utc_now()
        return [record for record, _ in self.listed() if not record.expired(now)]

    def revoke(self, key_id: str) -> KeyRecord:
        """Delete the key: from now on it is refused, and so are the sessions that it opened.

        Raises:
            KeyNotFound: there is none.
        """
        record = self.get(key_id)
        pipeline = self._redis.pipeline()
        pipeline.delete(_key(key_id), f"{_key(key_id)}:sessions")
        pipeline.srem(_INDEX, key_id)
        pipeline.execute()
        return record

    def authenticate(self, token: str) -> KeyRecord:
        """Return the record of the key that was presented, and note its use.

        Raises:
            InvalidKey: it is not a key, or it is unknown, revoked or expired.
        """
        key_id = id_of(token)
        record = self._alive(key_id) if key_id else None
        if record is None or not record.matches(token):
            raise InvalidKey("This key is not valid: it may be mistyped, revoked or expired.")
        return record

    def open_session(self, record: KeyRecord, longest: timedelta) -> tuple[str, timedelta]:
        """Return the token of a new session of this key, and how long it lasts: no longer than the key.

        If there are more than `SESSIONS`, the oldest ends.
        """
        lasts = min(longest, record.expires_at - utc_now()) if record.expires_at else longest
        token = secrets.token_urlsafe(32)
        self._open_session(
            keys=[_session(token), f"{_key(record.id)}:sessions"],
            args=[record.id, max(1, int(lasts.total_seconds())), SESSIONS],
        )
        return token, lasts

    def of_session(self, token: str) -> KeyRecord:
        """Return the record of the key that opened the session.

        Raises:
            InvalidKey: there is no such session (any more), or its key is revoked.
        """
        key_id = cast("bytes | None", self._redis.get(_session(token)))
        record = self._alive(key_id.decode()) if key_id else None
        if record is None:
            raise InvalidKey("This session has ended; sign in with a key again.")
        return record

    def close_session(self, token: str) -> None:
        """End the session; no error if it has ended already."""
        self._redis.delete(_session(token))

    def _alive(self, key_id: str) -> KeyRecord | None:
        text, used = cast("list[bytes | None]", self._redis.hmget(_key(key_id), ["record", "used"]))
        record = next(iter(readable(KeyRecord, [text])), None)
        now = utc_now()
        if record is None or record.expired(now):
            return None
        if (last := _time(used)) is None or now - last >= _USED_EVERY:
            self._note(key_id, now)
        return record

    def _note(self, key_id: str, now: datetime) -> None:
        try:
            self._note_use(keys=[_key(key_id)], args=[now.isoformat()])
        except ResponseError as error:
            if not takes_no_writes(error):
                raise


def _time(text: bytes | None) -> datetime | None:
    return datetime.fromisoformat(text.decode()) if text else None


def _key(key_id: str) -> str:
    return f"key:{key_id}"


def _session(token: str) -> str:
    return f"session:{hashed(token)}"
