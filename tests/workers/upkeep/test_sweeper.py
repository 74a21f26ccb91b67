"""What expires goes whatever comes between, and nothing that somebody was promised goes with it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from photochrom.errors import JobConflict, JobNotFound, StorageUnavailable
from photochrom.jobs.findings import UNREADABLE, Findings
from photochrom.jobs.parts import JobError
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from photochrom.processes.valkey import valkey
from photochrom.times import Retention, utc_now
from support.queue.queueing import Bench, finished
from workers.upkeep.maintenance import Maintenance
from workers.upkeep.sweeper import Sweeper

AT_ONCE = Retention(timedelta(0), timedelta(0), timedelta(0))
ORIGINAL_FIRST = Retention(timedelta(0), timedelta(days=7), timedelta(days=30))


def fail(record: JobRecord) -> JobRecord:
    return record.fail(JobError(code="c", detail="d"), utc_now())


def kept_by(bench: Bench, retention: Retention) -> JobStore:
    bench.store = JobStore(bench.redis, retention)
    return bench.store


def sweeper(bench: Bench) -> Sweeper:
    return Sweeper(bench.store, bench.storage, Findings(bench.redis))


def sweep(bench: Bench, job: JobRecord, days: int = 0) -> None:
    sweeper(bench).sweep([job.id], utc_now() + timedelta(days=days))


class Killed(BaseException):
    """The process ends here, whatever it holds."""


@pytest.mark.parametrize("retention", [AT_ONCE, ORIGINAL_FIRST])
def test_a_sweep_that_is_killed_anywhere_is_taken_up_by_the_next(
    bench: Bench, retention: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_by(bench, retention)
    steps = 0
    delete, eval_ = bench.storage.delete, bench.redis.evalsha

    def counted(step: Callable[..., object]) -> Callable[..., object]:
        def run(*args: object, **kwargs: object) -> object:
            nonlocal steps
            if steps == 0:
                raise Killed
            steps -= 1
            return step(*args, **kwargs)

        return run

    for killed_at in range(6):
        job = finished(bench, bench.accept(b"x").id)
        with monkeypatch.context() as patched:
            steps = killed_at
            patched.setattr(bench.storage, "delete", counted(delete))
            patched.setattr(bench.redis, "evalsha", counted(eval_))
            try:
                sweep(bench, job, 8)
            except Killed:
                expiring = bench.store.expiring(utc_now() + timedelta(days=8), 10)
                assert expiring == [job.id], f"killed at step {killed_at} it is forgotten with its files"
                assert set(bench.files()) <= bench.store.get(job.id).stored_keys()
        for _ in bench.store.expiring(utc_now() + timedelta(days=8), 10):
            sweep(bench, job, 8)
        assert bench.files() == []
    assert steps > 0, "the last kills came after the end"


def test_a_retry_before_the_sweep_keeps_its_original(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweeper has read the record, and then somebody is promised another attempt."""
    store = kept_by(bench, AT_ONCE)
    job = store.change(bench.accept(b"x").id, fail)
    other = JobStore(bench.redis, AT_ONCE)
    get = store.get

    def slow(job_id: str) -> JobRecord:
        found = get(job_id)
        if found.finished:
            other.change(job_id, lambda record: record.retry())
        return found

    monkeypatch.setattr(store, "_mine", None)
    monkeypatch.setattr(store, "get", slow)
    sweep(bench, job)
    again = get(job.id)
    assert again.state is JobState.QUEUED
    assert bench.files() == [again.original.key]


