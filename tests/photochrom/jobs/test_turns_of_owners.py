"""Owners take turns in the queue, whoever came first and however many each sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from photochrom.jobs.turns_of_owners import TurnsOfOwners

QUEUE = "rq:queue:photochrom"


class Line:
    """The queue as RQ and its workers use it."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.turns, self.count = redis, TurnsOfOwners(redis, QUEUE), 0

    def put(self, owner: str) -> str:
        self.count += 1
        entry = f"{owner}{self.count:05}"
        self.redis.rpush(QUEUE, entry)
        self.turns.place(entry, owner)
        return entry

    def take(self) -> str:
        taken = self.redis.lpop(QUEUE)
        return "" if taken is None else taken.decode()

    def waiting(self) -> list[str]:
        return [entry.decode() for entry in self.redis.lrange(QUEUE, 0, -1)]


@pytest.fixture
def line(redis: Redis) -> Line:
    return Line(redis)


def test_one_of_another_owner_waits_for_one_not_for_hundreds(line: Line) -> None:
    for _ in range(300):
        line.put("alice")
    bobs = [line.put("bob") for _ in range(2)]
    assert [line.waiting().index(bob) for bob in bobs] == [1, 3]
    line.take()
    carols = line.put("carol")
    assert line.waiting().index(carols) <= 2


def test_an_owner_alone_and_jobs_of_nobody_stay_in_their_order(line: Line, redis: Redis) -> None:
    put = [line.put("alice") for _ in range(50)]
    assert line.waiting() == put
    redis.flushall()
    put = [line.put("") for _ in range(50)]
    assert line.waiting() == put
    assert redis.keys("queue:*") == []


def test_what_a_worker_took_meanwhile_is_not_put_back(line: Line, redis: Redis) -> None:
    line.put("alice")
    line.put("alice")
    redis.rpush(QUEUE, "bob-taken")
    redis.lrem(QUEUE, 1, "bob-taken")
    line.turns.place("bob-taken", "bob")
    assert "bob-taken" not in line.waiting()


def test_an_owner_who_was_there_yesterday_waits_no_longer_today(line: Line) -> None:
    for _ in range(20):
        line.put("alice")
    while line.take():
        pass
    line.put("bob")
    line.put("bob")
    alices = line.put("alice")
    assert line.waiting().index(alices) == 1


@given(st.lists(st.sampled_from(["alice", "bob", "carol", "take", "lose"]), max_size=60))
def test_nothing_is_lost_or_doubled_and_each_owner_s_own_order_holds(
    valkey_url: str, steps: list[str]
) -> None:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
        line, expected = Line(redis), list[str]()
        for step in steps:
            if step == "take":
                taken = line.take()
                assert not taken or taken == next(entry for entry in expected if entry[:3] == taken[:3])
                expected = [entry for entry in expected if entry != taken]
            elif step == "lose" and (waiting := line.waiting()):
                # Canceled by its owner.
                redis.lrem(QUEUE, 1, waiting[len(waiting) // 2])
                expected.remove(waiting[len(waiting) // 2])
            elif step != "lose":
                expected.append(line.put(step))
            assert sorted(line.waiting()) == sorted(expected)
