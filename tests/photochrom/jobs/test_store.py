import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from photochrom.errors import IdempotencyMismatch, JobCanceled, JobConflict, JobNotFound
from photochrom.ids import new_id
from photochrom.jobs.parts import JobError, Lease, ModelUsed, Original, Progress, Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import TRANSITIONS, UNFINISHED, JobState
from photochrom.jobs.store import CHANGES, HANDED_OVER, IdempotencyKey, JobStore
from photochrom.photo.options import ColorizeOptions
from photochrom.times import Retention, utc_now

KEEP = Retention(original=timedelta(hours=24), result=timedelta(days=7), record=timedelta(days=30))


def job() -> JobRecord:
    original = Original(
        name="a.jpg", bytes=3, media_type="image/jpeg", sha256="0" * 64, key="originals/a/a.jpg"
    )
    return JobRecord(id=new_id(), options=ColorizeOptions(), original=original, created_at=utc_now())


@pytest.fixture
def store(redis: Redis) -> JobStore:
    return JobStore(redis, KEEP)


def test_a_record_reads_back_as_it_was_written(store: JobStore) -> None:
    record = job()
    assert store.create(record) == record
    assert store.get(record.id) == record


def test_a_missing_record_is_named(store: JobStore) -> None:
    for call in (store.get, store.delete, lambda job_id: store.change(job_id, lambda r: r)):
        with pytest.raises(JobNotFound, match="nope"):
            call("nope")


def test_a_record_of_a_newer_version_with_options_we_do_not_know_is_read(
    store: JobStore, redis: Redis
) -> None:
    """As after a rollback. What callers send is still refused, see `test_options`."""
    record = store.create(job())
    newer = record.model_dump(mode="json")
    newer["options"]["grain"] = 0.5
    redis.hset(f"job:{record.id}", "record", json.dumps(newer))
    found = store.get(record.id)
    assert found.options.known() == record.options
    assert found.asked() == record.asked()
    assert found.model_copy(update={"options": found.options.known()}) == record


