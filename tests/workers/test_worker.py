"""Real worker processes, killed as real ones are."""

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from photochrom.jobs.queue import JobQueue
from photochrom.jobs.states import JobState
from photochrom.processes.valkey import valkey
from support.pictures.photographs import grey_jpeg, slow_photograph
from support.queue.queueing import MODEL, Bench, add_item, new_batch, workers
from support.waiting import wait_for
from workers.worker import tell_held


@pytest.fixture(scope="module")
def slow() -> bytes:
    """48 megapixels: a second or two of work, so that there is a middle to be killed in."""
    return grey_jpeg(size=(8000, 6000))


def test_a_job_whose_worker_is_killed_finishes_by_itself_within_15_s(bench: Bench, slow: bytes) -> None:
    """At the shipped settings: heartbeat 8 s, maintenance every 2 s."""
    with workers(bench, model_path=MODEL) as running:
        running.wait_until_alive()
        job = bench.submit(slow)
        bench.wait(job.id, JobState.RUNNING)
        running.kill_children()
        killed = time.monotonic()
        wait_for(lambda: bench.store.get(job.id).attempt == 2, 15, "a second attempt")
        back = time.monotonic() - killed
        done = bench.wait(job.id, JobState.SUCCEEDED, seconds=60)
    assert back < 15
    assert done.attempt == 2
    assert bench.files() == sorted(done.stored_keys())


