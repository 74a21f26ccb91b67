"""Results from a disk and from an object store: the same answers."""

import hashlib
from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.record import JobRecord
from service.app import create_app
from service.settings import ServiceSettings
from support.objects import ObjectStore
from support.queueing import Bench

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
        {},
    ],
)
def test_other_wishes_get_it_whole(stored: TestClient, result: str, headers: dict[str, str]) -> None:
    answer = stored.get(result, headers=headers)
    assert (answer.status_code, answer.content) == (200, DATA)


def test_a_part_of_the_very_file_is_given_to_who_has_the_rest(stored: TestClient, result: str) -> None:
    answer = stored.get(result, headers={"Range": "bytes=10000-", "If-Range": TAG})
    assert (answer.status_code, len(answer.content)) == (206, 240)


def test_a_part_beyond_the_end_is_none(stored: TestClient, result: str) -> None:
    answer = stored.get(result, headers={"Range": "bytes=10240-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"].endswith("*/10240")


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
    assert not [path for path in bench.data.rglob("*") if path.is_file()]