def test_a_record_that_cannot_be_read_spoils_no_listing(
    store: JobStore, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    records = [store.create(job()) for _ in range(3)]
    redis.hset(f"job:{records[1].id}", "record", '{"id": "from the future"}')
    page, cursor = store.page(10)
    assert (page, cursor) == ([records[2], records[0]], None)
    assert list(store.listed()) == [[records[0], records[2]]]
    assert "cannot be read" in caplog.text


def test_changes_of_many_threads_are_all_kept(store: JobStore) -> None:
    record = store.create(job())

    def count() -> None:
        for _ in range(25):
            store.change(record.id, lambda r: r.model_copy(update={"attempt": r.attempt + 1}))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changed = store.get(record.id)
    assert (changed.attempt, changed.revision) == (100, 101)


def test_only_one_of_two_claims_on_one_revision_wins(store: JobStore) -> None:
    record = store.create(job())
    raced = False

    def claim(current: JobRecord) -> JobRecord:
        nonlocal raced
        if not raced:
            raced = True
            store.change(record.id, lambda r: r.request_cancel(utc_now()))
        return current.claim("w", utc_now(), 3)

    with pytest.raises(JobConflict):
        store.change(record.id, claim)
    assert store.get(record.id).state is JobState.CANCELED


def test_an_unchanged_record_is_not_written(store: JobStore) -> None:
    record = store.create(job())
    assert store.change(record.id, lambda r: r).revision == 1


def test_pages_run_from_newest_to_oldest_without_gap_or_repeat(store: JobStore) -> None:
    ids = sorted((store.create(job()).id for _ in range(7)), reverse=True)
    seen: list[str] = []
    cursor = None
    while True:
        records, cursor = store.page(3, before=cursor)
        seen += [record.id for record in records]
        if cursor is None:
            break
    assert seen == ids


def test_pages_of_one_state_hold_only_that_state(store: JobStore) -> None:
    records = [store.create(job()) for _ in range(4)]
    store.change(records[1].id, lambda r: r.request_cancel(utc_now()))
    page, cursor = store.page(10, state=JobState.CANCELED)
    assert ([record.id for record in page], cursor) == ([records[1].id], None)
    assert store.counts()[JobState.QUEUED] == 3


def test_one_key_makes_one_job_and_tells_another_body_apart(store: JobStore) -> None:
    first = store.create(job(), IdempotencyKey("k", "body"))
    assert store.create(job(), IdempotencyKey("k", "body")).id == first.id
    with pytest.raises(IdempotencyMismatch):
        store.create(job(), IdempotencyKey("k", "other"))
    assert store.counts()[JobState.QUEUED] == 1


@pytest.mark.parametrize("key", [None, IdempotencyKey("k", "body")])
def test_creating_again_after_a_lost_answer_is_no_mismatch(
    store: JobStore, key: IdempotencyKey | None
) -> None:
    record = store.create(job(), key)
    assert store.create(record, key) == record
    assert store.counts()[JobState.QUEUED] == 1


def test_a_key_is_free_again_when_its_job_is_deleted(store: JobStore) -> None:
    first = store.create(job(), IdempotencyKey("k", "body"))
    store.delete(first.id)
    second = store.create(job(), IdempotencyKey("k", "other"))
    assert second.id != first.id


def test_calls_at_once_with_one_key_make_one_job(store: JobStore) -> None:
    made: list[str] = []
    start = threading.Barrier(8)

    def create() -> None:
        start.wait()
        made.append(store.create(job(), IdempotencyKey("k", "body")).id)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert len(made) == 8


def test_every_write_is_published(store: JobStore, redis: Redis) -> None:
    changes = redis.pubsub(ignore_subscribe_messages=True)
    changes.subscribe(CHANGES)
    changes.get_message(timeout=5)
    record = store.create(job())
    store.change(record.id, lambda r: r.request_cancel(utc_now()))
    store.delete(record.id)
    heard = [changes.get_message(timeout=5) for _ in range(3)]
    assert [message and message["data"].decode() for message in heard] == [record.id] * 3


def test_an_ended_job_is_listed_when_something_of_it_expires(store: JobStore) -> None:
    record = store.create(job())
    store.change(record.id, lambda r: r.request_cancel(utc_now()))
    assert store.expiring(utc_now() + timedelta(hours=23), 10) == []
    assert store.expiring(utc_now() + timedelta(hours=25), 10) == [record.id]


def test_who_writes_alone_reads_nothing_and_who_does_not_sees_all(
    store: JobStore, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = store.create(job())
    running = store.change(record.id, lambda r: r.claim("w", utc_now(), 3))
    lease = running.lease
    assert lease is not None
    read: list[str] = []
    monkeypatch.setattr(store, "get", lambda job_id: read.append(job_id) or JobStore.get(store, job_id))
    for done in range(3):
        store.change(record.id, lambda r, d=done: r.advance(lease, Progress(stage="s", done=d, total=4)))
    assert read == []
    JobStore(redis, KEEP).change(record.id, lambda r: r.request_cancel(utc_now()))
    with pytest.raises(JobCanceled):
        store.change(record.id, lambda r: r.advance(lease, Progress(stage="s", done=3, total=4)))
    assert read == [record.id]
    assert store.change(record.id, lambda r: r.cancel(utc_now())).state is JobState.CANCELED
    store.delete(record.id)
    with pytest.raises(JobNotFound):
        store.change(record.id, JobRecord.retry)


class JobLife(RuleBasedStateMachine):
    """Whatever callers, workers and deaths do to a job, its record and the indexes agree."""

    redis: Redis

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.store = JobStore(self.redis, KEEP)
        self.job_id = self.store.create(job()).id
        self.leases: list[Lease] = []
        self.seen = self.store.get(self.job_id)
        self.now = utc_now()
        self.published = 0

    def change(self, change: Callable[[JobRecord], JobRecord]) -> bool:
        before = self.store.get(self.job_id)
        try:
            after = self.store.change(self.job_id, change)
        except (JobConflict, JobCanceled):
            assert self.store.get(self.job_id) == before
            return False
        assert after.state is before.state or after.state in TRANSITIONS[before.state]
        assert after.revision >= before.revision
        return True

    @rule(worker=st.sampled_from(["w1", "w2"]))
    def claim(self, worker: str) -> None:
        self.change(lambda r: r.claim(worker, self.now, 3))
        lease = self.store.get(self.job_id).lease
        if lease is not None and lease not in self.leases:
            self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def advance(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        self.change(lambda r: r.advance(lease, Progress(stage="predict", done=1, total=4)))

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        result = Result(
            key="results/a/b.jpg", name="a", media_type="m", bytes=1, width=1, height=1, sha256="s"
        )
        model = ModelUsed(name="m", version="1", provider="p")
        done = self.change(lambda r: r.succeed(lease, result, model, now=self.now, timings={}, warnings=()))
        self.published += done

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def stumble(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        self.change(lambda r: r.stumble(lease, JobError(code="c", detail="d"), self.now, 3))

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.leases))
        self.change(lambda r: r.release(lease))

    @rule()
    def lose_worker(self) -> None:
        self.change(lambda r: r.lose_worker(self.now, 3))

    @rule()
    def cancel(self) -> None:
        self.change(lambda r: r.request_cancel(self.now))

    @rule()
    def retry(self) -> None:
        self.change(JobRecord.retry)

    @rule()
    def redispatch(self) -> None:
        self.change(JobRecord.redispatch)

    @rule(days=st.integers(0, 8))
    def sweep(self, days: int) -> None:
        self.change(lambda r: r.sweep(utc_now() + timedelta(days=days)))

    @invariant()
    def record_is_sound(self) -> None:
        record = self.store.get(self.job_id)
        assert record.revision >= self.seen.revision
        assert (record.result is not None) == (record.state is JobState.SUCCEEDED)
        assert (record.lease is not None) == (record.state in (JobState.RUNNING, JobState.CANCELING))
        assert (record.state is JobState.FAILED) <= (record.error is not None)
        assert (record.state in UNFINISHED) == (record.finished_at is None)
        assert self.published <= 1
        self.seen = record

    @invariant()
    def indexes_agree(self) -> None:
        record = self.store.get(self.job_id)
        assert self.store.counts() == {state: int(state is record.state) for state in JobState}
        assert bool(self.redis.zcard(HANDED_OVER)) == (not record.finished)
        assert int(self.redis.hget(f"job:{self.job_id}", "dispatch") or 0) == record.dispatch
        expiry = self.redis.zscore("jobs:expiry", self.job_id)
        assert expiry == (record.next_expiry.timestamp() if record.next_expiry else None)


def test_any_life_of_a_job_keeps_record_and_indexes_sound(redis: Redis) -> None:
    JobLife.redis = redis
    run_state_machine_as_test(
        JobLife,
        settings=settings(
            max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