def test_a_photo_that_always_kills_its_worker_fails_after_three_attempts(bench: Bench, slow: bytes) -> None:
    with workers(bench, heartbeat_ttl=2, maintenance_interval=1) as running:
        job = bench.submit(slow)
        for attempt in (1, 2, 3):
            wait_for(lambda a=attempt: bench.store.get(job.id).attempt == a, 30, f"attempt {attempt}")
            running.kill_children()
        failed = bench.wait(job.id, JobState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "worker-lost"
        assert "3 times" in failed.error.detail
        good = bench.submit(grey_jpeg(size=(96, 64)))
        bench.wait(good.id, JobState.SUCCEEDED)


def test_a_process_that_has_done_its_share_makes_room_for_a_fresh_one(bench: Bench) -> None:
    with workers(bench, jobs_per_process=2) as running:
        running.wait_until_alive()
        (first,) = bench.fleet.alive()
        jobs = [bench.submit(grey_jpeg(size=(64, 48)), name=f"{n}.jpg") for n in range(3)]
        assert all(bench.wait(job.id, JobState.SUCCEEDED).attempt == 1 for job in jobs)
        wait_for(lambda: [w for w in bench.fleet.alive() if w.pid != first.pid], 10, "a fresh process")
        assert not psutil.pid_exists(first.pid)


def test_a_job_that_takes_too_long_fails_and_the_next_one_is_done(bench: Bench) -> None:
    with workers(bench) as running:
        running.wait_until_alive()
        job = bench.accept(slow_photograph())
        JobQueue(bench.redis, job_timeout=1).put(job)
        failed = bench.wait(job.id, JobState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "job-timeout"
        good = bench.submit(grey_jpeg(size=(96, 64)))
        bench.wait(good.id, JobState.SUCCEEDED)


def test_a_worker_told_to_stop_finishes_its_job_first(bench: Bench, slow: bytes) -> None:
    # On a busy machine two seconds of work take longer than the usual grace.
    with workers(bench, shutdown_grace=90) as running:
        job = bench.submit(slow)
        bench.wait(job.id, JobState.RUNNING)
        assert running.stop(seconds=120) == 0
    assert bench.store.get(job.id).state is JobState.SUCCEEDED
    assert bench.fleet.alive() == []


def test_a_job_cut_off_by_the_end_of_the_grace_waits_for_the_next_worker_at_once(bench: Bench) -> None:
    """And counts as never begun: nothing was wrong with it."""
    with workers(bench, shutdown_grace=0) as running:
        job = bench.submit(grey_jpeg(size=(10_000, 6000)))
        bench.wait(job.id, JobState.RUNNING)
        assert running.stop() == 0
    cut_off = bench.store.get(job.id)
    assert (cut_off.state, cut_off.attempt) == (JobState.QUEUED, 0)
    assert bench.queue.position(cut_off) == 0


def test_a_worker_told_twice_gives_its_job_back_and_the_next_one_does_it(bench: Bench, slow: bytes) -> None:
    with workers(bench, heartbeat_ttl=2) as running:
        job = bench.submit(slow)
        bench.wait(job.id, JobState.RUNNING)
        running.process.send_signal(signal.SIGINT)
        told = time.monotonic()
        wait_for(lambda: running.stop_again() is not None, 10, "the end")
        assert time.monotonic() - told < 10
    assert not bench.store.get(job.id).finished
    with workers(bench, heartbeat_ttl=2):
        bench.wait(job.id, JobState.SUCCEEDED, seconds=60)


def test_a_job_that_never_reached_the_queue_is_found_and_done(bench: Bench) -> None:
    """As if the API had been killed between its record and its queue entry."""
    with workers(bench) as running:
        running.wait_until_alive()
        job = bench.accept(grey_jpeg(size=(96, 64)))
        bench.wait(job.id, JobState.SUCCEEDED)


def test_two_workers_share_and_one_dies_with_nothing_lost_or_done_twice(bench: Bench) -> None:
    photos = [grey_jpeg(size=(96 + n, 64)) for n in range(12)]
    with workers(bench, processes=2, heartbeat_ttl=2, maintenance_interval=1, model_path=MODEL) as running:
        running.wait_until_alive(2)
        jobs = [bench.submit(photo) for photo in photos]
        bench.wait(jobs[2].id, JobState.SUCCEEDED)
        running.children()[0].kill()
        done = [bench.wait(job.id, JobState.SUCCEEDED, seconds=60) for job in jobs]
    keys = {key for record in done for key in record.stored_keys()}
    assert len({record.result.key for record in done if record.result}) == 12
    assert bench.files() == sorted(keys)


def test_workers_tell_that_they_live_and_are_forgotten_when_they_do_not(bench: Bench) -> None:
    with workers(bench, heartbeat_ttl=2) as running:
        running.wait_until_alive()
        (alive,) = bench.fleet.alive()
        (child,) = running.children()
        assert alive.pid == child.pid
        assert alive.model.provider == "CPUExecutionProvider"
        running.process.kill()
        child.kill()
        psutil.wait_procs([child], timeout=10)
        wait_for(lambda: bench.fleet.alive() == [], 5, "the dead are forgotten")


def test_a_worker_says_at_its_start_what_confines_its_child(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    with workers(bench) as running:
        running.wait_until_alive()
    told = capfd.readouterr().err
    assert "confined in privileges, limits, files, environment, network" in told


def test_what_does_not_hold_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    tell_held({"limits": True, "files": False, "network": False})
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "files, network" in caplog.text


def test_a_missing_model_ends_the_workers_with_a_sentence(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    with workers(bench, model_path="/nowhere/model.onnx") as running:
        assert running.process.wait(timeout=30) == 78
    assert "model.onnx" in capfd.readouterr().err


def test_jobs_survive_the_death_of_the_queue_server(tmp_path: Path, slow: bytes) -> None:
    """Kill -9 of Valkey while one job runs and two wait; it comes back on its append-only file."""
    folder = tmp_path / "queue"
    with ExitStack() as stack:
        url = stack.enter_context(valkey(folder))
        bench = Bench(url, tmp_path / "data")
        running = stack.enter_context(workers(bench, heartbeat_ttl=2, maintenance_interval=1))
        jobs = [bench.submit(slow), *(bench.submit(grey_jpeg(size=(96, 64))) for _ in range(2))]
        bench.wait(jobs[0].id, JobState.RUNNING)
        server = psutil.Process(bench.redis.info("server")["process_id"])
        server.kill()
        psutil.wait_procs([server], timeout=10)
        stack.enter_context(valkey(folder))
        running.wait_until_alive()
        done = [bench.wait(job.id, JobState.SUCCEEDED, seconds=60) for job in jobs]
        assert bench.files() == sorted(key for record in done for key in record.stored_keys())


def test_a_single_upload_overtakes_a_batch_within_one_job(bench: Bench) -> None:
    photo = grey_jpeg(size=(96, 64))
    batch = new_batch(bench)
    for n in range(20):
        add_item(bench, batch, f"{n}.jpg", photo)
    with workers(bench, model_path=MODEL) as running:
        running.wait_until_alive()
        wait_for(lambda: bench.store.counts(batch)[JobState.SUCCEEDED] >= 3, 30, "the batch's beginning")
        single = bench.submit(grey_jpeg(size=(64, 96)))
        before = bench.store.counts(batch)[JobState.SUCCEEDED]
        done = bench.wait(single.id, JobState.SUCCEEDED)
        after = bench.store.counts(batch)[JobState.SUCCEEDED]
        assert after - before <= 2
        assert done.started_at is not None
        assert after < 20


def test_a_batch_survives_workers_that_are_killed_at_random(bench: Bench) -> None:
    photo = grey_jpeg(size=(96, 64))
    batch = new_batch(bench)
    items = [add_item(bench, batch, f"{n}.jpg", photo).id for n in range(12)]
    with workers(bench, processes=2, heartbeat_ttl=2, maintenance_interval=1, model_path=MODEL) as running:
        for done in (2, 5, 8):
            wait_for(lambda d=done: bench.store.counts(batch)[JobState.SUCCEEDED] >= d, 60, f"{done} done")
            running.children()[done % 2].kill()
        wait_for(lambda: bench.store.counts(batch)[JobState.SUCCEEDED] == 12, 60, "all done")
    records = bench.store.get_many(items)
    assert all(record.state is JobState.SUCCEEDED for record in records)
    assert bench.files() == sorted(key for record in records for key in record.stored_keys())
    assert bench.redis.scard(f"batch:{batch}:out") == 0
