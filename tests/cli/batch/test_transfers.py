import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.batch.ledger import Ledger
from cli.batch.transfers import Transfers
from cli.batch.uploads import Sender
from cli.files.plan import Item
from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions
from photochrom_client import Client, NotFound, Retries
from support.queue.queueing import Bench, failed, finished
from support.servers.answering import answer, answering


@pytest.fixture
def album(tmp_path: Path, photo: bytes) -> list[Item]:
    items = []
    for number in range(5):
        source = tmp_path / "album" / f"{number}.jpg"
        source.parent.mkdir(exist_ok=True)
        source.write_bytes(photo + bytes([number]))
        items.append(Item(source, tmp_path / "out" / f"{number}.jpg"))
    (tmp_path / "out").mkdir()
    return items


def transfers(client: Client, items: list[Item]) -> Transfers:
    source, out = items[0].source.parent, items[0].target.parent
    ledger = Ledger(out, source, client.server, ColorizeOptions())
    sender = Sender(client, ledger, source, ColorizeOptions())
    return Transfers(client, ledger, sender, items, width=2)


@contextmanager
def ending(bench: Bench, end: Callable[[str], object]) -> Iterator[None]:
    """Do `end` to every job that comes."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            for record in bench.store.page(50, state=JobState.QUEUED)[0]:
                end(record.id)

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            yield
        finally:
            over.set()
            working.result()


def test_each_photograph_has_its_result_under_its_name(
    client: Client, bench: Bench, album: list[Item]
) -> None:
    told: list[tuple[int, str]] = []
    run = transfers(client, album)
    with ending(bench, lambda job_id: finished(bench, job_id, job_id.encode())):
        run.run(lambda done, note: told.append((done, note)))
    assert all(outcome.succeeded for outcome in run.outcomes)
    by_name = {job.item: job.id for job in client.batches.items(client.batches.listed().__next__().id)}
    assert {item.target.name: item.target.read_text() for item in album} == by_name
    assert told[0] == (0, "checking what is already there")
    assert told[-1] == (5, "")
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert next(client.batches.listed()).open is False


def test_what_fails_on_the_service_fails_here_with_its_reason(
    client: Client, bench: Bench, album: list[Item]
) -> None:
    album[0].source.write_bytes(b"\xff\xd8\xff" + bytes(200_000))
    album[1].source.write_bytes(b"")
    run = transfers(client, album[:3])
    with ending(bench, lambda job_id: failed(bench, job_id)):
        run.run(lambda *_: None)
    assert {outcome.source.name: outcome.code for outcome in run.outcomes} == {
        "0.jpg": "photo-too-large",
        "1.jpg": "unreadable-photo",
        "2.jpg": "unreadable-photo",
    }


def test_a_source_that_vanishes_fails_alone(client: Client, bench: Bench, album: list[Item]) -> None:
    album[0].source.unlink()
    run = transfers(client, album)
    with ending(bench, lambda job_id: finished(bench, job_id)):
        run.run(lambda *_: None)
    assert [outcome.code for outcome in run.outcomes if not outcome.succeeded] == ["unreadable-file"]


def test_a_target_that_appears_is_left_alone(client: Client, bench: Bench, album: list[Item]) -> None:
    def work(job_id: str) -> None:
        album[0].target.write_bytes(b"mine")
        finished(bench, job_id)

    run = transfers(client, album)
    with ending(bench, work):
        run.run(lambda *_: None)
    assert [outcome.code for outcome in run.outcomes if not outcome.succeeded] == ["target-exists"]
    assert album[0].target.read_bytes() == b"mine"


def test_to_overwrite_is_to_replace(client: Client, bench: Bench, album: list[Item]) -> None:
    album[0].target.write_bytes(b"mine")
    run = transfers(client, [Item(item.source, item.target, replace=True) for item in album])
    with ending(bench, lambda job_id: finished(bench, job_id)):
        run.run(lambda *_: None)
    assert all(outcome.succeeded for outcome in run.outcomes)
    assert album[0].target.read_bytes() == b"coloured"


def test_an_item_that_somebody_deletes_is_said(client: Client, bench: Bench, album: list[Item]) -> None:
    def work(job_id: str) -> None:
        if bench.store.get(job_id).item == "0.jpg":
            client.jobs.delete(job_id)
        else:
            finished(bench, job_id)

    run = transfers(client, album)
    with ending(bench, work):
        run.run(lambda *_: None)
    assert [outcome.code for outcome in run.outcomes if not outcome.succeeded] == ["item-deleted"]


def test_a_batch_that_somebody_deletes_ends_the_run(client: Client, bench: Bench, album: list[Item]) -> None:
    def work(_: str) -> None:
        for batch in client.batches.listed():
            if not batch.open:
                client.batches.delete(batch.id)

    run = transfers(client, album)
    with ending(bench, work), pytest.raises(NotFound):
        run.run(lambda *_: None)
    run.close()


def test_a_service_that_refuses_all_ends_the_run(album: list[Item]) -> None:
    refusal = answer(401, b'{"code": "unauthorized", "detail": "No key."}')
    with answering(refusal) as script:
        run = transfers(Client(script.url, retries=Retries(patience=0)), album)
        with pytest.raises(Exception, match="No key"):
            run.run(lambda *_: None)
        run.close()
    assert run.outcomes == []
