"""Nothing is deleted by a clock that has run ahead, whoever looks and whenever; what is due still goes."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from photochrom import proven_time
from photochrom.proven_time import DOUBT, ProvenTime, Reading, read_clocks
from support.queue.proven_time import Machines, machines_of

MONTH = timedelta(days=31)
EXACTLY = timedelta(milliseconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Machines:
    return machines_of(monkeypatch)


@pytest.fixture
def proven(redis: Redis) -> ProvenTime:
    return ProvenTime(redis)


def near(one: datetime, other: datetime, within: timedelta = EXACTLY) -> bool:
    return abs(one - other) <= within


def test_what_was_dated_before_the_call_lies_before_the_answer(redis: Redis) -> None:
    """By the real clocks, of this machine and of the server."""
    proven = ProvenTime(redis)
    for _ in range(50):
        before = datetime.now(UTC)
        assert before - EXACTLY <= proven.now() <= datetime.now(UTC)


def test_time_that_passes_is_proven(proven: ProvenTime, machines: Machines) -> None:
    for spell in (timedelta(0), timedelta(seconds=5), timedelta(hours=40)):
        machines.pass_by(spell)
        assert near(proven.now(), machines.wall_time)


@pytest.mark.parametrize("steps", [1, 3])
def test_a_jump_right_before_the_look_is_not_believed(
    proven: ProvenTime, machines: Machines, steps: int
) -> None:
    """Nobody has looked in between: the very look that would delete has to find it out."""
    proven.now()
    for _ in range(steps):
        machines.pass_by(MINUTE)
        machines.jump(MONTH)
        assert near(proven.now(), machines.true_time)


def test_a_jump_is_believed_after_an_hour(
    proven: ProvenTime, machines: Machines, caplog: pytest.LogCaptureFixture
) -> None:
    proven.now()
    machines.jump(MONTH)
    proven.now()
    machines.pass_by(DOUBT - MINUTE)
    assert near(proven.now(), machines.true_time)
    machines.pass_by(MINUTE)
    assert near(proven.now(), machines.wall_time)
    assert caplog.text.count("The clock is 2678400 s ahead") == 1


def test_an_hour_counts_only_from_when_the_jump_was_seen(proven: ProvenTime, machines: Machines) -> None:
    proven.now()
    machines.pass_by(10 * DOUBT)
    machines.jump(MONTH)
    assert near(proven.now(), machines.true_time)


def test_a_clock_that_is_put_right_within_the_hour_leaves_nothing_behind(
    proven: ProvenTime, machines: Machines
) -> None:
    proven.now()
    machines.jump(MONTH)
    proven.now()
    machines.pass_by(DOUBT / 2)
    machines.jump(-MONTH)
    assert near(proven.now(), machines.true_time)
    machines.pass_by(DOUBT)
    machines.jump(MONTH)
    assert near(proven.now(), machines.true_time)


def test_a_clock_that_goes_back_is_believed_at_once_and_its_return_is_not(
    proven: ProvenTime, machines: Machines
) -> None:
    """Of the two times it has told nobody knows which was right."""
    proven.now()
    machines.jump(-MONTH)
    assert near(proven.now(), machines.wall_time)
    machines.jump(MONTH)
    assert near(proven.now(), machines.true_time - MONTH)
    machines.pass_by(DOUBT)
    assert near(proven.now(), machines.true_time)


def test_a_process_that_starts_after_the_jump_knows_what_came_before(
    redis: Redis, machines: Machines
) -> None:
    ProvenTime(redis).now()
    machines.pass_by(MINUTE)
    machines.jump(MONTH)
    assert near(ProvenTime(redis).now(), machines.true_time)


def test_a_restart_of_the_service_holds_nothing_up(redis: Redis, machines: Machines) -> None:
    """The machine's clock since boot has gone on."""
    ProvenTime(redis).now()
    machines.pass_by(timedelta(days=3))
    assert near(ProvenTime(redis).now(), machines.wall_time)


def test_after_a_restart_of_the_machine_only_what_fell_due_meanwhile_waits_an_hour(
    proven: ProvenTime, machines: Machines
) -> None:
    proven.now()
    off = timedelta(days=3)
    machines.pass_by(off)
    machines.work_on("first, booted anew")
    assert near(proven.now(), machines.true_time - off)
    machines.pass_by(DOUBT)
    assert near(proven.now(), machines.wall_time)


