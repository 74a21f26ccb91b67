"""Scans of album pages in a worker, in this process: what is found, and what is cut."""

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photochrom.access.quotas import Allowance, Charge
from photochrom.batches.record import BatchState
from photochrom.batches.store import BatchStore
from photochrom.errors import StorageFull
from photochrom.jobs.parts import Progress
from photochrom.jobs.record import JobRecord
from photochrom.jobs.split import ScannedPage, Split, StoredFrame
from photochrom.jobs.states import JobState
from photochrom.storage.storage import LocalStorage
from photochrom.times import utc_now
from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.pictures.photographs import album_page, grey_jpeg
from support.queue.queueing import KEEP, Bench, make_record, new_batch
from workers.child.colorist import Colorist
from workers.jobs import splitting
from workers.jobs.restorer import Restorer
from workers.jobs.stored import Stored
from workers.settings import WorkerSettings

PAGE = album_page()


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Colorist]:
    path: Path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    path.write_bytes(tiny_model(ABLE_CARD))
    with closing(Colorist(WorkerSettings(model_path=path), 1)) as found:
        found.ready()
        yield found


def restorer_of(bench: Bench, child: Colorist, batches: BatchStore) -> Restorer:
    return Restorer(bench.store, bench.storage, child, "w1", 3, bench.turns, batches)


@pytest.fixture
def restorer(bench: Bench, child: Colorist) -> Restorer:
    return restorer_of(bench, child, bench.batches)


def accepted(bench: Bench, content: bytes, batch: str | None = None, **changes: object) -> JobRecord:
    """Keep a scan to be split, as the API does; of a batch as `album/page.jpg`."""
    item = {"batch_id": batch, "item": "album/page.jpg"} if batch else {}
    record = make_record(content, "page.jpg").model_copy(update={"split": Split(), **item, **changes})
    with bench.storage.draft() as draft:
        draft.write(content)
        draft.commit(record.original.key)
    return bench.batches.add(record)[0] if batch else bench.store.create(record)


def children(bench: Bench, batch: str) -> dict[str, JobRecord]:
    found = [record for records in bench.store.listed(batch_id=batch) for record in records]
    return {record.item or "": record for record in found if record.cut_from}


def test_the_photographs_of_a_page_are_found_and_it_is_to_be_seen(bench: Bench, restorer: Restorer) -> None:
    page = accepted(bench, PAGE)
    restorer.restore(page.id)
    found = bench.store.get(page.id)
    assert found.state is JobState.SUCCEEDED
    assert found.split
    ((first, second),) = (one.frames for one in found.split.pages)
    assert (first.x, first.y) == pytest.approx((310, 280), abs=6)
    assert (second.width, second.height) == pytest.approx((540, 440), abs=12)
    assert found.original.expires_at
    assert bench.files() == sorted(found.stored_keys())
    with bench.storage.file(found.split.previews_key or "") as path, Image.open(path) as preview:
        assert preview.size == (1300, 900)
    # They go with the scan.
    swept = found.sweep(found.original.expires_at)
    assert set(swept.deleting) == found.stored_keys()
    assert swept.split
    assert swept.split.previews == ()
    assert not swept.original.key


def test_all_pages_of_a_tiff_are_looked_at_and_shown(bench: Bench, restorer: Restorer) -> None:
    tiff = io.BytesIO()
    with Image.open(io.BytesIO(PAGE)) as page:
        page.save(
            tiff, "TIFF", save_all=True, append_images=[page.resize((650, 450))], compression="tiff_lzw"
        )
    scan = accepted(bench, tiff.getvalue())
    restorer.restore(scan.id)
    split = bench.store.get(scan.id).split
    assert split
    assert [(page.width, page.height, len(page.frames)) for page in split.pages] == [
        (1300, 900, 2),
        (650, 450, 2),
    ]
    assert len(split.previews) == 2
    with bench.storage.file(split.previews_key or "") as path:
        assert path.stat().st_size == sum(split.previews)


