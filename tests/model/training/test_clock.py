"""Schedules by steps and by the clock."""

import pytest
import torch

from model.training import clock as module
from model.training.clock import Clock as RunClock
from model.training.clock import Stopwatch
from model.training.config import RunConfig
from model.training.distributed import Ranks
from support.queue.clock import Clock, clock_of

CONFIG = RunConfig(steps=1000, warmup=100)
ALONE = Ranks(0, 1, "cpu")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(module, monkeypatch)


def test_without_minutes_a_step_is_a_step(clock: Clock) -> None:
    run = RunClock(CONFIG, None, 0.0, ALONE)
    clock.now += 1e6
    assert [run.at(step) for step in (0, 1, 999)] == [0, 1, 999]


def test_by_the_clock_the_whole_schedule_takes_its_minutes(clock: Clock) -> None:
    run = RunClock(CONFIG, 10, 0.0, ALONE)
    for seconds, place in ((0, 0), (60, 100), (240, 500), (300, 1000), (300, 1000)):
        clock.now += seconds
        assert run.at(7) == pytest.approx(place)


def test_a_resumed_run_has_only_the_rest_of_its_minutes(clock: Clock) -> None:
    run = RunClock(CONFIG, 10, 540.0, ALONE)
    assert run.at(0) == pytest.approx(900)
    clock.now += 60
    assert run.at(0) == 1000
    assert run.spent == pytest.approx(600)


def test_a_stopwatch_counts_only_when_it_is_on() -> None:
    on, off = (Stopwatch("cpu", on=on) for on in (True, False))
    for watch in (on, off):
        with watch("sum"):
            torch.ones(100).sum()
    assert on.seconds["sum"] > 0
    assert str(on) == "sum 100%"
    assert not off.seconds
