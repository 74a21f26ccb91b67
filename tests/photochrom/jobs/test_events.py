"""Every end is told exactly once, and nothing that is no end."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from redis import Redis

from photochrom.errors import JobCanceled, JobConflict, JobNotFound
from photochrom.jobs.events import SUBSCRIBABLE, Event
from photochrom.jobs.parts import JobError, ModelUsed, Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.times import utc_now
from photochrom.webhooks.store import WebhookStore
from support.queue.queueing import Bench, add_item, make_record, new_batch
from support.servers.receiver import make_webhook

LOST = JobError(code="worker-lost", detail="d")
RESULT = Result(key="k", name="n", media_type="image/jpeg", bytes=1, width=1, height=1, sha256="0" * 64)
MODEL = ModelUsed(name="m", version="1", provider="CPU")


def told(redis: Redis) -> list[Event]:
    return [Event.model_validate_json(entry) for entry in redis.lrange("webhooks:outbox", 0, -1)]


def listen(bench: Bench, **chosen: Any) -> WebhookStore:
    store = WebhookStore(bench.redis)
    store.create(make_webhook(**chosen), 9)
    return store


def claimed(bench: Bench, job_id: str) -> JobRecord:
    return bench.store.change(job_id, lambda job: job.claim("w", utc_now(), 3))


def succeed(bench: Bench, job_id: str) -> JobRecord:
    lease = claimed(bench, job_id).lease
    assert lease is not None
    return bench.store.change(
        job_id, lambda job: job.succeed(lease, RESULT, MODEL, now=utc_now(), timings={}, warnings=())
    )


def fail(bench: Bench, job_id: str) -> JobRecord:
    claimed(bench, job_id)
    return bench.store.change(job_id, lambda job: job.fail(LOST, utc_now()))


def kinds(redis: Redis) -> list[str]:
    return [event.type for event in told(redis)]


def test_nobody_listens_so_nothing_is_written_down(bench: Bench) -> None:
    succeed(bench, bench.accept(b"x").id)
    assert told(bench.redis) == []


def test_a_job_that_loses_its_workers_has_failed_only_in_the_end(bench: Bench) -> None:
    listen(bench)
    job = bench.accept(b"x")
    for attempt in (1, 2, 3):
        assert claimed(bench, job.id).attempt == attempt
        assert told(bench.redis) == []
        bench.store.change(job.id, lambda one: one.lose_worker(utc_now(), 3))
    (event,) = told(bench.redis)
    assert (event.type, event.subject["error_code"]) == ("job.failed", "worker-lost")


def test_a_job_that_is_retried_ends_anew_under_another_id(bench: Bench) -> None:
    listen(bench)
    job = bench.accept(b"x")
    fail(bench, job.id)
    bench.store.change(job.id, JobRecord.retry)
    succeed(bench, job.id)
    assert kinds(bench.redis) == ["job.failed", "job.succeeded"]
    assert len({event.id for event in told(bench.redis)}) == 2


def test_expiry_and_deletion_are_not_told(bench: Bench) -> None:
    listen(bench)
    job = succeed(bench, bench.accept(b"x").id)
    bench.store.change(job.id, lambda one: one.sweep(one.expires_at or utc_now()))
    assert bench.store.get(job.id).state is JobState.EXPIRED
    bench.store.delete(job.id)
    bench.store.delete(bench.accept(b"y").id)
    assert kinds(bench.redis) == ["job.succeeded"]


def test_items_are_told_only_to_who_asks_for_them(bench: Bench) -> None:
    store = listen(bench)
    batch = new_batch(bench)
    succeed(bench, add_item(bench, batch, "a.jpg", b"x").id)
    assert told(bench.redis) == []
    asking = make_webhook(batch_items=True)
    store.create(asking, 9)
    succeed(bench, add_item(bench, batch, "b.jpg", b"x").id)
    (event,) = told(bench.redis)
    assert (event.subject["item"], event.subject["batch_id"]) == ("b.jpg", batch)
    assert asking.wants(event)
    assert not make_webhook().wants(event)
    store.change(asking.id, lambda webhook: webhook.model_copy(update={"batch_items": False}))
    succeed(bench, add_item(bench, batch, "c.jpg", b"x").id)
    assert len(told(bench.redis)) == 1


@pytest.mark.parametrize(
    ("ends", "kind"),
    [
        ([], "batch.completed"),
        ([succeed], "batch.completed"),
        ([succeed, fail], "batch.completed_with_errors"),
        ([fail, succeed], "batch.completed_with_errors"),
    ],
)
def test_a_batch_is_over_when_it_is_sealed_and_its_last_item_ends(
    bench: Bench, ends: list[Any], kind: str
) -> None:
    listen(bench)
    for sealed_first in (True, False):
        bench.redis.delete("webhooks:outbox")
        batch = new_batch(bench)
        items = [add_item(bench, batch, f"{n}.jpg", b"x").id for n in range(len(ends))]
        if sealed_first:
            bench.batches.seal(batch)
        for end, item in zip(ends, items, strict=True):
            assert told(bench.redis) == []
            end(bench, item)
        if not sealed_first:
            assert told(bench.redis) == []
            bench.batches.seal(batch)
        bench.batches.seal(batch)
        (event,) = told(bench.redis)
        assert (event.type, event.subject["id"]) == (kind, batch)
        assert event.subject["counts"]["failed"] == ends.count(fail)
        assert event.payload("https://x").data["archive_url"] == f"https://x/v1/batches/{batch}/archive.zip"


def test_a_batch_that_is_retried_ends_again(bench: Bench) -> None:
    listen(bench)
    batch = new_batch(bench)
    item = add_item(bench, batch, "a.jpg", b"x").id
    bench.batches.seal(batch)
    fail(bench, item)
    bench.batches.retry_failed(batch)
    bench.turns.retry_items(batch)
    succeed(bench, item)
    assert kinds(bench.redis) == ["batch.completed_with_errors", "batch.completed"]
    assert len({event.id for event in told(bench.redis)}) == 2


def test_a_canceled_batch_is_over_when_its_running_items_are(bench: Bench) -> None:
    listen(bench)
    batch = new_batch(bench)
    running, waiting = (add_item(bench, batch, f"{n}.jpg", b"x").id for n in range(2))
    lease = claimed(bench, running).lease
    bench.batches.cancel(batch)
    bench.turns.cancel_items(batch)
    assert bench.store.get(waiting).state is JobState.CANCELED
    assert told(bench.redis) == []
    assert lease is not None
    bench.store.change(running, lambda job: job.cancel(utc_now()))
    assert kinds(bench.redis) == ["batch.canceled"]
    bench.batches.cancel(batch)
    assert kinds(bench.redis) == ["batch.canceled"]


def test_the_last_item_may_also_be_deleted(bench: Bench) -> None:
    listen(bench)
    batch = new_batch(bench)
    first, second = (add_item(bench, batch, f"{n}.jpg", b"x").id for n in range(2))
    bench.batches.seal(batch)
    fail(bench, first)
    bench.store.delete(second)
    assert kinds(bench.redis) == ["batch.completed_with_errors"]
    # It is over, and what is forgotten of it later changes nothing.
    bench.store.delete(first)
    assert kinds(bench.redis) == ["batch.completed_with_errors"]


def test_whoever_deletes_a_batch_is_not_told_of_its_end(bench: Bench) -> None:
    listen(bench)
    batch = new_batch(bench)
    add_item(bench, batch, "a.jpg", b"x")
    bench.batches.delete(batch)
    assert told(bench.redis) == []
    assert not bench.redis.exists(f"batch:{batch}")


class Lives(RuleBasedStateMachine):
    """A batch of two jobs, done to at random: events are the entries into final states, in their order."""

    bench: Bench

    @initialize()
    def begin(self) -> None:
        self.bench.redis.flushall()
        listen(self.bench, batch_items=True)
        self.batch = new_batch(self.bench)
        self.jobs = [self._created(f"{n}.jpg") for n in range(2)]
        self.expected: list[tuple[str, str]] = []
        self.over = False

    def _created(self, name: str) -> str:
        record = make_record(b"x").model_copy(update={"batch_id": self.batch, "item": name})
        return self.bench.batches.add(record)[0].id

    def _do(self, index: int, change: Any) -> None:
        before = self.bench.store.get(self.jobs[index])
        with suppress(JobConflict, JobCanceled, JobNotFound):
            after = self.bench.store.change(self.jobs[index], change)
            if after.finished and not before.finished:
                self.expected.append((f"job.{after.state}", after.id))
        self._look_at_batch()

    def _look_at_batch(self) -> None:
        record = self.bench.batches.get(self.batch)
        counts = self.bench.store.counts(self.batch)
        unfinished = sum(counts[state] for state in ("queued", "running", "retrying", "canceling"))
        over = not record.open and not unfinished
        state = f"batch.{record.state(counts)}"
        canceled_after = self.over and over and state == "batch.canceled" != self.last
        if over and (not self.over or canceled_after):
            self.expected.append((state, self.batch))
            self.last = state
        self.over = over

    index = st.integers(0, 1)

    @rule(index=index)
    def claim(self, index: int) -> None:
        self._do(index, lambda job: job.claim("w", utc_now(), 2))

    @rule(index=index)
    def lose(self, index: int) -> None:
        self._do(index, lambda job: job.lose_worker(utc_now(), 2))

    @rule(index=index)
    def done(self, index: int) -> None:
        def change(job: JobRecord) -> JobRecord:
            if job.lease is None:
                raise JobConflict("no lease")
            return job.succeed(job.lease, RESULT, MODEL, now=utc_now(), timings={}, warnings=())

        self._do(index, change)

    @rule(index=index)
    def failed(self, index: int) -> None:
        self._do(index, lambda job: job.fail(LOST, utc_now()))

    @rule(index=index)
    def cancel(self, index: int) -> None:
        self._do(index, lambda job: job.request_cancel(utc_now()))

    @rule(index=index)
    def retry(self, index: int) -> None:
        self._do(index, JobRecord.retry)

    @rule(index=index)
    def redispatch(self, index: int) -> None:
        self._do(index, JobRecord.redispatch)

    @rule()
    def seal(self) -> None:
        self.bench.batches.seal(self.batch)
        self._look_at_batch()

    @rule()
    def cancel_batch(self) -> None:
        self.bench.batches.cancel(self.batch)
        self._look_at_batch()

    @invariant()
    def every_end_is_told_once(self) -> None:
        if hasattr(self, "expected"):
            events = told(self.bench.redis)
            assert [(event.type, event.subject["id"]) for event in events] == self.expected
            assert len({event.id for event in events}) == len(events)


def test_whatever_happens_every_end_is_told_once(bench: Bench) -> None:
    class OnBench(Lives):
        pass

    OnBench.bench = bench
    OnBench.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
    OnBench.TestCase().runTest()


def test_a_payload_is_small_and_of_the_three_members_of_the_standard(bench: Bench) -> None:
    listen(bench)
    job = succeed(bench, bench.accept(b"x").id)
    body = told(bench.redis)[0].payload("https://photos.example").model_dump_json()
    payload = json.loads(body)
    assert set(payload) == {"type", "timestamp", "data"}
    assert payload["timestamp"] == job.model_dump(mode="json")["finished_at"]
    assert payload["data"]["url"] == f"https://photos.example/v1/jobs/{job.id}"
    assert len(body) < 600


def test_all_but_the_ping_can_be_subscribed_to() -> None:
    assert [str(kind) for kind in SUBSCRIBABLE] == [
        "job.succeeded",
        "job.failed",
        "job.canceled",
        "batch.completed",
        "batch.completed_with_errors",
        "batch.canceled",
    ]
