"""Results from a disk and from an object store: the same answers."""

import hashlib
from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.record import JobRecord
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.objects import ObjectStore

DATA = bytes(range(256)) * 40
TAG = f'"{hashlib.sha256(DATA).hexdigest()}"'


@pytest.fixture
def object_settings(settings: ServiceSettings, bench: Bench, object_store: ObjectStore) -> ServiceSettings:
    return ServiceSettings(**{**settings.model_dump(), **object_store.chosen(bench.data)})


@pytest.fixture(params=["disk", "objects"])
def stored(
    request: pytest.FixtureRequest, settings: ServiceSettings, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """The app on one storage; the bench does a worker's part on the same one."""
    chosen = settings if request.param == "disk" else request.getfixturevalue("object_settings")
    with TestClient(create_app(chosen), raise_server_exceptions=False) as client:
        monkeypatch.setattr(bench, "storage", client.app.state.services.storage)
        yield client


@pytest.fixture
def result(stored: TestClient, photo: bytes, finish: Callable[..., JobRecord]) -> str:
    job = stored.post("/v1/jobs?name=grandma.jpg", content=photo).json()
    finish(job["id"], DATA)
    return f"{job['url']}/result"


def test_the_whole_file_comes_under_its_name(stored: TestClient, result: str) -> None:
    answer = stored.get(result)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["accept-ranges"] == "bytes"
    assert "grandma.jpg" in answer.headers["content-disposition"]
    head = stored.head(result)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(DATA))
    assert stored.get(result, headers={"If-None-Match": TAG}).status_code == 304


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=100-199", 100, 200),
        ("bytes=10000-", 10000, 10240),
        ("bytes=-5", 10235, 10240),
        ("bytes=-99999", 0, 10240),
        ("bytes=10239-99999", 10239, 10240),
        ("Bytes = 0-9", 0, 10),
        ("bytes=0-9,999999999-", 0, 10),
        ("bytes=99999999999999999999999999-, ,-5", 10235, 10240),
        ("bytes=0-9,5-19,20-29", 0, 30),
    ],
)
def test_a_part_is_that_part(stored: TestClient, result: str, asked: str, start: int, end: int) -> None:
    answer = stored.get(result, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, DATA[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-9", "If-Range": '"another"'},
        {"Range": "bytes=0-9", "If-Range": f"W/{TAG}"},
        {"Range": "items=0-9"},
        {"Range": "banana"},
        {"Range": "bytes=9-0"},
        {"Range": "bytes=0-9,x"},
        {"Range": "bytes="},
        {"Range": "bytes=0-9" + ",0-9" * 200},
        {},
    ],
)
def test_other_wishes_get_it_whole(stored: TestClient, result: str, headers: dict[str, str]) -> None:
    answer = stored.get(result, headers=headers)
    assert (answer.status_code, answer.content) == (200, DATA)


def test_a_part_of_the_very_file_is_given_to_who_has_the_rest(stored: TestClient, result: str) -> None:
    answer = stored.get(result, headers={"Range": "bytes=10000-", "If-Range": TAG})
    assert (answer.status_code, len(answer.content)) == (206, 240)


def test_a_range_in_head_is_not_heard(stored: TestClient, result: str) -> None:
    for asked in ("bytes=0-9", "bytes=99999-"):
        head = stored.head(result, headers={"Range": asked})
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(DATA)))


