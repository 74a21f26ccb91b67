from pathlib import Path

import pytest

from cli.batch.ledger import Ledger
from cli.batch.uploads import Sender
from cli.files.plan import Item
from photochrom.photo.options import ColorizeOptions
from photochrom_client import Client, JobState, NotFound
from support.queue.queueing import Bench, failed, finished


@pytest.fixture
def album(tmp_path: Path, photo: bytes) -> Path:
    album = tmp_path / "album"
    for name in ("a.jpg", "deep/b.jpg"):
        path = album / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo)
    return album


class Run:
    """A sender as one run of the command has it."""

    def __init__(self, client: Client, album: Path) -> None:
        out = album.parent / "out"
        out.mkdir(exist_ok=True)
        self.album = album
        self.ledger = Ledger(out, album, client.server, ColorizeOptions())
        self.sender = Sender(client, self.ledger, album, ColorizeOptions())
        self.sender.look_around()

    def item(self, name: str = "a.jpg") -> Item:
        return Item(self.album / name, self.album.parent / "out" / name)


def test_a_second_run_finds_what_the_first_has_sent(client: Client, album: Path) -> None:
    first = Run(client, album)
    job = first.sender.send(first.item())
    assert (job.item, job.batch_id) == ("a.jpg", first.ledger.batches[0])
    second = Run(client, album)
    found = second.sender.resume(second.item())
    assert found is not None
    assert found.id == job.id
    assert second.sender.resume(second.item("deep/b.jpg")) is None
    assert second.sender.send(second.item("deep/b.jpg")).batch_id == job.batch_id


def test_a_photograph_that_has_changed_is_sent_again(client: Client, album: Path, photo: bytes) -> None:
    first = Run(client, album)
    before = first.sender.send(first.item())
    (album / "a.jpg").write_bytes(photo + b"\0")
    second = Run(client, album)
    assert second.sender.resume(second.item()) is None
    after = second.sender.send(second.item())
    assert after.original.sha256 != before.original.sha256
    with pytest.raises(NotFound):
        client.jobs.get(before.id)


def test_a_failed_photograph_is_tried_again_without_sending_it(
    client: Client, bench: Bench, album: Path
) -> None:
    first = Run(client, album)
    job = first.sender.send(first.item())
    failed(bench, job.id)
    second = Run(client, album)
    found = second.sender.resume(second.item())
    assert found is not None
    assert (found.id, found.state) == (job.id, JobState.QUEUED)


def test_a_failed_photograph_whose_original_is_gone_is_sent_again(
    client: Client, bench: Bench, album: Path
) -> None:
    first = Run(client, album)
    job = first.sender.send(first.item())
    failed(bench, job.id)
    expired = {"original": bench.store.get(job.id).original.model_copy(update={"key": ""})}
    bench.store.change(job.id, lambda record: record.model_copy(update=expired))
    second = Run(client, album)
    assert second.sender.resume(second.item()) is None
    assert second.sender.send(second.item()).id != job.id


def test_a_sealed_batch_is_followed_by_another(client: Client, album: Path) -> None:
    first = Run(client, album)
    first.sender.send(first.item())
    first.sender.seal()
    second = Run(client, album)
    second.sender.send(second.item("deep/b.jpg"))
    assert len(second.ledger.batches) == 2


def test_a_batch_that_somebody_seals_meanwhile_is_followed_by_another(client: Client, album: Path) -> None:
    run = Run(client, album)
    run.sender.send(run.item())
    client.batches.seal(run.ledger.batches[0])
    run.sender.send(run.item("deep/b.jpg"))
    assert len(run.ledger.batches) == 2


def test_a_batch_that_is_gone_is_forgotten(client: Client, bench: Bench, album: Path) -> None:
    first = Run(client, album)
    finished(bench, first.sender.send(first.item()).id)
    client.batches.delete(first.ledger.batches[0])
    second = Run(client, album)
    assert second.ledger.batches == []
    assert second.sender.resume(second.item()) is None


def test_a_batch_of_which_all_was_refused_is_none(client: Client, album: Path) -> None:
    run = Run(client, album)
    (album / "a.jpg").write_bytes(b"\xff\xd8\xff" + bytes(200_000))
    with pytest.raises(Exception, match="larger"):
        run.sender.send(run.item())
    run.sender.seal()
    assert run.ledger.batches == []
    assert list(client.batches.listed()) == []


def test_killed_before_the_batch_was_noted_the_next_run_has_the_same(client: Client, album: Path) -> None:
    first = Run(client, album)
    lost = client.batches.create("album", ColorizeOptions(), idempotency_key=first.ledger.next_key())
    second = Run(client, album)
    assert second.sender.send(second.item()).batch_id == lost.id


@pytest.mark.parametrize(
    "name", ["Scan 10:30.jpg", "what?.jpg", "trailing /a.jpg", "back\\slash.jpg", "a\udcff.jpg"]
)
def test_names_that_the_service_does_not_take_are_replaced(
    client: Client, album: Path, photo: bytes, name: str
) -> None:
    run = Run(client, album)
    path = album / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(photo)
    job = run.sender.send(run.item(name))
    assert job.item is not None
    assert job.item.startswith("unnamed/")
    assert job.item.endswith(".jpg")
    assert job.item == run.sender.name_of(run.item(name))
