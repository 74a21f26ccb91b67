"""What is deleted for want of a job that names it: only what is proven to be ours, and never at once."""

import logging
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from redis import Redis

from photochrom.ids import new_id
from photochrom.jobs.findings import LEFT, OWNED, Findings
from photochrom.ownership import Ownership
from photochrom.storage import trash
from photochrom.storage.keys import TRASH, from_trash, original_key, result_key
from photochrom.storage.storage import LocalStorage, Storage
from photochrom.times import utc_now
from support.queue.queueing import Bench
from support.servers.objects import ObjectStore
from workers.upkeep.maintenance import Maintenance
from workers.upkeep.orphans import Orphans

# The clock of an object store counts whole seconds.
ANY_AGE = timedelta(seconds=-2)


@pytest.fixture(params=["disk", "objects"])
def storage(request: pytest.FixtureRequest, bench: Bench, tmp_path: Path) -> Storage:
    if request.param == "objects":
        store: ObjectStore = request.getfixturevalue("object_store")
        bench.storage = cast("LocalStorage", store.storage(tmp_path))
    return bench.storage


@pytest.fixture
def ownership(bench: Bench, storage: Storage) -> Ownership:
    return Ownership(bench.redis, storage, bench.store.named)


@pytest.fixture
def orphans(bench: Bench, storage: Storage, ownership: Ownership) -> Orphans:
    return Orphans(bench.store, storage, ownership, Findings(bench.redis))


def put(storage: Storage, key: str) -> str:
    with storage.draft() as draft:
        draft.write(b"x")
        draft.commit(key)
    return key


def orphan(storage: Storage) -> str:
    return put(storage, original_key(new_id(), "0" * 64, ".jpg"))


def files(storage: Storage) -> set[str]:
    return {one.key for one in storage.listing()}


def trashed(storage: Storage) -> set[str]:
    found = [from_trash(one.key) for one in storage.listing(TRASH)]
    return {known[1] for known in found if known is not None}


def test_a_fresh_queue_deletes_nothing_of_a_storage_that_holds_something(
    bench: Bench, storage: Storage, orphans: Orphans, caplog: pytest.LogCaptureFixture
) -> None:
    """As with a wrong REDIS_URL, a lost volume, or a second deployment on the same bucket."""
    keys = {orphan(storage) for _ in range(12)}
    for days in range(3):
        orphans.look(utc_now() + timedelta(days=days), ANY_AGE)
    assert files(storage) == keys
    assert Findings(bench.redis).read() == {OWNED: 0}
    assert "photochrom adopt" in caplog.text


def test_nothing_goes_of_another_installation(
    bench: Bench, storage: Storage, orphans: Orphans, ownership: Ownership
) -> None:
    assert ownership.claim()
    kept = bench.accept(b"x")
    bench.redis.flushdb()
    bench.submit(b"another queue, with jobs of its own")
    before = files(storage)
    for _ in range(2):
        orphans.look(utc_now(), ANY_AGE)
        ownership.claim()
    assert files(storage) == before
    assert kept.original.key in before
    assert "another installation" in ownership.refusal() or "queue is new" in ownership.refusal()


def test_nothing_goes_while_the_queue_is_older_than_the_storage(
    bench: Bench, storage: Storage, orphans: Orphans, ownership: Ownership
) -> None:
    """A queue restored from yesterday's backup knows nothing of today's photographs."""
    ownership.claim()
    yesterday = cast("bytes", bench.redis.dump("installation"))
    orphans.look(utc_now(), ANY_AGE)
    key = orphan(storage)
    bench.redis.restore("installation", 0, yesterday, replace=True)
    orphans.look(utc_now(), ANY_AGE)
    assert files(storage) == {key}
    assert "older than the storage" in ownership.refusal()
    ownership.adopt()
    orphans.look(utc_now(), ANY_AGE)
    assert files(storage) == set()