def test_an_item_becomes_further_items_also_of_a_batch_that_takes_no_more(
    bench: Bench, restorer: Restorer
) -> None:
    batch = new_batch(bench)
    page = accepted(bench, PAGE, batch)
    bench.batches.seal(batch)
    restorer.restore(page.id)
    assert bench.batches.get(batch).state(bench.store.counts(batch)) is BatchState.RUNNING
    cut = children(bench, batch)
    assert sorted(cut) == ["album/page/1.jpg", "album/page/2.jpg"]
    assert {one.original.name for one in cut.values()} == {"page-1.jpg", "page-2.jpg"}
    for one in cut.values():
        restorer.restore(one.id)
        ended = bench.store.get(one.id)
        assert ended.result
        assert abs(ended.result.width - 540) <= 16
        # It is what it would be if it had been sent by itself.
        with bench.storage.file(one.original.key) as path:
            single = bench.accept(path.read_bytes())
        restorer.restore(single.id)
        alone = bench.store.get(single.id).result
        assert alone
        assert alone.sha256 == ended.result.sha256
    assert bench.batches.get(batch).state(bench.store.counts(batch)) is BatchState.COMPLETED
    assert bench.store.get(page.id).timings.keys() == {"find", "cut"}


def test_frames_that_were_given_are_cut_and_a_whole_scan_stays_the_file_that_it_is(
    bench: Bench, restorer: Restorer
) -> None:
    turned = StoredFrame(x=310, y=280, width=400, height=500, angle=90)
    given = Split(pages=(ScannedPage(width=1300, height=900, frames=(turned,)),), checked=True)
    batch = new_batch(bench)
    restorer.restore(accepted(bench, PAGE, batch, split=given).id)
    (only,) = children(bench, batch).values()
    with bench.storage.file(only.original.key) as path, Image.open(path) as image:
        assert image.size == (400, 500)
    single, whole = grey_jpeg(), new_batch(bench)
    restorer.restore(accepted(bench, single, whole).id)
    (only,) = children(bench, whole).values()
    with bench.storage.file(only.original.key) as path:
        assert path.read_bytes() == single


