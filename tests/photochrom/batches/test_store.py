import json

import pytest

from photochrom.batches.record import BatchRecord
from photochrom.errors import BatchClosed, BatchNotFound, ItemConflict, ItemNotFound
from photochrom.ids import new_id
from photochrom.jobs.parts import JobError
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now
from support.queue.batching import add, end, queued
from support.queue.queueing import Bench


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


def test_a_name_that_is_taken_anew_is_not_freed_by_the_record_before(bench: Bench, batch_id: str) -> None:
    """Where one is swept while another is sent: the name leads to the new one."""
    first = add(bench, batch_id, "a.jpg")
    bench.redis.hdel(f"job:{first.id}", "record")
    bench.redis.rename(f"job:{first.id}", "aside")
    second = add(bench, batch_id, "a.jpg", b"other")
    bench.redis.rename("aside", f"job:{first.id}")
    assert bench.store.forget(first)
    assert bench.batches.item(batch_id, "a.jpg").id == second.id


def test_a_batch_that_is_kept_for_ever_is_not_forgotten_when_it_is_empty(bench: Bench) -> None:
    """Nor one that a version before this one gave a time."""
    kept, other = (
        BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now(), retention=retention)
        for retention in ("never", None)
    )
    for record in (kept, other):
        bench.batches.create(record)
    assert bench.redis.zscore("batches:expiry", kept.id) == float("inf")
    bench.redis.zadd("batches:expiry", {kept.id: 1, other.id: 1})
    bench.batches.forget_empty(utc_now())
    assert bench.batches.get(kept.id) == kept
    with pytest.raises(BatchNotFound):
        bench.batches.get(other.id)


@pytest.mark.parametrize("close", ["seal", "cancel"])
def test_a_closed_batch_takes_no_more_but_knows_what_it_has(bench: Bench, batch_id: str, close: str) -> None:
    first = add(bench, batch_id, "a.jpg")
    getattr(bench.batches, close)(batch_id)
    with pytest.raises(BatchClosed):
        add(bench, batch_id, "b.jpg")
    assert add(bench, batch_id, "a.jpg").id == first.id


def test_delete_forgets_batch_items_and_turns(bench: Bench, batch_id: str) -> None:
    items = [add(bench, batch_id, f"{n}.jpg").id for n in range(3)]
    assert {record.id for record in bench.batches.delete(batch_id)} == set(items)
    with pytest.raises(BatchNotFound):
        bench.batches.get(batch_id)
    left = [key.decode() for key in bench.redis.keys(f"*{batch_id}*")]
    assert left == []
    assert queued(bench) == []
    assert bench.redis.zcard("idempotency:expiry") == 0


def test_what_can_be_tried_again_is_counted_without_reading_it(
    bench: Bench, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be fifty thousand, and the call may be refused then; originals that are gone do not count."""
    items = [add(bench, batch_id, f"{n}.jpg") for n in range(5)]
    for item, fail in zip(items[:4], (True, True, False, False), strict=True):
        end(bench, item.id, fail=fail)
    due = [bench.store.get(items[n].id).original.expires_at for n in (0, 2)]
    for n, when in zip((0, 2), due, strict=True):
        assert when is not None
        bench.store.change(items[n].id, lambda job, at=when: job.sweep(at))
    monkeypatch.setattr(JobStore, "get_many", lambda *_: pytest.fail("It reads them all."))
    assert bench.batches.retryable(batch_id) == 2
    assert bench.store.retryable(JobState.FAILED, batch_id, chunk=1) == 1
    assert bench.batches.retry_failed(batch_id)
    assert bench.batches.retryable(batch_id) == 0
    assert not bench.batches.retry_failed(batch_id)


def test_a_text_with_an_empty_key_in_it_hides_no_original(bench: Bench, batch_id: str) -> None:
    item = add(bench, batch_id, "a.jpg")
    said = JobError(code="c", detail='It says {"key":""} of "key":"".')
    bench.store.change(item.id, lambda job: job.fail(said, utc_now()))
    assert bench.batches.retryable(batch_id) == 1


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


def test_deleting_what_is_not_there_leaves_nothing(bench: Bench) -> None:
    before = set(bench.redis.scan_iter())
    for _ in range(3):
        with pytest.raises(BatchNotFound):
            bench.batches.delete(new_id())
    assert set(bench.redis.scan_iter()) == before
