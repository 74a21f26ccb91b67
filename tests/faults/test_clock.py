"""The short form of `make test-faults ARGS=clock`, and what a jump may not do at its worst moment."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from photochrom.jobs.states import JobState
from photochrom.processes.valkey import valkey
from support.faults import clock
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import Bench, workers
from support.waiting import wait_for

HOURS, MONTH = 6 * 3600, 31 * 86_400


@pytest.fixture
def wall(tmp_path: Path, tiny: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> clock.WallClock:
    """The clock of all processes that the test starts, with the tiny network in them."""
    clock_ = clock.WallClock(tmp_path / "clock")
    for name, value in {**clock_.env, **tiny}.items():
        monkeypatch.setenv(name, value)
    return clock_


def test_a_batch_goes_on_over_jumps_and_no_healthy_job_is_begun_again(
    tmp_path: Path, tiny: dict[str, str]
) -> None:
    # So large that the batch is still at work at each jump: done before, nobody would see that a clock moved.
    row = clock.run(tmp_path, photos=16, times=4, side=2000, **tiny)
    assert row.clean, row


def test_a_jump_ends_no_healthy_job_and_hides_no_dead_worker(
    tmp_path: Path, tiny: dict[str, str], wall: clock.WallClock
) -> None:
    with ExitStack() as stack:
        bench = Bench(stack.enter_context(valkey(tmp_path / "queue")), tmp_path / "data")
        model = {"model_path": tiny["PHOTOCHROM_MODEL_PATH"]}
        running = stack.enter_context(workers(bench, 2, heartbeat_ttl=2, maintenance_interval=1, **model))
        running.wait_until_alive(2)
        job = bench.submit(grey_jpeg(size=(10_000, 6000)))
        bench.wait(job.id, JobState.RUNNING)
        wall.set(HOURS)
        beaten = lambda: [one for one in bench.fleet.alive() if one.job_id == job.id]  # noqa: E731
        wait_for(beaten, 10, "a heartbeat by the new clock")
        healthy = bench.store.get(job.id)
        lease = healthy.lease
        assert (healthy.attempt, healthy.state) == (1, JobState.RUNNING)
        assert lease is not None
        victim = next(c for c in running.children() if str(c.pid) == lease.worker.split("-")[-2])
        victim.kill()
        wall.set(0)
        wait_for(lambda: bench.store.get(job.id).attempt == 2, 25, "a second attempt")
        bench.wait(job.id, JobState.SUCCEEDED, seconds=60)


def test_nothing_expires_for_an_hour_after_the_clock_has_run_ahead(
    tmp_path: Path, tiny: dict[str, str], wall: clock.WallClock
) -> None:
    """A clock that is wrong by a month, until somebody sees it: at every sweep, also of workers that start then."""
    with ExitStack() as stack:
        bench = Bench(stack.enter_context(valkey(tmp_path / "queue")), tmp_path / "data")
        model = {"model_path": tiny["PHOTOCHROM_MODEL_PATH"]}
        running = stack.enter_context(workers(bench, heartbeat_ttl=2, maintenance_interval=1, **model))
        done = bench.wait(bench.submit(grey_jpeg(size=(96, 64))).id, JobState.SUCCEEDED)
        for months in (1, 2):
            wall.set(months * MONTH)
            wait_for_sweep(bench)
        running.kill_children()
        wait_for_sweep(bench)
        later = bench.wait(bench.submit(grey_jpeg(size=(64, 96))).id, JobState.SUCCEEDED)
        assert later.finished_at
        assert done.next_expiry
        assert later.finished_at > done.next_expiry, "the clock of the workers did not move"
        assert bench.store.get(done.id) == done
        assert done.stored_keys() <= set(bench.files())


def wait_for_sweep(bench: Bench) -> None:
    """Return when the only worker has done a whole sweep that it began after this call."""
    # A worker notes the one before it sweeps, and the other when it begins its next round.
    for task in ("sweep", "queued"):
        bench.redis.delete(f"maintenance:{task}")
        wait_for(lambda task=task: bench.redis.exists(f"maintenance:{task}"), 30, f"a look: {task}")
