import json

import pytest

from photochrom.batches.record import BatchRecord
from photochrom.errors import BatchClosed, BatchNotFound, ItemConflict, ItemNotFound
from photochrom.ids import new_id
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


def test_deleting_what_is_not_there_leaves_nothing(bench: Bench) -> None:
    before = set(bench.redis.scan_iter())
    for _ in range(3):
        with pytest.raises(BatchNotFound):
            bench.batches.delete(new_id())
    assert set(bench.redis.scan_iter()) == before
