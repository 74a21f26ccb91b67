"""Whatever callers, workers and deaths do to jobs and batches together: counts add up, ends stay ends, nothing is lost.

The queue, the records and the maintenance are the real ones; only the worker's hands are ours, so that it can die
between any two steps.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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

from photochrom.batches.record import BatchRecord, BatchState
from photochrom.errors import BatchClosed, ItemConflict, JobCanceled, JobConflict, JobNotFound
from photochrom.ids import new_id
from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.parts import JobError, Lease, ModelUsed, Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import UNFINISHED, JobState
from photochrom.jobs.store import HANDED_OVER, index_of
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now
from support.queue.queueing import Bench, make_record
from workers.upkeep.maintenance import Maintenance

QUEUE = "rq:queue:photochrom"
MODEL = ModelUsed(name="m", version="1", provider="p")
NAMES = st.sampled_from(["a.jpg", "b.jpg", "c.jpg", "album/a.jpg"])
PHOTOS = st.sampled_from([b"1", b"2"])
ATTEMPTS = 3


@dataclass(frozen=True)
class AtWork:
    """A job that a worker has popped, and its lease if it has come that far."""

    delivery: str
    lease: Lease | None

    @property
    def job_id(self) -> str:
        return self.delivery.partition("-")[0]


class Lives(RuleBasedStateMachine):
    redis: Redis
    url: str
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.bench = Bench(self.url, self.folder)
        self.maintenance = Maintenance(
            redis=self.redis,
            store=self.bench.store,
            queue=self.bench.queue,
            storage=self.bench.storage,
            max_attempts=ATTEMPTS,
            batches=self.bench.batches,
            turns=self.bench.turns,
        )
        self.batches: list[str] = []
        self.accepted: dict[str, str | None] = {}
        self.at_work: list[AtWork] = []
        self.published: Counter[str] = Counter()
        self.ended: dict[str, JobRecord] = {}

    # What callers do.

    @rule(workers=st.integers(1, 3))
    def workers_come_and_go(self, workers: int) -> None:
        for number in range(3):
            status = WorkerStatus(name=f"w{number}", host="h", pid=1, started_at=utc_now(), model=MODEL)
            if number < workers:
                self.bench.fleet.beat(status, ttl=600)
            else:
                self.bench.fleet.leave(status.name)

    @precondition(lambda self: len(self.batches) < 2)
    @rule()
    def create(self) -> None:
        record = BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now())
        self.batches.append(self.bench.batches.create(record).id)

    @rule(photo=PHOTOS, api_dies=st.booleans())
    def submit(self, photo: bytes, api_dies: bool) -> None:
        record = self.bench.store.create(make_record(photo))
        self.accepted[record.id] = None
        if not api_dies:
            self.bench.queue.put(record)

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), name=NAMES, photo=PHOTOS, api_dies=st.booleans())
    def add(self, data: st.DataObject, name: str, photo: bytes, api_dies: bool) -> None:
        batch_id = data.draw(st.sampled_from(self.batches))
        record = make_record(photo, name).model_copy(update={"batch_id": batch_id, "item": name})
        was_open, there = self.bench.batches.get(batch_id).open, self.item(batch_id, name)
        try:
            kept, new = self.bench.batches.add(record)
        except BatchClosed:
            assert not was_open
            return
        except ItemConflict:
            assert there
            assert there.original.sha256 != record.original.sha256
            return
        assert new == (there is None)
        assert was_open or not new
        self.accepted[kept.id] = batch_id
        if not api_dies:
            self.bench.turns.feed(batch_id)

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def seal(self, data: st.DataObject) -> None:
        self.bench.batches.seal(data.draw(st.sampled_from(self.batches)))

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), api_dies=st.booleans())
    def cancel_batch(self, data: st.DataObject, api_dies: bool) -> None:
        batch_id = data.draw(st.sampled_from(self.batches))
        self.bench.batches.cancel(batch_id)
        if not api_dies:
            self.bench.turns.cancel_items(batch_id)

    @precondition(lambda self: self.batches)
    @rule(data=st.data(), api_dies=st.booleans())
    def retry_failed(self, data: st.DataObject, api_dies: bool) -> None:
        batch_id = data.draw(st.sampled_from(self.batches))
        self.bench.batches.retry_failed(batch_id)
        if not api_dies:
            self.bench.turns.retry_items(batch_id)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def cancel_job(self, data: st.DataObject) -> None:
        record = self.change(self.any_job(data), lambda r: r.request_cancel(utc_now()))
        if record and record.finished:
            self.bench.queue.remove(record)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data(), api_dies=st.booleans())
    def retry_job(self, data: st.DataObject, api_dies: bool) -> None:
        record = self.change(self.any_job(data), JobRecord.retry)
        if record and not api_dies:
            self.hand_over(record)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def delete_job(self, data: st.DataObject) -> None:
        job_id = self.any_job(data)
        self.bench.queue.remove(self.bench.store.delete(job_id))
        del self.accepted[job_id]
        self.ended.pop(job_id, None)

    @precondition(lambda self: self.batches)
    @rule(data=st.data())
    def delete_batch(self, data: st.DataObject) -> None:
        batch_id = data.draw(st.sampled_from(self.batches))
        gone = {record.id for record in self.bench.batches.delete(batch_id)}
        assert gone == {job_id for job_id, of in self.accepted.items() if of == batch_id}
        self.batches.remove(batch_id)
        for job_id in gone:
            del self.accepted[job_id]
            self.ended.pop(job_id, None)

    # What workers do, step by step.

    @precondition(lambda self: self.redis.llen(QUEUE))
    @rule(worker=st.sampled_from(["w0", "w1"]), dies_before_its_claim=st.booleans())
    def take(self, worker: str, dies_before_its_claim: bool) -> None:
        self.take_next(worker, dies=dies_before_its_claim)

    def take_next(self, worker: str, *, dies: bool) -> None:
        delivery = self.redis.lpop(QUEUE).decode()
        if not self.redis.exists(f"rq:job:{delivery}"):
            return
        self.redis.hset(f"rq:job:{delivery}", "status", "started")
        taken = AtWork(delivery, None)
        if not dies:
            record = self.change(taken.job_id, lambda r: r.claim(worker, utc_now(), ATTEMPTS))
            taken = AtWork(delivery, record.lease if record else None)
        self.at_work.append(taken)

    @precondition(lambda self: self.at_work)
    @rule(data=st.data(), how=st.sampled_from(["succeed", "reject", "stumble", "release", "only the record"]))
    def finish(self, data: st.DataObject, how: str) -> None:
        """`only the record`: it succeeds, and dies before RQ and the batch hear of it."""
        work = data.draw(st.sampled_from(self.at_work))
        self.at_work.remove(work)
        if work.lease is not None:
            self.end(work.job_id, work.lease, "succeed" if how == "only the record" else how)
        if how == "only the record":
            self.redis.hset(f"rq:job:{work.delivery}", "status", "failed")
            return
        self.redis.delete(f"rq:job:{work.delivery}")
        batch_id = self.accepted.get(work.job_id)
        if batch_id:
            self.bench.turns.feed(batch_id)

    @precondition(lambda self: self.at_work)
    @rule(data=st.data(), noticed=st.booleans())
    def die(self, data: st.DataObject, noticed: bool) -> None:
        """RQ either marks the delivery of a dead worker as failed, or has lost it altogether."""
        work = data.draw(st.sampled_from(self.at_work))
        self.at_work.remove(work)
        if noticed:
            self.redis.hset(f"rq:job:{work.delivery}", "status", "failed")
        else:
            self.redis.delete(f"rq:job:{work.delivery}")

    @rule()
    def maintain(self) -> None:
        for state in UNFINISHED:
            self.maintenance.recover(index_of(state))
        self.maintenance.recover()
        self.maintenance.feed_batches()

    # What holds after every step.

    @invariant()
    def counts_add_up(self) -> None:
        records = [self.bench.store.get(job_id) for job_id in self.accepted]
        assert self.bench.store.counts() == _counted(records)
        for batch_id in self.batches:
            items = [record for record in records if record.batch_id == batch_id]
            counts = self.bench.store.counts(batch_id)
            assert counts == _counted(items)
            assert len({record.item for record in items}) == len(items)
            state = self.bench.batches.get(batch_id).state(counts)
            if state in (BatchState.COMPLETED, BatchState.COMPLETED_WITH_ERRORS):
                assert all(item.finished for item in items)

    @invariant()
    def ends_stay_ends(self) -> None:
        for job_id in self.accepted:
            record = self.bench.store.get(job_id)
            before = self.ended.get(job_id)
            if before and before.state is JobState.SUCCEEDED:
                assert record == before
            elif before and record != before:
                # Only somebody's wish leads from a failed or canceled job back to work.
                assert record.dispatch > before.dispatch
                del self.ended[job_id]
            if record.finished:
                self.ended[job_id] = record
            assert self.published[job_id] == (record.state is JobState.SUCCEEDED)

    @invariant()
    def nothing_is_lost(self) -> None:
        """Each unfinished job stands where somebody looks: it waits for its turn, or is handed over."""
        handed = _members(self.redis.zrange(HANDED_OVER, 0, -1))
        held, out = self.members("held"), self.members("out")
        unfinished = {job_id for job_id in self.accepted if not self.bench.store.get(job_id).finished}
        assert held | handed == unfinished
        assert not held & handed
        assert out == {job_id for job_id in handed if self.accepted[job_id]}

    def teardown(self) -> None:
        """Let workers be in good health from here: everything comes to its end."""
        self.at_work.clear()
        for key in self.redis.scan_iter("rq:job:*"):
            if self.redis.hget(key, "status") == b"started":
                self.redis.hset(key, "status", "failed")
        for _ in range(200):
            self.maintain()
            if not self.redis.llen(QUEUE):
                break
            self.take_next("w0", dies=False)
            for work in self.at_work:
                if work.lease is not None:
                    self.end(work.job_id, work.lease, "succeed")
                self.redis.delete(f"rq:job:{work.delivery}")
            self.at_work.clear()
        assert all(self.bench.store.get(job_id).finished for job_id in self.accepted)
        self.ends_stay_ends()

    # Tools.

    def change(self, job_id: str, change: Callable[[JobRecord], JobRecord]) -> JobRecord | None:
        try:
            return self.bench.store.change(job_id, change)
        except (JobConflict, JobCanceled, JobNotFound):
            return None

    def end(self, job_id: str, lease: Lease, how: str) -> None:
        error = JobError(code="c", detail="d")
        ways: dict[str, Callable[[JobRecord], JobRecord]] = {
            "succeed": lambda r: r.succeed(
                lease, _result(job_id), MODEL, now=utc_now(), timings={}, warnings=()
            ),
            "reject": lambda r: r.reject(lease, error, utc_now()),
            "stumble": lambda r: r.stumble(lease, error, utc_now(), ATTEMPTS),
            "release": lambda r: r.release(lease),
        }
        done = self.change(job_id, ways[how])
        if done and how == "succeed":
            self.published[job_id] += 1
        elif done is None:
            # As a worker does that finds its job canceled.
            self.change(
                job_id,
                lambda r: r.cancel(utc_now()) if r.state is JobState.CANCELING and r.lease == lease else r,
            )

    def hand_over(self, record: JobRecord) -> None:
        if record.batch_id:
            self.bench.turns.feed(record.batch_id)
        else:
            self.bench.queue.put(record)

    def item(self, batch_id: str, name: str) -> JobRecord | None:
        items = [self.bench.store.get(job_id) for job_id, of in self.accepted.items() if of == batch_id]
        return next((record for record in items if record.item == name), None)

    def any_job(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.accepted)))

    def members(self, which: str) -> set[str]:
        read = self.redis.smembers if which == "out" else lambda key: self.redis.zrange(key, 0, -1)
        return {member for batch_id in self.batches for member in _members(read(f"batch:{batch_id}:{which}"))}


def _members(found: object) -> set[str]:
    return {member.decode() for member in found}


def _counted(records: list[JobRecord]) -> dict[JobState, int]:
    counted = Counter(record.state for record in records)
    return {state: counted[state] for state in JobState}


def _result(job_id: str) -> Result:
    return Result(
        key=f"results/{job_id}/b.jpg", name="a", media_type="m", bytes=1, width=1, height=1, sha256="s"
    )


def test_any_lives_of_jobs_and_batches_lose_nothing(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    Lives.redis, Lives.folder, Lives.url = redis, tmp_path, redis_url
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
