"""Long polling: answers that wait for something to say."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from photochrom.times import utc_now
from service.edge.conditions import matches
from service.live.waiting import wanted_wait
from support.queue.queueing import Bench


@contextmanager
def meanwhile(deed: Callable[[], object]) -> Iterator[None]:
    """Do it while a request waits."""
    thread = threading.Timer(0.3, deed)
    thread.start()
    yield
    thread.join()


@pytest.fixture
def url(client: TestClient, photo: bytes) -> str:
    return client.post("/v1/jobs", content=photo).json()["url"]


def claim(bench: Bench, url: str) -> None:
    bench.store.change(url.rpartition("/")[2], lambda job: job.claim("w", utc_now(), 3))


def test_with_its_tag_a_job_answers_at_its_next_change(client: TestClient, bench: Bench, url: str) -> None:
    tag = client.get(url).headers["etag"]
    with meanwhile(lambda: claim(bench, url)):
        answer = client.get(url, headers={"Prefer": "wait=30", "If-None-Match": tag})
    assert (answer.status_code, answer.json()["state"]) == (200, "running")
    assert answer.headers["preference-applied"] == "wait=30"
    assert answer.headers["etag"] != tag
    assert answer.elapsed.total_seconds() < 10


def test_without_a_tag_it_answers_at_its_end(client: TestClient, bench: Bench, url: str, finish) -> None:
    with meanwhile(lambda: finish(url.rpartition("/")[2])):
        answer = client.get(url, headers={"Prefer": "wait=30"})
    assert answer.json()["state"] == "succeeded"
    assert "retry-after" not in answer.headers


def test_when_time_is_over_it_is_304_with_a_tag_and_the_job_without(client: TestClient, url: str) -> None:
    tag = client.get(url).headers["etag"]
    assert client.get(url, headers={"Prefer": "wait=1", "If-None-Match": tag}).status_code == 304
    answer = client.get(url, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["state"]) == (200, "queued")


def test_what_is_over_or_was_missed_is_answered_at_once(
    client: TestClient, bench: Bench, url: str, finish
) -> None:
    tag = client.get(url).headers["etag"]
    claim(bench, url)
    assert client.get(url, headers={"Prefer": "wait=60", "If-None-Match": tag}).json()["state"] == "running"
    bench.store.change(url.rpartition("/")[2], lambda job: job.release(job.lease))
    finish(url.rpartition("/")[2])
    tag = client.get(url).headers["etag"]
    assert client.get(url, headers={"Prefer": "wait=60", "If-None-Match": tag}).status_code == 304


def test_a_job_that_is_deleted_meanwhile_is_404(client: TestClient, url: str) -> None:
    with meanwhile(lambda: client.delete(url)):
        assert client.get(url, headers={"Prefer": "wait=30"}).status_code == 404


def test_a_batch_answers_at_its_next_change_and_at_its_end(client: TestClient, photo: bytes, finish) -> None:
    url = client.post("/v1/batches").json()["url"]
    tag = client.get(url).headers["etag"]
    with meanwhile(lambda: client.put(f"{url}/items/a.jpg", content=photo)):
        answer = client.get(url, headers={"Prefer": "wait=30", "If-None-Match": tag})
    assert answer.json()["counts"]["queued"] == 1
    client.post(f"{url}:seal")
    item = client.get(f"{url}/items").json()["items"][0]["id"]
    with meanwhile(lambda: finish(item)):
        assert client.get(url, headers={"Prefer": "wait=30"}).json()["state"] == "completed"


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, None),
        ("respond-async", None),
        ("wait=5", 5),
        ("respond-async, wait=5", 5),
        ("wait=999", 60),
        ("wait=x", None),
        ("Wait=10", 10),
        ('wait="10"', 10),
        ("wait = 10", 10),
        ("WAIT=0", 0),
        ("wait=99999999", 60),
        ("wait=" + "9" * 5000, 60),
        ("respond-async;x=1 , wait=5;foo", 5),
        ("wait=5, wait=9", 5),
        ('note="a, wait=9, b"', None),
        ("await=9", None),
        ("respond-async; wait=9", None),
        ("wait=1.5", None),
        ("wait=-1", None),
        ('wait=""', None),
    ],
)
def test_waits_are_bounded(prefer: str | None, seconds: float | None) -> None:
    assert wanted_wait(prefer, 60) == seconds


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, False), ("*", True), ('W/"3-"', True), ('"3-"', True), ('"1", W/"3-"', True), ('"2-"', False)],
)
def test_tags_compare_weakly(header: str | None, expected: bool) -> None:
    assert matches(header, 'W/"3-"') is expected
