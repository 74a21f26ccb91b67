import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from photochrom.batches.record import BatchRecord, BatchState
from photochrom.errors import BatchClosed, BatchNotFound, ItemConflict, ItemNotFound
from photochrom.ids import new_id
from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.record import JobError, JobRecord, JobState, ModelUsed
from photochrom.jobs.store import HANDED_OVER
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now
from support.queueing import Bench, add_item, make_record, new_batch


@pytest.fixture
def batch_id(bench: Bench) -> str:
    record = BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now())
    return bench.batches.create(record).id


def add(bench: Bench, batch_id: str, name: str, photo: bytes = b"x", **options: object) -> JobRecord:
    record = make_record(photo, name, **options).model_copy(update={"batch_id": batch_id, "item": name})
    added, _ = bench.batches.add(record)
    bench.batches.feed(batch_id)
    return added


def worker(name: str) -> WorkerStatus:
    model = ModelUsed(name="m", version="1", provider="p")
    return WorkerStatus(name=name, host="h", pid=1, started_at=utc_now(), model=model)


def queued(bench: Bench) -> list[str]:
    waiting = bench.redis.lrange("rq:queue:photochrom", 0, -1)
    return [member.decode().partition("-")[0] for member in waiting]


def end(bench: Bench, job_id: str, *, fail: bool = True) -> None:
    def over(job: JobRecord) -> JobRecord:
        if fail:
            return job.fail(JobError(code="c", detail="d"), utc_now())
        return job.request_cancel(utc_now())

    batch_id = bench.store.change(job_id, over).batch_id
    assert batch_id is not None
    bench.redis.lrem("rq:queue:photochrom", 0, f"{job_id}-1")
    bench.batches.feed(batch_id)


def test_sending_the_same_item_again_changes_nothing(bench: Bench, batch_id: str) -> None:
    first = add(bench, batch_id, "a/1.jpg")
    assert add(bench, batch_id, "a/1.jpg").id == first.id
    assert bench.batches.item(batch_id, "a/1.jpg").id == first.id
    assert sum(bench.store.counts(batch_id).values()) == 1


def test_another_photo_or_other_options_under_one_name_conflict(bench: Bench, batch_id: str) -> None:
    add(bench, batch_id, "a.jpg")
    with pytest.raises(ItemConflict):
        add(bench, batch_id, "a.jpg", b"other")
    with pytest.raises(ItemConflict):
        add(bench, batch_id, "a.jpg", quality=50)


def test_a_deleted_item_frees_its_name(bench: Bench, batch_id: str) -> None:
    bench.store.delete(add(bench, batch_id, "a.jpg").id)
    with pytest.raises(ItemNotFound):
        bench.batches.item(batch_id, "a.jpg")
    add(bench, batch_id, "a.jpg", b"other")


@pytest.mark.parametrize("close", ["seal", "cancel"])
def test_a_closed_batch_takes_no_more_but_knows_what_it_has(bench: Bench, batch_id: str, close: str) -> None:
    first = add(bench, batch_id, "a.jpg")
    getattr(bench.batches, close)(batch_id)
    with pytest.raises(BatchClosed):
        add(bench, batch_id, "b.jpg")
    assert add(bench, batch_id, "a.jpg").id == first.id


def test_only_one_item_for_each_worker_is_in_the_queue(bench: Bench, batch_id: str) -> None:
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(5)]
    assert queued(bench) == items[:1]
    end(bench, items[0])
    assert queued(bench) == items[1:2]
    for name in ("w1", "w2", "w3"):
        bench.fleet.beat(worker(name), ttl=60)
    bench.batches.feed(batch_id)
    assert queued(bench) == items[1:4]


def test_dead_workers_get_no_items(bench: Bench, batch_id: str) -> None:
    """Workers come and go by the dozen; nobody may ever ask `/readyz` who is alive."""
    for n in range(5):
        bench.fleet.beat(worker(f"w{n}"), ttl=60)
        bench.redis.delete(f"worker:w{n}")
    bench.fleet.beat(worker("w5"), ttl=60)
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(3)]
    assert queued(bench) == items[:1]
    assert bench.redis.smembers("workers") == {b"w5"}


def test_an_item_counts_as_handed_over_from_its_turn_to_its_end(bench: Bench, batch_id: str) -> None:
    def handed() -> list[str]:
        return [member.decode() for member in bench.redis.zrange(HANDED_OVER, 0, -1)]

    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(3)]
    assert handed() == items[:1]
    end(bench, items[0])
    assert handed() == items[1:2]
    bench.store.change(items[0], JobRecord.retry)
    assert handed() == items[1:2]
    bench.store.delete(items[1])
    assert handed() == []
    bench.batches.feed(batch_id)
    assert handed() == items[:1]


