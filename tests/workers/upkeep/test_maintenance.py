import os
import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from photochrom.errors import BatchNotFound, JobNotFound
from photochrom.jobs.parts import JobError
from photochrom.jobs.queue import rq_id
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import IdempotencyKey, JobStore
from photochrom.storage.keys import result_key
from photochrom.storage.storage import LocalStorage
from photochrom.times import Retention, utc_now
from support.queue.proven_time import machines_of
from support.queue.queueing import KEEP, Bench, add_item, finished, new_batch
from support.queue.queueing import maintenance as new_maintenance
from support.servers.objects import ObjectStore
from workers.upkeep.maintenance import Maintenance


@pytest.fixture(name="maintenance")
def maintenance_of_bench(bench: Bench) -> Maintenance:
    return new_maintenance(bench)


def queued(bench: Bench) -> list[str]:
    return [member.decode() for member in bench.redis.lrange("rq:queue:photochrom", 0, -1)]


def fail(record: JobRecord) -> JobRecord:
    return record.fail(JobError(code="c", detail="d"), utc_now())


def test_a_record_without_a_queue_entry_gets_one_and_only_one(bench: Bench, maintenance: Maintenance) -> None:
    job = bench.accept(b"x")
    maintenance.recover()
    maintenance.recover()
    assert queued(bench) == [rq_id(job)]


def test_jobs_that_wait_as_they_should_are_left_alone(bench: Bench, maintenance: Maintenance) -> None:
    job = bench.submit(b"x")
    maintenance.recover()
    assert queued(bench) == [rq_id(job)]
    assert bench.store.get(job.id) == job


