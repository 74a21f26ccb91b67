from datetime import timedelta

import pytest
from redis import Redis

from photochrom.access.key_store import KeyStore
from photochrom.access.keys import KeyRecord, Scope
from photochrom.errors import InvalidKey, KeyNotFound
from photochrom.times import utc_now


@pytest.fixture
def keys(redis: Redis) -> KeyStore:
    return KeyStore(redis)


def added(keys: KeyStore, name: str = "n", age: int = 0, **lives: timedelta) -> tuple[KeyRecord, str]:
    now = utc_now() - timedelta(days=age)
    expires_at = now + lives["lives"] if lives else None
    record, token = KeyRecord.generate(name, frozenset({Scope.READ}), created_at=now, expires_at=expires_at)
    keys.add(record)
    return record, token


def test_a_key_is_told_by_what_is_kept_of_it(keys: KeyStore) -> None:
    record, token = added(keys)
    assert keys.authenticate(token) == record == keys.get(record.id)
    with pytest.raises(InvalidKey):
        keys.authenticate(token[:-1] + ("0" if token[-1] != "0" else "1"))


def test_its_use_is_noted_to_the_minute(keys: KeyStore, redis: Redis) -> None:
    record, token = added(keys)
    [(_, never)] = keys.listed()
    keys.authenticate(token)
    [(_, used)] = keys.listed()
    assert never is None
    assert used is not None
    redis.hset(f"key:{record.id}", "used", (utc_now() - timedelta(minutes=2)).isoformat())
    keys.authenticate(token)
    [(_, again)] = keys.listed()
    assert again is not None
    assert again >= used


def test_the_list_is_in_order_and_stands_what_a_newer_version_wrote(keys: KeyStore, redis: Redis) -> None:
    names = [added(keys, name, age)[0].name for age, name in ((3, "a"), (2, "b"), (1, "c"))]
    redis.sadd("keys", "unknown")
    redis.hset("key:unknown", "record", b'{"id": 1}')
    assert [record.name for record, _ in keys.listed()] == names


def test_a_revoked_key_is_gone_with_its_sessions_and_does_not_come_back(keys: KeyStore, redis: Redis) -> None:
    record, token = added(keys)
    session, _ = keys.open_session(record, timedelta(hours=1))
    assert keys.of_session(session) == record
    assert keys.revoke(record.id) == record
    keys._note_use(keys=[f"key:{record.id}"], args=["now"])
    assert not redis.exists(f"key:{record.id}")
    for call, shown in ((keys.authenticate, token), (keys.of_session, session)):
        with pytest.raises(InvalidKey):
            call(shown)
    with pytest.raises(KeyNotFound):
        keys.revoke(record.id)
    assert keys.listed() == []


def test_a_session_lasts_no_longer_than_its_key(keys: KeyStore) -> None:
    record, _ = added(keys, lives=timedelta(minutes=5))
    assert keys.open_session(record, timedelta(days=30))[1] <= timedelta(minutes=5)
    session, lasts = keys.open_session(record, timedelta(minutes=1))
    assert lasts == timedelta(minutes=1)
    keys.close_session(session)
    with pytest.raises(InvalidKey):
        keys.of_session(session)
    keys.close_session(session)