def test_two_parts_come_both(stored: TestClient, result: str) -> None:
    answer = stored.get(result, headers={"Range": "bytes=0-9,100-109,99999-"})
    assert answer.status_code in {200, 206}
    assert DATA[:10] in answer.content
    assert DATA[100:110] in answer.content


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=-0", "bytes=99999-,-0"])
def test_a_part_beyond_the_end_is_none(stored: TestClient, result: str, asked: str) -> None:
    answer = stored.get(result, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"].endswith("*/10240")


@pytest.mark.parametrize("file", ["result", "original", "preview", "confidence", "reference"])
def test_every_file_hears_conditions(
    stored: TestClient, bench: Bench, photo: bytes, finish: Callable[..., JobRecord], file: str
) -> None:
    job = stored.post("/v1/jobs", content=photo).json()
    record = finish(job["id"], DATA)
    assert record.result is not None
    pictures = {"preview_key": record.result.key, "confidence_key": record.result.key}
    made = {"result": record.result.model_copy(update=pictures), "reference": record.original}
    bench.store.change(job["id"], lambda one: one.model_copy(update=made))
    url = f"{job['url']}/{file}"
    first = stored.get(url)
    assert first.status_code == 200, first.text
    tag = first.headers["etag"]
    for asked, status in (
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": f'"other", {tag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Match": tag}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": '"other"', "If-None-Match": tag}, 412),
    ):
        answer = stored.get(url, headers=asked)
        assert answer.status_code == status, asked
        assert status != 304 or (answer.headers["etag"], answer.content) == (tag, b"")
    if date := first.headers.get("last-modified"):
        long_ago = "Mon, 01 Jan 2001 00:00:00 GMT"
        for asked, status in (
            ({"If-Modified-Since": date}, 304),
            ({"If-Modified-Since": long_ago}, 200),
            ({"If-Modified-Since": "yesterday"}, 200),
            ({"If-Modified-Since": date, "If-None-Match": '"other"'}, 200),
            ({"If-Unmodified-Since": date}, 200),
            ({"If-Unmodified-Since": long_ago}, 412),
            ({"If-Unmodified-Since": long_ago, "If-Match": tag}, 200),
        ):
            assert stored.get(url, headers=asked).status_code == status, asked


def test_the_original_and_a_zip_come_as_well(
    stored: TestClient, photo: bytes, finish: Callable[..., JobRecord]
) -> None:
    import io
    import zipfile

    batch = stored.post("/v1/batches").json()["url"]
    job = stored.put(f"{batch}/items/a/b.jpg", content=photo).json()
    assert stored.get(f"{job['url']}/original").content == photo
    finish(job["id"], DATA)
    with zipfile.ZipFile(io.BytesIO(stored.get(f"{batch}/archive.zip").content)) as archive:
        assert archive.testzip() is None
        assert archive.read("a/b.jpg") == DATA


def test_what_was_deleted_is_gone(stored: TestClient, bench: Bench, result: str) -> None:
    job_id = result.split("/")[3]
    record = bench.store.get(job_id)
    assert record.result is not None
    bench.storage.delete(record.result.key)
    bench.storage.delete(record.original.key)
    assert stored.get(result).json()["code"] == "result-expired"
    assert stored.get(f"/v1/jobs/{job_id}/original").json()["code"] == "original-expired"


def test_whoever_asks_is_led_to_the_object_store_and_gets_the_file_there(
    stored: TestClient, bench: Bench, result: str, request: pytest.FixtureRequest
) -> None:
    answer = stored.get(f"{result}?redirect=true", follow_redirects=False)
    if request.node.callspec.params["stored"] == "disk":
        assert (answer.status_code, answer.content) == (200, DATA)
        return
    assert (answer.status_code, answer.headers["cache-control"]) == (307, "no-store")
    assert httpx.get(answer.headers["location"]).content == DATA
    assert httpx.get(answer.headers["location"].partition("?")[0]).status_code == 403
    # The link is signed for GET: whoever asks for the head alone gets it here.
    head = stored.head(f"{result}?redirect=true", follow_redirects=False)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(DATA)))
    # Asked for what it knows already, it says so as ever.
    again = stored.get(f"{result}?redirect=true", headers={"If-None-Match": TAG}, follow_redirects=False)
    assert again.status_code == 304


def test_a_store_that_is_away_is_503_and_the_upload_leaves_nothing(
    object_settings: ServiceSettings, bench: Bench, photo: bytes
) -> None:
    away = object_settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:1", "s3_retry_seconds": 0.1})
    with TestClient(create_app(away), raise_server_exceptions=False) as client:
        refused = client.post("/v1/jobs", content=photo)
        assert (refused.status_code, refused.json()["code"]) == (503, "storage-unavailable")
        assert "Retry-After" in refused.headers
        assert client.get("/v1/jobs").json()["items"] == []
        assert "cannot be reached" in client.get("/readyz").json()["storage"]
    assert bench.on_disk() == []