def test_batches_take_turns_and_a_single_upload_waits_for_neither(bench: Bench, batch_id: str) -> None:
    other_id = bench.batches.create(
        BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now())
    ).id
    ours = [add(bench, batch_id, f"{n}.jpg").id for n in range(50)]
    theirs = [add(bench, other_id, f"{n}.jpg").id for n in range(50)]
    single = bench.submit(b"x")
    assert bench.queue.position(single) == 2
    end(bench, ours[0])
    end(bench, theirs[0])
    assert queued(bench) == [single.id, ours[1], theirs[1]]


def test_cancel_ends_what_waits_and_keeps_what_is_done(bench: Bench, batch_id: str) -> None:
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(4)]
    end(bench, items[0])
    bench.batches.cancel(batch_id)
    assert bench.batches.canceling() == [batch_id]
    bench.batches.cancel_items(batch_id)
    counts = bench.store.counts(batch_id)
    assert (counts[JobState.FAILED], counts[JobState.CANCELED]) == (1, 3)
    assert queued(bench) == []
    assert bench.batches.canceling() == []
    assert bench.batches.with_held_items() == []


def test_retry_brings_back_the_failed_and_the_canceled_only(bench: Bench, batch_id: str) -> None:
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(3)]
    end(bench, items[0])
    end(bench, items[1], fail=False)
    bench.batches.cancel(batch_id)
    assert bench.batches.retry_failed(batch_id) == 2
    assert bench.batches.retrying() == [batch_id]
    bench.batches.retry_items(batch_id)
    assert bench.batches.retrying() == []
    record = bench.batches.get(batch_id)
    assert record.canceled_at is None
    assert not record.open
    assert bench.store.counts(batch_id)[JobState.QUEUED] == 3


