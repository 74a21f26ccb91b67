"""Rates and quotas, as several API processes share them: nothing is counted twice, and nothing slips through."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from photochrom.access.keys import KeyLimits
from photochrom.access.quotas import Allowance, Charge, Use, midnight
from photochrom.errors import IdempotencyMismatch, QuotaExceeded, TooManyRequests
from photochrom.jobs.store import IdempotencyKey, JobStore
from support.queue.queueing import KEEP, Bench, make_record


@pytest.fixture
def allowance(redis: Redis) -> Allowance:
    return Allowance(redis)


USE = Use(1, 10, 100)


def charge(limits: KeyLimits, use: Use = USE, owner: str = "o") -> Charge:
    return Charge(owner, use, limits, datetime.now(UTC))


def test_a_bucket_empties_and_says_when_there_is_more(allowance: Allowance) -> None:
    left = [allowance.spend("o", 3).left for _ in range(3)]
    assert left == [2, 1, 0]
    with pytest.raises(TooManyRequests) as refused:
        allowance.spend("o", 3)
    assert 15 <= refused.value.retry_after <= 20
    assert allowance.spend("other", 3).left == 2


def test_a_bucket_fills_by_the_servers_clock(allowance: Allowance, redis: Redis) -> None:
    for _ in range(60):
        allowance.spend("o", 60)
    seconds, microseconds = redis.time()
    redis.hset("rate:o", "at", seconds * 1000 + microseconds // 1000 - 10_500)
    rate = allowance.spend("o", 60)
    assert 9 <= rate.left <= 10
    assert 48 <= rate.full_in_seconds <= 52
    redis.hset("rate:o", "at", seconds * 1000 + 10**7)  # a clock that was set back takes nothing away
    assert allowance.spend("o", 60).left in {8, 9}


def test_many_at_once_spend_no_more_than_there_is(redis_url: str) -> None:
    def spends(_: int) -> int:
        with Redis.from_url(redis_url) as redis:
            mine, granted = Allowance(redis), 0
            for _ in range(20):
                try:
                    mine.spend("o", 30)
                except TooManyRequests:
                    continue
                granted += 1
            return granted

    with ThreadPoolExecutor(6) as pool:
        granted = sum(pool.map(spends, range(6)))
    assert 30 <= granted <= 32  # one or two flow in meanwhile


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (KeyLimits(daily_jobs=2), "jobs"),
        (KeyLimits(daily_bytes=29), "bytes"),
        (KeyLimits(daily_pixels=200), "pixels"),
        (KeyLimits(daily_jobs=9, daily_bytes=20, daily_pixels=900), "bytes"),
    ],
)
def test_a_day_takes_so_much_and_no_more(
    bench: Bench, allowance: Allowance, limits: KeyLimits, name: str
) -> None:
    for _ in range(2):
        bench.store.create(make_record(b"x"), None, charge(limits))
    last = make_record(b"x")
    with pytest.raises(QuotaExceeded, match=f"[0-9]+ {name} a day") as refused:
        bench.store.create(last, None, charge(limits))
    assert 1 <= refused.value.retry_after <= 24 * 3600
    assert not bench.store.exists(last.id)
    assert allowance.used("o") == Use(2, 20, 200)
    bench.store.create(last, None, charge(limits, owner="other"))


@given(
    uses=st.lists(st.builds(Use, st.just(1), st.integers(1, 2**40), st.integers(1, 2**40)), max_size=12),
    bounds=st.lists(st.none() | st.integers(0, 2**42), min_size=4, max_size=4),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_that_fits_is_counted_and_nothing_else(
    bench: Bench, allowance: Allowance, uses: list[Use], bounds: list[int | None]
) -> None:
    bench.redis.flushdb()
    limits = KeyLimits(
        daily_jobs=bounds[0], daily_bytes=bounds[1], daily_pixels=bounds[2], daily_actions=bounds[3]
    )
    counted = (0, 0, 0, 0)
    for use in uses:
        after = tuple(map(sum, zip(counted, astuple(use), strict=True)))
        fits = all(bound is None or much <= bound for much, bound in zip(after, bounds, strict=True))
        try:
            bench.store.create(make_record(b"x"), None, charge(limits, use))
        except QuotaExceeded:
            assert not fits
        else:
            assert fits
            counted = after
        assert astuple(allowance.used("o")) == counted


def test_what_is_refused_or_was_there_already_is_not_counted(bench: Bench, allowance: Allowance) -> None:
    key = IdempotencyKey("k", "said")
    one = KeyLimits(daily_jobs=1)
    first = bench.store.create(make_record(b"x"), key, charge(one))
    assert bench.store.create(make_record(b"x"), key, charge(one)).id == first.id
    assert bench.store.create(first, key, charge(one)).id == first.id
    with pytest.raises(IdempotencyMismatch):
        bench.store.create(make_record(b"x"), IdempotencyKey("k", "other"), charge(one))
    assert allowance.used("o") == Use(1, 10, 100)


def test_the_early_look_refuses_only_what_is_used_up(bench: Bench, allowance: Allowance) -> None:
    limits = KeyLimits(daily_jobs=1)
    allowance.check("o", limits)
    bench.store.create(make_record(b"x"), None, charge(limits))
    with pytest.raises(QuotaExceeded):
        allowance.check("o", limits)
    allowance.check("o", KeyLimits())
    with pytest.raises(QuotaExceeded):
        allowance.check("new", KeyLimits(daily_pixels=0))


def test_many_at_once_send_no_more_than_a_day_takes(redis_url: str, redis: Redis) -> None:
    def sends(_: int) -> int:
        with Redis.from_url(redis_url) as own:
            store, accepted = JobStore(own, KEEP), 0
            for _ in range(10):
                try:
                    store.create(make_record(b"x"), None, charge(KeyLimits(daily_jobs=25)))
                except QuotaExceeded:
                    continue
                accepted += 1
            return accepted

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sends, range(4))) == 25
    assert Allowance(redis).used("o").jobs == 25


def test_a_days_count_is_forgotten(bench: Bench, redis: Redis) -> None:
    bench.store.create(make_record(b"x"), None, charge(KeyLimits()))
    [key] = redis.keys("quota:*")
    assert 24 * 3600 < redis.ttl(key) <= 48 * 3600


def test_a_day_ends_at_midnight() -> None:
    assert midnight(datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)) == datetime(2026, 3, 1, tzinfo=UTC)
