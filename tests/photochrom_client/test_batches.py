import zipfile
from pathlib import Path

import pytest

from photochrom_client import (
    BatchState,
    Client,
    ColorizeOptions,
    Conflict,
    InvalidRequest,
    JobState,
    NotFound,
    WaitedTooLong,
)
from support.queue.queueing import Bench, failed, finished
from support.waiting import wait_for
from support.zips import zip_of


def test_a_batch_from_its_beginning_to_its_zip(
    client: Client, bench: Bench, photo: bytes, tmp_path: Path
) -> None:
    batch = client.batches.create("Album 1931", ColorizeOptions(vividness=0.7))
    assert (batch.name, batch.state, batch.open) == ("Album 1931", BatchState.RECEIVING, True)
    first = client.batches.put(batch.id, "wedding/Ö 1.jpg", photo)
    other = client.batches.put(batch.id, "wedding/2.jpg", photo, ColorizeOptions(quality=95))
    assert (first.options.vividness, first.options.quality) == (0.7, 92)
    assert (other.options.vividness, other.options.quality) == (0.7, 95)
    assert client.batches.seal(batch.id).open is False
    finished(bench, first.id)
    failed(bench, other.id)
    done = client.batches.wait(batch.id, timeout=30)
    assert done.state is BatchState.COMPLETED_WITH_ERRORS
    assert client.batches.errors(batch.id)["wedding/2.jpg"].code == "unreadable-photo"
    target = client.batches.download_archive(batch.id, tmp_path / "album.zip")
    with zipfile.ZipFile(target) as archive:
        assert archive.read("wedding/Ö 1.jpg") == b"coloured"
    assert client.batches.retry_failed(batch.id) == 1
    wait_for(lambda: client.jobs.get(other.id).state is JobState.QUEUED, 30, "the retry")
    finished(bench, other.id)
    assert client.batches.wait(batch.id, timeout=30).state is BatchState.COMPLETED


def test_an_archive_is_sent_whole_with_the_encoding_of_its_names(
    client: Client, photo: bytes, tmp_path: Path
) -> None:
    batch, path = client.batches.create(), tmp_path / "album.zip"
    path.write_bytes(zip_of({"Свадьба?.jpg".encode("cp866"): photo, b"readme.txt": b"who is who " * 9}))
    report = client.batches.put_archive(batch.id, path, names="cp866")
    assert (report.accepted, report.rejected) == (1, 1)
    assert [(one.entry, one.item) for one in report.renamed] == [("Свадьба?.jpg", "Свадьба_.jpg")]
    assert [(one.item, one.code) for one in report.errors] == [("readme.txt", "unsupported-format")]
    assert client.batches.put_archive(batch.id, path.read_bytes(), names="cp866").unchanged == 1
    assert client.batches.item(batch.id, "Свадьба_.jpg").item == "Свадьба_.jpg"
    with pytest.raises(InvalidRequest):
        client.batches.put_archive(batch.id, path, names="klingon")


def test_sending_again_gives_the_same_job_and_another_photograph_conflicts(
    client: Client, photo: bytes
) -> None:
    batch = client.batches.create()
    first = client.batches.put(batch.id, "a.jpg", photo)
    assert client.batches.put(batch.id, "a.jpg", photo).id == first.id
    assert client.batches.item(batch.id, "a.jpg").id == first.id
    with pytest.raises(Conflict) as raised:
        client.batches.put(batch.id, "a.jpg", photo + b"more")
    assert raised.value.code == "item-conflict"
    client.batches.seal(batch.id)
    with pytest.raises(Conflict) as raised:
        client.batches.put(batch.id, "b.jpg", photo)
    assert raised.value.code == "batch-closed"


def test_one_key_begins_one_batch(client: Client) -> None:
    assert client.batches.create(idempotency_key="k").id == client.batches.create(idempotency_key="k").id
    assert client.batches.create().id != client.batches.create().id


@pytest.mark.parametrize("name", ["../a.jpg", "a:b.jpg", "a%2Fb?.jpg"])
def test_names_that_are_none_are_refused(client: Client, photo: bytes, name: str) -> None:
    batch = client.batches.create()
    with pytest.raises((InvalidRequest, NotFound)):
        client.batches.put(batch.id, name, photo)


def test_progress_tells_each_change_once_and_ends_with_the_batch(
    client: Client, bench: Bench, photo: bytes
) -> None:
    batch = client.batches.create()
    ids = [client.batches.put(batch.id, f"{number}.jpg", photo).id for number in range(3)]
    client.batches.seal(batch.id)
    told = []
    for now in client.batches.progress(batch.id, timeout=60):
        told.append(now.done)
        if ids:
            finished(bench, ids.pop(0))
    assert told == [0, 1, 2, 3]


def test_waiting_ends_when_the_time_is_over(client: Client) -> None:
    batch = client.batches.create()
    with pytest.raises(WaitedTooLong, match="receiving"):
        client.batches.wait(batch.id, timeout=0.1)


def test_items_come_page_by_page_and_by_state(client: Client, bench: Bench, photo: bytes) -> None:
    batch = client.batches.create()
    ids = [client.batches.put(batch.id, f"{number}.jpg", photo).id for number in range(5)]
    failed(bench, ids[2])
    assert [job.id for job in client.batches.items(batch.id, page_size=2)] == ids[::-1]
    assert [job.id for job in client.batches.items(batch.id, state=JobState.FAILED)] == [ids[2]]


def test_a_canceled_batch_keeps_what_is_done(client: Client, bench: Bench, photo: bytes) -> None:
    batch = client.batches.create()
    done = client.batches.put(batch.id, "a.jpg", photo)
    client.batches.put(batch.id, "b.jpg", photo)
    finished(bench, done.id)
    for _ in range(2):
        assert client.batches.cancel(batch.id).state is BatchState.CANCELED
    counts = client.batches.wait(batch.id, timeout=30).counts
    assert (counts[JobState.SUCCEEDED], counts[JobState.CANCELED]) == (1, 1)


def test_batches_are_listed_and_deleted(client: Client, bench: Bench, photo: bytes) -> None:
    made = [client.batches.create(f"album {number}").id for number in range(60)]
    assert [batch.id for batch in client.batches.listed()] == made[::-1]
    client.batches.put(made[0], "a.jpg", photo)
    client.batches.delete(made[0])
    client.batches.delete(made[0])
    assert bench.files() == []
    with pytest.raises(NotFound):
        client.batches.get(made[0])