def test_retry_wins_over_a_cancel_that_is_still_at_work(
    bench: Bench, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API died amid a cancel, maintenance takes it up, and now somebody wants the batch to go on."""
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(5)]
    bench.batches.cancel(batch_id)
    change = bench.store.change
    calls: list[str] = []

    def changing(job_id: str, *args: Any, **kwargs: Any) -> JobRecord:
        calls.append(job_id)
        if len(calls) == 3:
            bench.batches.retry_failed(batch_id)
        return change(job_id, *args, **kwargs)

    monkeypatch.setattr(bench.store, "change", changing)
    bench.batches.cancel_items(batch_id)
    monkeypatch.undo()
    bench.batches.retry_items(batch_id)
    assert calls == items[:3]
    assert bench.store.counts(batch_id)[JobState.QUEUED] == 5


def test_cancel_wins_over_a_retry_that_is_still_at_work(
    bench: Bench, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(3)]
    for item in items:
        end(bench, item)
    bench.batches.retry_failed(batch_id)
    change = bench.store.change

    def changing(job_id: str, *args: Any, **kwargs: Any) -> JobRecord:
        changed = change(job_id, *args, **kwargs)
        bench.batches.cancel(batch_id)
        return changed

    monkeypatch.setattr(bench.store, "change", changing)
    bench.batches.retry_items(batch_id)
    monkeypatch.undo()
    bench.batches.cancel_items(batch_id)
    counts = bench.store.counts(batch_id)
    assert (counts[JobState.FAILED], counts[JobState.CANCELED]) == (2, 1)


def test_a_batch_is_to_be_canceled_just_as_long_as_its_record_says_so(bench: Bench, batch_id: str) -> None:
    """Both are written in one step: a process that dies, or another that is faster, leaves no half of it."""
    add(bench, batch_id, "a.jpg")
    with ThreadPoolExecutor(2) as threads:
        for _ in range(20):
            calls = (bench.batches.cancel, bench.batches.retry_failed)
            for done in [threads.submit(call, batch_id) for call in calls]:
                done.result()
            canceled = bench.batches.get(batch_id).canceled_at is not None
            assert bench.batches.canceling() == ([batch_id] if canceled else [])
            assert bench.batches.retrying() == ([] if canceled else [batch_id])


def test_delete_forgets_batch_items_and_turns(bench: Bench, batch_id: str) -> None:
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(3)]
    assert {record.id for record in bench.batches.delete(batch_id)} == set(items)
    with pytest.raises(BatchNotFound):
        bench.batches.get(batch_id)
    left = [key.decode() for key in bench.redis.keys(f"batch:{batch_id}*")]
    assert left == []
    assert queued(bench) == []


def test_every_change_of_an_item_counts_as_an_event_of_its_batch(bench: Bench, batch_id: str) -> None:
    before = bench.batches.events(batch_id)
    item = add(bench, batch_id, "a.jpg")
    end(bench, item.id)
    assert bench.batches.events(batch_id) == before + 2


def test_pages_of_batches_run_from_the_newest(bench: Bench) -> None:
    made = [
        bench.batches.create(BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now())).id
        for _ in range(5)
    ]
    first, cursor = bench.batches.page(3)
    second, end_of_all = bench.batches.page(3, cursor)
    assert [record.id for record in first + second] == sorted(made, reverse=True)
    assert end_of_all is None


def test_a_batch_that_cannot_be_read_spoils_no_listing(bench: Bench, batch_id: str) -> None:
    newer = bench.batches.get(batch_id).model_dump(mode="json")
    newer["options"]["grain"] = 0.5
    bench.redis.hset(f"batch:{batch_id}", "record", json.dumps(newer))
    broken = bench.batches.create(
        BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now())
    ).id
    bench.redis.hset(f"batch:{broken}", "record", "{}")
    records, _ = bench.batches.page(10)
    assert [record.id for record in records] == [batch_id]


def test_a_batch_is_forgotten_when_its_time_is_over_and_it_is_empty(bench: Bench, batch_id: str) -> None:
    item = add(bench, batch_id, "a.jpg")
    bench.redis.zadd("batches:expiry", {batch_id: 1})
    bench.batches.forget_empty(utc_now())
    bench.batches.get(batch_id)
    bench.store.delete(item.id)
    bench.redis.zadd("batches:expiry", {batch_id: 1})
    bench.batches.forget_empty(utc_now())
    with pytest.raises(BatchNotFound):
        bench.batches.get(batch_id)


def states(bench: Bench, batch: str) -> dict[JobState, int]:
    return {state: count for state, count in bench.store.counts(batch).items() if count}


def test_a_paused_batch_gives_no_turns_and_takes_back_those_it_gave(bench: Bench) -> None:
    batch = new_batch(bench)
    first = add_item(bench, batch, "a.jpg", b"a")
    bench.batches.pause(batch)
    add_item(bench, batch, "b.jpg", b"b")
    assert bench.batches.hold(bench.store.get(first.id))
    assert bench.redis.zcard(f"batch:{batch}:held") == 2
    assert not bench.redis.zcard("jobs:handed")
    bench.batches.feed(batch)
    assert bench.redis.zcard(f"batch:{batch}:held") == 2

    bench.batches.resume(batch)
    bench.batches.feed(batch)
    again = bench.store.get(first.id)
    # A new handing over, which RQ does not take for the one that it remembers.
    assert again.dispatch == first.dispatch + 1
    assert bench.queue.position(again) is not None
    assert not bench.batches.hold(again)


def test_an_item_is_not_lost_where_the_pause_ends_while_it_is_put_back(bench: Bench) -> None:
    batch = new_batch(bench)
    item = add_item(bench, batch, "a.jpg", b"a")
    bench.batches.pause(batch)
    seen = bench.store.get(item.id)
    change = bench.store.change

    def resumed_meanwhile(*given: Any, **more: Any) -> JobRecord:
        bench.batches.resume(batch)
        return change(*given, **more)

    bench.store.change = resumed_meanwhile  # type: ignore[method-assign]
    bench.batches.hold(seen)
    bench.store.change = change  # type: ignore[method-assign]
    assert bench.queue.position(bench.store.get(item.id)) is not None


def test_canceling_and_retrying_end_a_pause(bench: Bench) -> None:
    batch = new_batch(bench)
    add_item(bench, batch, "a.jpg", b"a")
    bench.batches.pause(batch)
    bench.batches.cancel(batch)
    bench.batches.cancel_items(batch)
    assert states(bench, batch) == {JobState.CANCELED: 1}
    with pytest.raises(BatchClosed):
        bench.batches.pause(batch)
    bench.batches.retry_failed(batch)
    bench.batches.retry_items(batch)
    assert bench.redis.zcard("jobs:handed") == 1


def test_a_batch_that_is_over_is_not_paused(bench: Bench) -> None:
    batch = new_batch(bench)
    bench.batches.seal(batch)
    paused = bench.batches.pause(batch)
    assert paused.state(bench.store.counts(batch)) is BatchState.COMPLETED