def test_what_goes_lies_in_the_trash_for_a_day_and_can_be_taken_back(
    bench: Bench, storage: Storage, orphans: Orphans, ownership: Ownership
) -> None:
    ownership.claim()
    kept = bench.accept(b"x")
    lost = orphan(storage)
    now = utc_now()
    orphans.look(now, ANY_AGE)
    orphans.look(now + timedelta(hours=23), ANY_AGE)
    assert files(storage) == {kept.original.key}
    assert trashed(storage) == {lost}
    ownership.release()
    assert trash.take_back(storage) == 1
    assert files(storage) == {kept.original.key, lost}
    # What a person took back is not taken again.
    orphans.look(now + timedelta(days=3), ANY_AGE)
    assert files(storage) == {kept.original.key, lost}
    ownership.adopt()
    orphans.look(now, ANY_AGE)
    orphans.look(now + timedelta(hours=25), ANY_AGE)
    assert trashed(storage) == set()
    assert files(storage) == {kept.original.key}


def test_only_keys_of_our_own_form_go(
    bench: Bench, storage: Storage, orphans: Orphans, ownership: Ownership, tmp_path: Path
) -> None:
    ownership.claim()
    job = new_id()
    others = {
        "invoices/1.pdf",
        "backups/2025/db.dump.gz",
        "originals/mum.jpg",
        f"originals/{job}/mum.jpg",
        f"originals/{job}/{'0' * 32}",
        f"results/{job}/{'g' * 32}.jpg",
        f"results/{job[:-1]}/{'0' * 32}.jpg",
        f"trash/{job}/x.jpg",
        "trash/20200101t000000/holiday/mum.jpg",
        f"photographs/{job}/{'0' * 32}.jpg",
    }
    for key in others:
        put(storage, key)
    lost = put(storage, result_key(new_id(), "a" * 64, ".preview.jpg"))
    for days in range(3):
        orphans.look(utc_now() + timedelta(days=days), ANY_AGE)
    assert files(storage) | {one.key for one in storage.listing(TRASH)} == others
    assert lost not in files(storage)


@pytest.mark.parametrize(("unnamed", "named", "goes"), [(1, 0, True), (2, 17, False), (2, 18, True)])
def test_a_look_that_would_take_more_than_a_tenth_takes_nothing(
    bench: Bench, orphans: Orphans, ownership: Ownership, unnamed: int, named: int, goes: bool
) -> None:
    ownership.claim()
    for number in range(named):
        bench.accept(b"%d" % number)
    for _ in range(unnamed):
        orphan(bench.storage)
    orphans.look(utc_now(), ANY_AGE)
    assert len(files(bench.storage)) == named + (0 if goes else unnamed)
    assert Findings(bench.redis).read()[LEFT] == (0 if goes else unnamed)


def test_a_look_that_would_take_too_many_says_so_and_a_setting_lets_them_go(
    bench: Bench, ownership: Ownership, caplog: pytest.LogCaptureFixture
) -> None:
    storage = bench.storage
    ownership.claim()
    for number in range(40):
        bench.accept(b"%d" % number)
    for _ in range(4):
        orphan(storage)
    few = Orphans(bench.store, storage, ownership, Findings(bench.redis), limit=3)
    few.look(utc_now(), ANY_AGE)
    assert len(files(storage)) == 44
    assert "4 of 44 files" in caplog.text
    assert "PHOTOCHROM_ORPHAN_LIMIT" in caplog.text
    Orphans(bench.store, storage, ownership, Findings(bench.redis), limit=None).look(utc_now(), ANY_AGE)
    assert len(files(storage)) == 40
    assert Findings(bench.redis).read()[LEFT] == 0


def test_what_gets_a_job_after_it_was_found_stays(
    bench: Bench, orphans: Orphans, ownership: Ownership, monkeypatch: pytest.MonkeyPatch
) -> None:
    ownership.claim()
    job = bench.accept(b"x")
    named = bench.store.named
    first: list[bool] = []

    def late(keys: list[str]) -> set[str]:
        first.append(True)
        return named(keys) if len(first) > 1 else set()

    monkeypatch.setattr(bench.store, "named", late)
    orphans.look(utc_now(), ANY_AGE)
    assert files(bench.storage) == {job.original.key}


