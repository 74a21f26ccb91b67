from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from photochrom.batches.record import BatchRecord, BatchState
from photochrom.errors import BatchClosed
from photochrom.ids import new_id
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import HANDED_OVER
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now
from support.queue.batching import add, end, queued, worker
from support.queue.queueing import Bench, add_item, new_batch


def test_only_one_item_for_each_worker_is_in_the_queue(bench: Bench, batch_id: str) -> None:
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(5)]
    assert queued(bench) == items[:1]
    end(bench, items[0])
    assert queued(bench) == items[1:2]
    for name in ("w1", "w2", "w3"):
        bench.fleet.beat(worker(name), ttl=60)
    bench.turns.feed(batch_id)
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
    bench.turns.feed(batch_id)
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
    assert bench.turns.canceling() == [batch_id]
    bench.turns.cancel_items(batch_id)
    counts = bench.store.counts(batch_id)
    assert (counts[JobState.FAILED], counts[JobState.CANCELED]) == (1, 3)
    assert queued(bench) == []
    assert bench.turns.canceling() == []
    assert bench.turns.with_held_items() == []


def test_retry_brings_back_the_failed_and_the_canceled_only(bench: Bench, batch_id: str) -> None:
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(3)]
    end(bench, items[0])
    end(bench, items[1], fail=False)
    bench.batches.cancel(batch_id)
    assert bench.batches.retryable(batch_id) == 2
    assert bench.batches.retry_failed(batch_id)
    assert bench.turns.retrying() == [batch_id]
    bench.turns.retry_items(batch_id)
    assert bench.turns.retrying() == []
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
    bench.turns.cancel_items(batch_id)
    monkeypatch.undo()
    bench.turns.retry_items(batch_id)
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
    bench.turns.retry_items(batch_id)
    monkeypatch.undo()
    bench.turns.cancel_items(batch_id)
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
            assert bench.turns.canceling() == ([batch_id] if canceled else [])
            assert bench.turns.retrying() == ([] if canceled else [batch_id])


def states(bench: Bench, batch: str) -> dict[JobState, int]:
    return {state: count for state, count in bench.store.counts(batch).items() if count}


def test_a_paused_batch_gives_no_turns_and_takes_back_those_it_gave(bench: Bench) -> None:
    batch = new_batch(bench)
    first = add_item(bench, batch, "a.jpg", b"a")
    bench.batches.pause(batch)
    add_item(bench, batch, "b.jpg", b"b")
    assert bench.turns.hold(bench.store.get(first.id))
    assert bench.redis.zcard(f"batch:{batch}:held") == 2
    assert not bench.redis.zcard("jobs:handed")
    bench.turns.feed(batch)
    assert bench.redis.zcard(f"batch:{batch}:held") == 2

    bench.batches.resume(batch)
    bench.turns.feed(batch)
    again = bench.store.get(first.id)
    # A new handing over, which RQ does not take for the one that it remembers.
    assert again.dispatch == first.dispatch + 1
    assert bench.queue.position(again) is not None
    assert not bench.turns.hold(again)


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
    bench.turns.hold(seen)
    bench.store.change = change  # type: ignore[method-assign]
    assert bench.queue.position(bench.store.get(item.id)) is not None


def test_canceling_and_retrying_end_a_pause(bench: Bench) -> None:
    batch = new_batch(bench)
    add_item(bench, batch, "a.jpg", b"a")
    bench.batches.pause(batch)
    bench.batches.cancel(batch)
    bench.turns.cancel_items(batch)
    assert states(bench, batch) == {JobState.CANCELED: 1}
    with pytest.raises(BatchClosed):
        bench.batches.pause(batch)
    bench.batches.retry_failed(batch)
    bench.turns.retry_items(batch)
    assert bench.redis.zcard("jobs:handed") == 1


def test_a_batch_that_is_over_is_not_paused(bench: Bench) -> None:
    batch = new_batch(bench)
    bench.batches.seal(batch)
    paused = bench.batches.pause(batch)
    assert paused.state(bench.store.counts(batch)) is BatchState.COMPLETED