def test_a_machine_that_runs_for_minutes_a_day_still_lets_things_expire(
    proven: ProvenTime, machines: Machines
) -> None:
    """Each start adds another doubt; the old ones go on to be settled."""
    proven.now()
    for day in range(1, 12):
        machines.pass_by(timedelta(days=1))
        machines.work_on(f"booted on day {day}")
        proven.now()
        machines.pass_by(DOUBT / 3)
        proven.now()
    assert machines.wall_time - proven.now() < timedelta(days=4)


def test_of_several_machines_one_whose_clock_alone_is_ahead_is_never_believed(
    proven: ProvenTime, machines: Machines
) -> None:
    proven.now()
    for _ in range(100):
        machines.pass_by(MINUTE)
        machines.work_on("first")
        proven.now()
        machines.work_on("second")
        machines.jump(MONTH)
        assert proven.now() <= machines.true_time
        machines.jump(-MONTH)


def test_a_machine_that_joins_neither_stops_nor_hastens_the_count(
    proven: ProvenTime, machines: Machines
) -> None:
    proven.now()
    for number in range(5):
        machines.pass_by(timedelta(seconds=5))
        machines.work_on(f"machine {number}")
        assert machines.true_time - MINUTE <= proven.now() <= machines.true_time
    machines.work_on("first")
    assert near(proven.now(), machines.true_time)


def test_a_look_that_comes_late_does_not_hasten_the_count(
    proven: ProvenTime, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may be kept waiting between its reading of the clocks and the queue's answer."""
    proven.now()
    for _ in range(20):
        late = machines.read()
        machines.pass_by(MINUTE / 2)
        proven.now()
        with monkeypatch.context() as waiting:
            waiting.setattr(proven_time, "read_clocks", lambda late=late: late)
            proven.now()
    machines.jump(MONTH)
    assert machines.true_time - MINUTE <= proven.now() <= machines.true_time + EXACTLY


def test_a_clock_ahead_of_the_servers_is_never_believed(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven, real = ProvenTime(redis), read_clocks()
    for hours in range(4):
        passed = hours * DOUBT.total_seconds()
        reading = Reading(real.machine, real.since_boot + passed, real.wall + MONTH.total_seconds())
        monkeypatch.setattr(proven_time, "read_clocks", lambda reading=reading: reading)
        assert proven.now().timestamp() <= time.time()


def test_machines_that_are_gone_are_forgotten(redis: Redis, proven: ProvenTime, machines: Machines) -> None:
    for number in range(130):
        machines.pass_by(timedelta(hours=1))
        machines.work_on("first")
        proven.now()
        machines.work_on(f"machine {number}")
        proven.now()
    assert redis.hlen("time:machines") <= 101
    assert near(proven.now(), machines.wall_time, MINUTE)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pass", "ahead", "back", "look", "join", "other"]),
        st.floats(0, 20 * 60),
    ),
    max_size=40,
)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_while_every_wrong_spell_is_shorter_than_the_hour_nothing_is_early(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, float]]
) -> None:
    """And once the clock has been right for an hour, nothing is late."""
    redis.flushdb()
    machines, proven, wrong = machines_of(monkeypatch), ProvenTime(redis), 0.0
    proven.now()
    for what, number in steps:
        match what:
            case "pass":
                if machines.ahead > 0 and wrong + number >= DOUBT.total_seconds():
                    machines.ahead = wrong = 0.0
                    proven.now()
                wrong += number
                machines.pass_by(timedelta(seconds=number))
            case "ahead" | "back":
                wrong = wrong if machines.ahead > 0 else 0.0
                machines.ahead = number * (5000 if what == "ahead" else -5000)
            case "join" | "other":
                machines.work_on("first" if what == "other" else f"machine {number}")
        assert proven.now() <= min(machines.true_time, machines.wall_time) + EXACTLY
    machines.ahead = 0.0
    proven.now()
    machines.pass_by(DOUBT)
    assert near(proven.now(), machines.true_time, MINUTE + EXACTLY)