def test_a_file_that_cannot_be_moved_keeps_none_of_the_others(
    bench: Bench, ownership: Ownership, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    storage = bench.storage
    ownership.claim()
    keys = sorted(orphan(storage) for _ in range(3))
    move = storage.move

    def refusing(key: str, to: str) -> None:
        if key == keys[0]:
            raise PermissionError("not yours")
        move(key, to)

    monkeypatch.setattr(storage, "move", refusing)
    Orphans(bench.store, storage, ownership, Findings(bench.redis), limit=None).look(utc_now(), ANY_AGE)
    assert files(storage) == {keys[0]}
    assert keys[0] in caplog.text


class TestWhen:
    """The worker's maintenance asks for a look."""

    @pytest.fixture(autouse=True)
    def stray(self, bench: Bench) -> str:
        key = orphan(bench.storage)
        os.utime(bench.storage.local_path(key), (time.time() - 9000,) * 2)
        Ownership(bench.redis, bench.storage, bench.store.named).adopt()
        return key

    @pytest.fixture(name="maintenance")
    def of_bench(self, bench: Bench) -> Maintenance:
        return Maintenance(
            bench.redis, bench.store, bench.queue, bench.storage, 3, bench.batches, bench.turns
        )

    def test_not_at_the_first_start(self, bench: Bench, maintenance: Maintenance, stray: str) -> None:
        for _ in range(3):
            maintenance.run()
        assert files(bench.storage) == {stray}
        assert 3500 < cast("int", bench.redis.ttl("maintenance:orphans")) <= 3600

    def test_after_an_interval_of_work(self, bench: Bench, maintenance: Maintenance) -> None:
        maintenance.run()
        passed(bench.redis, "maintenance:orphans")
        maintenance.run()
        assert files(bench.storage) == set()

    def test_not_at_a_start_after_a_long_rest(
        self, bench: Bench, maintenance: Maintenance, stray: str
    ) -> None:
        maintenance.run()
        passed(bench.redis, "maintenance:orphans", "maintenance:seen")
        maintenance.run()
        assert files(bench.storage) == {stray}


def passed(redis: Redis, *keys: str) -> None:
    """As if these keys' time had passed."""
    redis.delete(*keys)


def test_a_storage_with_nothing_in_it_is_the_queues_from_the_first_start(bench: Bench) -> None:
    Maintenance(bench.redis, bench.store, bench.queue, bench.storage, 3, bench.batches, bench.turns).run()
    assert Ownership(bench.redis, bench.storage, bench.store.named).refusal() == ""


def test_an_older_installation_whose_jobs_name_all_is_ours_without_a_word(
    bench: Bench, storage: Storage, ownership: Ownership
) -> None:
    for data in (b"x", b"y"):
        bench.accept(data)
    assert ownership.claim()


def test_one_with_a_file_that_no_job_names_waits_for_a_person(
    bench: Bench, storage: Storage, ownership: Ownership
) -> None:
    bench.accept(b"x")
    orphan(storage)
    assert not ownership.claim()
    ownership.adopt()
    assert ownership.claim()


def test_a_start_does_not_look_through_a_large_storage(bench: Bench, ownership: Ownership) -> None:
    for data in (b"x", b"y", b"z"):
        bench.accept(data)
    assert not ownership.claim(2)
    assert ownership.claim(3)


def test_a_marker_that_cannot_be_read_is_not_ours(
    bench: Bench, storage: Storage, ownership: Ownership
) -> None:
    ownership.claim()
    put(storage, "photochrom.json")
    assert not ownership.claim()
    assert "another installation" in ownership.refusal()


def test_two_queues_that_meet_on_an_empty_storage_do_not_both_own_it(bench: Bench, storage: Storage) -> None:
    ours = Ownership(bench.redis, storage, bench.store.named)
    ours.claim()
    mine = bench.redis.hget("installation", "id")
    bench.redis.hset("installation", "id", new_id())
    theirs = Ownership(bench.redis, storage, bench.store.named)
    assert not theirs.claim()
    bench.redis.hset("installation", "id", cast("bytes", mine))
    assert ours.claim()


def test_what_is_done_is_told_by_the_log(
    bench: Bench, orphans: Orphans, ownership: Ownership, caplog: pytest.LogCaptureFixture
) -> None:
    ownership.claim()
    with caplog.at_level(logging.WARNING):
        key = orphan(bench.storage)
        orphans.look(utc_now(), ANY_AGE)
    assert f"Moving {key} to the trash" in caplog.text
