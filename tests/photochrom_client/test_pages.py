import pytest

from photochrom.jobs.split import StoredFrame
from photochrom_client import (
    BatchState,
    Client,
    ColorizeOptions,
    Conflict,
    Frame,
    InvalidRequest,
    JobFailed,
    JobState,
    NotFound,
    WaitedTooLong,
)
from support.queue.queueing import Bench, found

LEFT, RIGHT = (StoredFrame(x=x, y=32, width=40, height=50) for x in (24, 72))


def test_a_page_from_the_scan_to_its_batch(client: Client, bench: Bench, photo: bytes) -> None:
    page = client.pages.submit(photo, ColorizeOptions(vividness=0.7), name="page.jpg")
    assert (page.state, page.pages, page.over) == (JobState.QUEUED, None, False)
    with pytest.raises(WaitedTooLong):
        client.pages.wait(page.id, timeout=0.01)
    with pytest.raises(Conflict):
        client.pages.frame(page.id, [[]])
    found(bench, page.id, LEFT, RIGHT)
    page = client.pages.wait(page.id, timeout=30)
    assert page.pages
    assert (page.pages[0].width, page.photographs, page.checked) == (96, 2, False)
    assert client.pages.original(page.id) == photo
    assert client.pages.preview(page.id) == b"small"
    turned = Frame(x=24, y=32, width=50, height=40, angle=90)
    page = client.pages.frame(page.id, [[turned, *page.pages[0].frames[1:]]])
    assert page.pages
    assert page.pages[0].frames[0] == turned
    batch = client.pages.start(page.id)
    assert (batch.name, batch.state, batch.options.vividness) == ("page.jpg", BatchState.SEALED, 0.7)
    (item,) = client.batches.items(batch.id)
    assert (item.kind, item.item) == ("page", "page.jpg")
    with pytest.raises(JobFailed, match="photographs"):
        item.done()
    client.pages.delete(page.id)
    client.pages.delete(page.id)
    with pytest.raises(NotFound):
        client.pages.get(page.id)


def test_frames_that_do_not_fit_are_refused_and_options_may_be_others(
    client: Client, bench: Bench, photo: bytes
) -> None:
    page = client.pages.submit(photo)
    found(bench, page.id, LEFT, RIGHT)
    with pytest.raises(InvalidRequest, match="outside") as refused:
        client.pages.frame(page.id, [[Frame(x=900, y=32, width=40, height=50)]])
    assert refused.value.code == "bad-frames"
    key, options = "once", ColorizeOptions(quality=95)
    first, again = (client.pages.start(page.id, "Album", options, idempotency_key=key) for _ in range(2))
    assert first.id == again.id
    assert (first.name, first.options.quality) == ("Album", 95)


def test_a_page_by_its_address_is_asked_for_as_a_photograph_is(client: Client) -> None:
    with pytest.raises(InvalidRequest) as refused:
        client.pages.submit_url("https://127.0.0.1/page.jpg")
    assert refused.value.code == "url-rejected"


def test_an_item_of_a_batch_is_split_on_wish(client: Client, photo: bytes) -> None:
    batch = client.batches.create("Album")
    assert (
        client.batches.put(batch.id, "page.jpg", photo, ColorizeOptions(quality=95), split=True).kind
        == "page"
    )
    assert client.batches.put(batch.id, "other.jpg", photo).kind == "photograph"
