import pytest

from cli.batch.follower import Follower
from photochrom_client import Client, NotFound
from support.queue.queueing import Bench, failed, finished


@pytest.fixture
def batch_id(client: Client) -> str:
    return client.batches.create().id


def put(client: Client, batch_id: str, photo: bytes, count: int) -> list[str]:
    return [client.batches.put(batch_id, f"{number}.jpg", photo).id for number in range(count)]


def test_each_end_is_told_once(client: Client, bench: Bench, batch_id: str, photo: bytes) -> None:
    follower = Follower(client, batch_id)
    ids = put(client, batch_id, photo, 4)
    assert follower.news() == []
    finished(bench, ids[0])
    assert [job.id for job in follower.news()] == ids[:1]
    failed(bench, ids[2])
    client.jobs.cancel(ids[1])
    assert {job.id for job in follower.news()} == set(ids[1:3])
    assert follower.news() == []
    assert not follower.over
    client.batches.seal(batch_id)
    finished(bench, ids[3])
    assert [job.id for job in follower.news()] == ids[3:]
    assert follower.over


def test_items_that_end_out_of_order_are_found(
    client: Client, bench: Bench, batch_id: str, photo: bytes
) -> None:
    """The new one stands below more old ones than a page holds."""
    follower = Follower(client, batch_id)
    ids = put(client, batch_id, photo, 30)
    for job_id in ids[1:]:
        finished(bench, job_id)
    assert len(follower.news()) == 29
    finished(bench, ids[0])
    assert [job.id for job in follower.news()] == ids[:1]


def test_what_counts_hide_is_found_at_the_end(
    client: Client, bench: Bench, batch_id: str, photo: bytes
) -> None:
    """Somebody deletes an item while another ends: the count stays as it was."""
    follower = Follower(client, batch_id)
    ids = put(client, batch_id, photo, 2)
    finished(bench, ids[0])
    follower.news()
    client.jobs.delete(ids[0])
    client.batches.seal(batch_id)
    finished(bench, ids[1])
    assert [job.id for job in follower.news()] == ids[1:]
    assert follower.over


def test_a_batch_that_is_gone_is_said(client: Client, batch_id: str) -> None:
    follower = Follower(client, batch_id)
    client.batches.delete(batch_id)
    with pytest.raises(NotFound):
        follower.news()