@pytest.mark.parametrize("retention", [AT_ONCE, ORIGINAL_FIRST])
def test_a_retry_amid_the_sweep_is_refused_and_not_promised(
    bench: Bench, retention: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = kept_by(bench, retention)
    job = store.change(bench.accept(b"x").id, fail)
    other = JobStore(bench.redis, retention)
    delete = bench.storage.delete
    refused: list[str] = []

    def amid(key: str) -> None:
        with pytest.raises(JobConflict, match="expired") as said:
            other.change(job.id, lambda record: record.retry())
        refused.append(str(said.value))
        delete(key)

    monkeypatch.setattr(bench.storage, "delete", amid)
    sweep(bench, job)
    assert len(refused) == 1
    assert bench.files() == []


def test_a_record_that_changed_amid_the_sweep_is_not_deleted_by_what_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = kept_by(bench, AT_ONCE)
    job = store.change(bench.accept(b"x").id, fail)
    other = JobStore(bench.redis, AT_ONCE)
    delete = bench.storage.delete

    def amid(key: str) -> None:
        other.change(job.id, lambda record: record.model_copy(update={"warnings": ("changed",)}))
        delete(key)

    with monkeypatch.context() as patched:
        patched.setattr(bench.storage, "delete", amid)
        sweep(bench, job)
    assert other.get(job.id).warnings == ("changed",)
    sweep(bench, job)
    with pytest.raises(JobNotFound):
        other.get(job.id)


def test_an_erased_job_takes_along_what_was_being_deleted(bench: Bench) -> None:
    store = kept_by(bench, AT_ONCE)
    job = store.change(bench.accept(b"x").id, fail)
    store.change(job.id, lambda record: record.sweep(utc_now()))
    assert job.original.key in store.delete(job.id).stored_keys()


def test_what_is_being_deleted_is_no_file_without_a_job(bench: Bench) -> None:
    """Or the look for those would have it in the trash for a day."""
    store = kept_by(bench, AT_ONCE)
    job = store.change(bench.accept(b"x").id, fail)
    store.change(job.id, lambda record: record.sweep(utc_now()))
    assert store.named([job.original.key]) == {job.original.key}


def test_records_that_cannot_be_read_keep_none_of_the_others_waiting(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a downgrade: those of the newer version stand in front, more of them than a sweep looks at."""
    monkeypatch.setattr("workers.upkeep.maintenance._SWEEP_LIMIT", 5)
    store = kept_by(bench, AT_ONCE)
    newer = [store.change(bench.accept(b"%d" % number).id, fail) for number in range(12)]
    due = store.change(bench.accept(b"x").id, fail)
    for record in newer:
        bench.redis.hset(f"job:{record.id}", "record", '{"of": "a newer version"}')
    looking = Maintenance(bench.redis, store, bench.queue, bench.storage, 3, bench.batches, bench.turns)
    for _ in range(3):
        looking.sweep()
    assert not store.exists(due.id)
    assert len(bench.files()) == 12
    assert Findings(bench.redis).read()[UNREADABLE] == 12
    assert "5 records whose time is over cannot be read" in caplog.text
    assert store.expiring(utc_now() + timedelta(hours=23), 20) == []
    assert len(store.expiring(utc_now() + timedelta(hours=25), 20)) == 12


def test_one_that_cannot_be_deleted_keeps_none_of_the_others_waiting(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = kept_by(bench, AT_ONCE)
    stuck, due = (store.change(bench.accept(data).id, fail) for data in (b"x", b"y"))
    delete = bench.storage.delete

    def refusing(key: str) -> None:
        if key == stuck.original.key:
            raise PermissionError("not yours")
        delete(key)

    monkeypatch.setattr(bench.storage, "delete", refusing)
    assert sweeper(bench).sweep([stuck.id, due.id], utc_now()) == ([], 1)
    assert bench.files() == [stuck.original.key]
    assert store.expiring(utc_now() + timedelta(minutes=9), 5) == []
    monkeypatch.setattr(bench.storage, "delete", delete)
    later = utc_now() + timedelta(minutes=11)
    assert sweeper(bench).sweep(store.expiring(later, 5), later) == ([], 1)
    assert bench.files() == []


def test_a_store_that_is_away_is_asked_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    store = kept_by(bench, AT_ONCE)
    jobs = [store.change(bench.accept(data).id, fail).id for data in (b"x", b"y")]
    asked: list[str] = []

    def away(key: str) -> None:
        asked.append(key)
        raise StorageUnavailable("away")

    monkeypatch.setattr(bench.storage, "delete", away)
    with pytest.raises(StorageUnavailable):
        sweeper(bench).sweep(jobs, utc_now())
    assert len(asked) == 1
    assert len(store.expiring(utc_now(), 5)) == 2


def test_a_full_queue_is_swept_all_the_same_and_has_room_again(tmp_path: Path) -> None:
    """What would make room must not need room first."""
    with valkey(tmp_path / "queue") as url:
        bench = Bench(url, tmp_path / "data")
        store = kept_by(bench, AT_ONCE)
        jobs = [store.change(bench.accept(b"%d" % number).id, fail) for number in range(8)]
        bench.redis.hset(f"job:{jobs[0].id}", "record", "{}")
        bench.redis.config_set("maxmemory", 1)
        looking = Maintenance(bench.redis, store, bench.queue, bench.storage, 3, bench.batches, bench.turns)
        looking.sweep()
        bench.redis.config_set("maxmemory", 0)
        assert [store.exists(job.id) for job in jobs] == [True] + [False] * 7
        assert len(bench.files()) == 1