def test_no_record_is_read_of_a_job_that_waits_as_it_should(
    bench: Bench, maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of tens of thousands must not cost the workers seconds every few seconds."""
    batch = new_batch(bench)
    for n in range(20):
        add_item(bench, batch, f"{n}.jpg", b"x")
    bench.submit(b"x")
    lost = bench.accept(b"x")
    read: list[str] = []
    get_many = bench.store.get_many

    def reading(ids: list[str]) -> list[JobRecord]:
        read.extend(ids)
        return get_many(ids)

    monkeypatch.setattr(bench.store, "get_many", reading)
    maintenance.run()
    assert read == [lost.id]


def test_a_long_look_keeps_the_other_workers_from_it(bench: Bench, maintenance: Maintenance) -> None:
    """Its own looks at running jobs, which need no lock, must not keep them."""
    job = bench.accept(b"x")
    bench.store.change(job.id, lambda r: r.claim("w", utc_now(), 3))
    bench.redis.set("maintenance:queued", 1, ex=1)
    maintenance.run()
    assert bench.redis.ttl("maintenance:queued") <= 1
    maintenance.recover()
    assert bench.redis.ttl("maintenance:queued") > 1


def test_a_delivery_that_rq_gave_up_is_replaced_by_a_new_one(bench: Bench, maintenance: Maintenance) -> None:
    job = bench.submit(b"x")
    bench.redis.hset(f"rq:job:{rq_id(job)}", "status", "failed")
    bench.redis.delete("rq:queue:photochrom")
    maintenance.recover()
    again = bench.store.get(job.id)
    assert again.dispatch == 2
    assert queued(bench) == [rq_id(again)]


def test_a_running_job_that_rq_forgot_is_begun_again(bench: Bench, maintenance: Maintenance) -> None:
    job = bench.accept(b"x")
    bench.store.change(job.id, lambda r: r.claim("dead", utc_now(), 3))
    maintenance.recover()
    assert bench.store.get(job.id).state is JobState.RETRYING
    maintenance.recover()
    assert queued(bench) == [rq_id(job)]


def test_a_canceled_job_of_a_dead_worker_ends_canceled(bench: Bench, maintenance: Maintenance) -> None:
    job = bench.accept(b"x")
    bench.store.change(job.id, lambda r: r.claim("dead", utc_now(), 3))
    bench.store.change(job.id, lambda r: r.request_cancel(utc_now()))
    maintenance.recover()
    assert bench.store.get(job.id).state is JobState.CANCELED


def test_losing_a_worker_counts_only_for_its_own_lease(bench: Bench, maintenance: Maintenance) -> None:
    job = bench.accept(b"x")
    old = bench.store.change(job.id, lambda r: r.claim("dead", utc_now(), 3))
    new = bench.store.change(job.id, lambda r: r.claim("alive", utc_now(), 3))
    maintenance.lose_worker(old)
    assert bench.store.get(job.id) == new


def test_what_has_expired_goes_and_the_record_says_so(bench: Bench) -> None:
    store = JobStore(bench.redis, Retention(timedelta(0), timedelta(days=7), timedelta(days=30)))
    sweeper = Maintenance(bench.redis, store, bench.queue, bench.storage, 3, bench.batches, bench.turns)
    job = bench.accept(b"x")
    store.change(job.id, fail)
    sweeper.sweep()
    assert bench.files() == []
    assert store.get(job.id).original.key == ""


def test_a_record_whose_time_is_over_is_forgotten_with_its_files(bench: Bench) -> None:
    store = JobStore(bench.redis, Retention(timedelta(0), timedelta(0), timedelta(0)))
    sweeper = Maintenance(bench.redis, store, bench.queue, bench.storage, 3, bench.batches, bench.turns)
    job = bench.accept(b"x")
    store.change(job.id, fail)
    sweeper.sweep()
    assert bench.files() == []
    with pytest.raises(JobNotFound):
        store.get(job.id)


def test_of_many_that_expired_no_run_waits_for_the_next_half_minute(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.upkeep.maintenance._SWEEP_LIMIT", 3)
    store = JobStore(bench.redis, Retention(timedelta(0), timedelta(0), timedelta(0)))
    sweeper = Maintenance(bench.redis, store, bench.queue, bench.storage, 3, bench.batches, bench.turns)
    for number in range(7):
        store.change(bench.accept(b"%d" % number).id, fail)
    left = []
    for _ in range(4):
        sweeper.run()
        left.append(len(bench.files()))
    assert left == [4, 1, 0, 0]
    assert bench.redis.ttl("maintenance:sweep") > 0


def test_a_storage_that_is_away_is_not_asked_again_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.upkeep.maintenance._SWEEP_LIMIT", 1)
    store = JobStore(bench.redis, Retention(timedelta(0), timedelta(0), timedelta(0)))
    sweeper = Maintenance(bench.redis, store, bench.queue, bench.storage, 3, bench.batches, bench.turns)
    for data in (b"x", b"y"):
        store.change(bench.accept(data).id, fail)
    shelf = bench.data / "photos" / "originals"
    away = shelf.rename(bench.data / "away")
    shelf.write_text("no folder")
    sweeper.run()
    assert bench.redis.ttl("maintenance:sweep") > 0
    assert len(store.expiring(utc_now() + timedelta(minutes=11), 10)) == 2
    shelf.unlink()
    away.rename(shelf)


def test_unfinished_jobs_never_expire(bench: Bench, maintenance: Maintenance) -> None:
    job = bench.accept(b"x")
    assert bench.store.expiring(utc_now() + timedelta(days=999), 10) == []
    maintenance.sweep()
    assert bench.files() == [job.original.key]


def test_files_that_no_record_names_go_once_they_are_old(bench: Bench, maintenance: Maintenance) -> None:
    kept = bench.accept(b"x")
    orphan = bench.accept(b"y")
    bench.store.delete(orphan.id)
    maintenance.remove_orphans(timedelta(hours=2))
    assert len(bench.files()) == 2
    for job in (kept, orphan):
        os.utime(bench.storage.local_path(job.original.key), (time.time() - 9000,) * 2)
    maintenance.remove_orphans(timedelta(hours=2))
    assert bench.files() == [kept.original.key]


MONTH, HOUR = timedelta(days=31), timedelta(hours=1)


def done_at(bench: Bench, data: bytes, now: datetime, keep: Retention = KEEP) -> JobRecord:
    """A job that succeeded at `now`, by the clocks of the test."""
    record = finished(bench, bench.accept(data).id).keep(keep, now)
    assert record.next_expiry
    bench.redis.hset(f"job:{record.id}", "record", record.model_dump_json())
    bench.redis.zadd("jobs:expiry", {record.id: record.next_expiry.timestamp()})
    return record


def test_a_clock_that_jumps_right_before_the_sweep_deletes_nothing_for_an_hour(
    bench: Bench, maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has looked at the clocks since: what deletes has to, itself."""
    machines = machines_of(monkeypatch)
    maintenance.sweep()
    job = done_at(bench, b"x", machines.true_time)
    stray, batch = bench.accept(b"y"), new_batch(bench)
    bench.store.delete(stray.id)
    os.utime(bench.storage.local_path(stray.original.key), (machines.truth,) * 2)
    bench.redis.zadd("batches:expiry", {batch: (machines.true_time + timedelta(days=7)).timestamp()})

    machines.jump(MONTH)
    for one in (maintenance, new_maintenance(bench)):
        one.run()
        one.sweep()
        one.forget()
        one.remove_orphans(2 * HOUR)
    assert bench.store.get(job.id) == job
    assert job.stored_keys() | {stray.original.key} == set(bench.files())
    bench.batches.get(batch)

    machines.pass_by(HOUR)
    maintenance.sweep()
    maintenance.forget()
    maintenance.remove_orphans(2 * HOUR)
    assert bench.files() == []
    assert not bench.store.exists(job.id)
    with pytest.raises(BatchNotFound):
        bench.batches.get(batch)


def test_a_clock_that_jumps_during_the_sweep_takes_only_what_was_due_before(
    bench: Bench, maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = machines_of(monkeypatch)
    maintenance.sweep()
    due = Retention(timedelta(0), timedelta(0), timedelta(0))
    gone = done_at(bench, b"x", machines.true_time, due)
    left = done_at(bench, b"y", machines.true_time, replace(KEEP, original=timedelta(0)))
    machines.pass_by(timedelta(seconds=1))
    delete = bench.storage.delete

    def jumping(key: str) -> None:
        machines.jump(MONTH)
        delete(key)

    monkeypatch.setattr(LocalStorage, "delete", lambda _, key: jumping(key))
    maintenance.sweep()
    assert not bench.store.exists(gone.id)
    kept = bench.store.get(left.id)
    assert (kept.state, kept.original.key) == (JobState.SUCCEEDED, "")
    assert kept.stored_keys() == set(bench.files())


def test_an_idempotency_key_is_kept_for_its_time_whatever_the_clock_says(
    bench: Bench, maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own expiry would take it when the server's clock jumps."""
    machines = machines_of(monkeypatch)
    maintenance.forget()
    job = bench.accept(b"x")
    key = IdempotencyKey("k", "body")
    bench.store.delete(job.id)
    bench.store.create(job, key)
    assert bench.redis.ttl("idempotency:k") == -1
    assert time.time() + 86_000 < (bench.redis.zscore("idempotency:expiry", "idempotency:k") or 0)
    bench.redis.zadd("idempotency:expiry", {"idempotency:k": (machines.true_time + 24 * HOUR).timestamp()})
    machines.jump(MONTH)
    maintenance.forget()
    assert bench.redis.exists("idempotency:k")
    machines.pass_by(HOUR)
    maintenance.forget()
    assert not bench.redis.exists("idempotency:k", "idempotency:expiry")


def test_an_object_store_is_swept_like_a_disk(bench: Bench, object_store: ObjectStore) -> None:
    bench.storage = object_store.storage(bench.data)  # type: ignore[assignment]
    store = JobStore(bench.redis, Retention(timedelta(0), timedelta(days=7), timedelta(days=30)))
    sweeper = Maintenance(bench.redis, store, bench.queue, bench.storage, 3, bench.batches, bench.turns)
    sweeper.own()
    kept, over, orphan = (bench.accept(data) for data in (b"x", b"y", b"z"))
    store.change(over.id, fail)
    store.delete(orphan.id)
    sweeper.sweep()
    sweeper.remove_orphans(timedelta(hours=2))
    assert bench.files() == sorted([kept.original.key, orphan.original.key])
    # The store's clock counts whole seconds.
    sweeper.remove_orphans(timedelta(seconds=-2))
    assert bench.files() == [kept.original.key]


def test_files_of_a_living_job_that_its_record_does_not_name_go_too(
    bench: Bench, maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an attempt with another model; no record is parsed for it, and each is read once."""
    job = bench.accept(b"x")
    stray = result_key(job.id, "b" * 64, ".jpg")
    with bench.storage.draft() as draft:
        draft.write(b"y")
        draft.commit(stray)
    for key in (job.original.key, stray):
        os.utime(bench.storage.local_path(key), (time.time() - 9000,) * 2)

    def unasked(job_id: str) -> JobRecord:
        raise AssertionError(f"{job_id} was parsed")

    monkeypatch.setattr(bench.store, "get", unasked)
    maintenance.remove_orphans(timedelta(hours=2))
    assert bench.files() == [job.original.key]


def test_a_run_does_what_is_due(bench: Bench, maintenance: Maintenance) -> None:
    job = bench.accept(b"x")
    maintenance.run()
    assert queued(bench) == [rq_id(job)]


@pytest.mark.parametrize("step", ["put", "deliveries"])
def test_what_goes_wrong_with_one_record_or_task_leaves_the_others_alone(
    bench: Bench,
    maintenance: Maintenance,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    step: str,
) -> None:
    """Otherwise RQ ends the worker, and the next one meets the same record."""
    first, second = bench.accept(b"x"), bench.accept(b"y")
    stray = bench.accept(b"z")
    bench.store.delete(stray.id)
    os.utime(bench.storage.local_path(stray.original.key), (time.time() - 9000,) * 2)
    real = getattr(bench.queue, step)

    def fails(what: JobRecord | list[JobRecord]) -> object:
        if what == first or isinstance(what, list):
            raise ValueError("of all things")
        return real(what)

    monkeypatch.setattr(bench.queue, step, fails)
    bench.redis.set("maintenance:seen", 1)
    maintenance.run()
    assert queued(bench) == ([rq_id(second)] if step == "put" else [])
    assert stray.original.key not in bench.files()
    assert "of all things" in caplog.text
    assert "grey.jpg" not in caplog.text


def test_an_unreadable_record_is_passed_over(bench: Bench, maintenance: Maintenance) -> None:
    unreadable, job = bench.accept(b"x"), bench.accept(b"y")
    expired = bench.accept(b"z")
    bench.store.change(expired.id, fail)
    for record in (unreadable, expired):
        bench.redis.hset(f"job:{record.id}", "record", "{}")
    bench.redis.zadd("jobs:expiry", {expired.id: 1})
    maintenance.run()
    assert queued(bench) == [rq_id(job)]


def test_a_redis_that_is_away_concerns_all(
    bench: Bench, maintenance: Maintenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise RedisConnectionError

    bench.accept(b"x")
    monkeypatch.setattr(bench.queue, "put", away)
    with pytest.raises(RedisConnectionError):
        maintenance.run()


@pytest.mark.parametrize("interrupted", ["cancel", "retry_failed"])
def test_what_the_api_died_amid_is_brought_to_its_end(
    bench: Bench, maintenance: Maintenance, interrupted: str
) -> None:
    batch = new_batch(bench)
    items = [add_item(bench, batch, f"{n}.jpg", b"x").id for n in range(3)]
    if interrupted == "retry_failed":
        for item in items:
            bench.store.change(item, fail)
    getattr(bench.batches, interrupted)(batch)
    maintenance.feed_batches()
    state = JobState.CANCELED if interrupted == "cancel" else JobState.QUEUED
    assert bench.store.counts(batch)[state] == 3


def test_items_whose_turn_was_not_given_get_it(bench: Bench, maintenance: Maintenance) -> None:
    """As if a worker had died between the end of an item and the turn of the next."""
    batch = new_batch(bench)
    items = [add_item(bench, batch, f"{n}.jpg", b"x").id for n in range(3)]
    bench.store.change(items[0], fail)
    maintenance.recover()
    maintenance.feed_batches()
    assert len(queued(bench)) == 2  # the dead one's delivery, and the next item
    assert queued(bench)[1].startswith(items[1])