class Interrupted(BatchStore):
    """Takes one item, and is interrupted at the next."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.redis, bench.store, bench.queue, KEEP.record)
        self.taken = 0

    def add(self, record: JobRecord, charge: Charge | None = None) -> tuple[JobRecord, bool]:
        if self.taken:
            raise KeyboardInterrupt
        self.taken += 1
        return super().add(record, charge)


def test_what_an_interrupted_attempt_has_cut_is_not_cut_again(bench: Bench, child: Colorist) -> None:
    batch = new_batch(bench)
    page = accepted(bench, PAGE, batch)
    with pytest.raises(KeyboardInterrupt):
        restorer_of(bench, child, Interrupted(bench)).restore(page.id)
    before = children(bench, batch)
    assert list(before) == ["album/page/1.jpg"]
    assert bench.store.get(page.id).state is JobState.QUEUED
    restorer_of(bench, child, bench.batches).restore(page.id)
    after = children(bench, batch)
    assert sorted(after) == ["album/page/1.jpg", "album/page/2.jpg"]
    assert after["album/page/1.jpg"].id == before["album/page/1.jpg"].id


def test_an_item_of_the_same_name_is_said_and_nothing_is_left_behind(
    bench: Bench, restorer: Restorer
) -> None:
    batch = new_batch(bench)
    other = make_record(b"x", "2.jpg").model_copy(update={"batch_id": batch, "item": "album/page/2.jpg"})
    bench.batches.add(other)
    page = accepted(bench, PAGE, batch)
    restorer.restore(page.id)
    failed = bench.store.get(page.id)
    assert failed.error
    assert failed.error.code == "item-conflict"
    assert "album/page/2.jpg" in failed.error.detail
    (first,) = children(bench, batch).values()
    assert bench.files() == sorted([page.original.key, first.original.key])


def test_nothing_is_cut_for_a_batch_that_was_canceled(bench: Bench, child: Colorist) -> None:
    class Canceled(Interrupted):
        def add(self, record: JobRecord, charge: Charge | None = None) -> tuple[JobRecord, bool]:
            bench.batches.cancel(record.batch_id or "")
            bench.turns.cancel_items(record.batch_id or "")
            return BatchStore.add(self, record, charge)

    batch = new_batch(bench)
    page = accepted(bench, PAGE, batch)
    restorer_of(bench, child, Canceled(bench)).restore(page.id)
    assert bench.store.get(page.id).state is JobState.CANCELED
    assert not children(bench, batch)
    assert bench.files() == [page.original.key]


def test_a_batch_that_is_canceled_takes_nothing_more_before_its_items_are(
    bench: Bench, child: Colorist
) -> None:
    class Canceled(Interrupted):
        def add(self, record: JobRecord, charge: Charge | None = None) -> tuple[JobRecord, bool]:
            bench.batches.cancel(record.batch_id or "")
            return BatchStore.add(self, record, charge)

    batch = new_batch(bench)
    page = accepted(bench, PAGE, batch)
    bench.batches.seal(batch)
    restorer_of(bench, child, Canceled(bench)).restore(page.id)
    bench.turns.cancel_items(batch)
    assert not children(bench, batch)
    assert bench.files() == [page.original.key]


def test_what_somebody_has_sent_under_the_name_of_a_photograph_is_taken_for_it(
    bench: Bench, restorer: Restorer
) -> None:
    first, second = new_batch(bench), new_batch(bench)
    restorer.restore(accepted(bench, PAGE, first).id)
    sent = children(bench, first)["album/page/1.jpg"]
    with bench.storage.file(sent.original.key) as path:
        content = path.read_bytes()
    same = make_record(content, "page-1.jpg").model_copy(update={"batch_id": second, "item": sent.item})
    with bench.storage.draft() as draft:
        draft.write(content)
        draft.commit(same.original.key)
    bench.batches.add(same)
    page = accepted(bench, PAGE, second)
    restorer.restore(page.id)
    assert bench.store.get(page.id).state is JobState.SUCCEEDED
    named = {key for records in bench.store.listed() for record in records for key in record.stored_keys()}
    assert set(bench.files()) == named


def test_an_attempt_that_was_taken_over_leaves_the_previews_of_the_other_one(
    bench: Bench, child: Colorist
) -> None:
    page = accepted(bench, PAGE)
    other = restorer_of(bench, child, bench.batches)

    class Slow(Restorer):
        def write(self, *given: Any, **named: Any) -> Stored:
            kept = super().write(*given, **named)
            bench.store.change(page.id, lambda job: job.lose_worker(utc_now(), 3))
            # The child has one photograph at a time: what the other attempt would write is there already.
            claimed = bench.store.change(page.id, lambda job: job.claim("w2", utc_now(), 3))
            lease = claimed.lease
            assert lease
            split = Split(
                pages=(ScannedPage(width=9, height=9),), previews_key=kept.key, previews=(kept.bytes,)
            )
            done = Progress(stage="find", done=1, total=1)
            bench.store.change(page.id, lambda job: job.look(lease, split, done))
            bench.store.change(
                page.id, lambda job: job.split_up(lease, now=utc_now(), timings={}, warnings=())
            )
            return kept

    Slow(bench.store, bench.storage, child, "w1", 3, other.turns, bench.batches).restore(page.id)
    assert bench.files() == sorted(bench.store.get(page.id).stored_keys())


def test_what_is_cut_leaves_room_for_photographs_at_work_and_goes_on_when_there_is_more(
    bench: Bench, child: Colorist
) -> None:
    batch = new_batch(bench)
    page = accepted(bench, PAGE, batch)
    full = LocalStorage(bench.data / "photos", keep_free=1 << 60)
    restorer = replace(restorer_of(bench, child, bench.batches), incoming=full, max_attempts=1)
    with pytest.raises(StorageFull):
        restorer.restore(page.id)
    failed = bench.store.get(page.id)
    assert failed.error
    assert failed.error.code == "storage-full"
    assert bench.files() == [page.original.key]
    bench.store.change(page.id, JobRecord.retry)
    restorer_of(bench, child, bench.batches).restore(page.id)
    assert len(children(bench, batch)) == 2


def test_a_scan_of_more_photographs_than_a_record_has_room_for_is_refused(
    bench: Bench, restorer: Restorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "MOST_PHOTOGRAPHS", 1)
    page = accepted(bench, PAGE)
    restorer.restore(page.id)
    refused = bench.store.get(page.id)
    assert refused.error
    assert refused.error.code == "too-many-photographs"
    assert "2 photographs" in refused.error.detail


@pytest.mark.parametrize("charged", [False, True])
def test_photographs_count_in_their_owners_day_once(bench: Bench, restorer: Restorer, charged: bool) -> None:
    batch = new_batch(bench)
    page = accepted(bench, PAGE, batch, owner="anna", split=Split(charged=charged))
    restorer.restore(page.id)
    assert {one.owner for one in children(bench, batch).values()} == {"anna"}
    used = Allowance(bench.redis).used("anna")
    assert used.jobs == (0 if charged else 2)
    assert (used.pixels > 400_000) is not charged
    assert page.created_at <= utc_now()
