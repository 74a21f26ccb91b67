"""Jumps of the wall clock are seen, whoever's it is; slow drift and quiet hours are none."""

import pytest
from redis import Redis

from workers.upkeep import clock_jumps
from workers.upkeep.clock_jumps import JumpWatch, shorten


class Time:
    """A machine's two clocks."""

    wall = 1_000_000.0
    passed = 50.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.passed

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds


class Server:
    """The queue's server, as far as its clock goes."""

    def __init__(self, machine: Time) -> None:
        self.machine, self.ahead = machine, 0.0

    def time(self) -> tuple[int, int]:
        return int(self.machine.wall + self.ahead), 0


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Time:
    machine = Time()
    monkeypatch.setattr(clock_jumps, "time", machine)
    return machine


def test_time_that_passes_is_no_jump(machine: Time) -> None:
    watch = JumpWatch(Server(machine))  # type: ignore[arg-type]
    for seconds in (0.1, 5, 40_000):
        machine.pass_by(seconds)
        assert watch.jumped() == 0


@pytest.mark.parametrize("jump", [-21_600, -10, 10, 21_600])
def test_a_jump_of_this_machine_is_seen_once(machine: Time, jump: float) -> None:
    server = Server(machine)
    watch = JumpWatch(server)  # type: ignore[arg-type]
    machine.pass_by(2)
    machine.wall += jump
    server.ahead -= jump
    assert watch.jumped() == pytest.approx(jump)
    assert watch.jumped() == 0


def test_a_jump_of_the_servers_clock_is_seen_too(machine: Time) -> None:
    server = Server(machine)
    watch = JumpWatch(server)  # type: ignore[arg-type]
    server.ahead = -3600
    assert watch.jumped() == pytest.approx(-3600, abs=1)


def test_what_lives_too_long_is_shortened_and_all_else_left_alone(redis: Redis) -> None:
    redis.set("long", 1, ex=20_000)
    redis.set("short", 1, ex=3)
    for key in ("long", "short", "absent"):
        shorten(redis, key, 5)
    assert redis.ttl("long") <= 5
    assert redis.ttl("short") <= 3
    assert not redis.exists("absent")
