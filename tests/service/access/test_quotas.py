"""What a key may send in a day: counted when it is accepted, refused before it is read, shown to its holder."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from photochrom.access.keys import KeyLimits, Scope
from photochrom.access.quotas import Allowance, Use
from service.app import create_app
from service.settings import ServiceSettings
from service.uploads.pixels import pixels_of
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import Bench
from support.servers.keyring import bearer, new_key, show

PIXELS = 96 * 64  # of the fixture `photo`


@pytest.fixture
def keyed(settings: ServiceSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings.model_copy(update={"auth": "keys"}))) as client:
        yield client


def allowance(client: TestClient, headers: dict[str, str]) -> dict[str, Any]:
    return dict(client.get("/v1/limits", headers=headers).json()["allowance"])


def refused(response: Any) -> bool:
    if response.status_code != 429:
        return False
    assert response.json()["code"] == "quota-exceeded"
    assert 0 < int(response.headers["retry-after"]) <= 24 * 3600
    return True


def test_what_was_sent_is_shown_with_what_is_left(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    headers = show(bench, limits=KeyLimits(daily_jobs=3, daily_pixels=100_000))
    keyed.post("/v1/jobs", content=photo, headers=headers)
    shown = allowance(keyed, headers)
    assert shown["jobs"] == {"limit": 3, "used": 1, "left": 2}
    assert shown["pixels"] == {"limit": 100_000, "used": PIXELS, "left": 100_000 - PIXELS}
    assert shown["bytes"]["used"] == len(photo)
    assert shown["bytes"]["limit"] == 500 * 2**30
    assert shown["requests_per_minute"] == 6000
    assert shown["resets_at"].endswith("T00:00:00Z")


@pytest.mark.parametrize("limited", ["daily_jobs", "daily_bytes", "daily_pixels"])
def test_the_second_photograph_is_one_too_many(
    keyed: TestClient, bench: Bench, photo: bytes, limited: str
) -> None:
    limit = {"daily_jobs": 1, "daily_bytes": len(photo) * 3 // 2, "daily_pixels": PIXELS * 2 - 1}[limited]
    record, token = new_key(bench, limits=KeyLimits(**{limited: limit}))
    calls = {
        "POST": lambda: keyed.post("/v1/jobs", content=photo, headers=bearer(token)),
        "PUT": lambda: keyed.put(f"{batch}/items/a.jpg", content=photo, headers=bearer(token)),
    }
    batch = keyed.post("/v1/batches", headers=bearer(token)).json()["url"]
    assert calls["POST"]().status_code == 202
    files = bench.files()
    assert all(refused(call()) for call in calls.values())
    assert bench.files() == files
    assert Allowance(bench.redis).used(record.owner) == Use(1, len(photo), PIXELS, actions=1)
    assert keyed.post("/v1/jobs", content=photo, headers=show(bench)).status_code == 202


def test_a_used_up_quota_is_said_before_the_upload_is_read(keyed: TestClient, bench: Bench) -> None:
    headers = show(bench, limits=KeyLimits(daily_jobs=0))
    assert refused(keyed.post("/v1/jobs", content=b"no photograph", headers=headers))


def test_what_is_there_already_costs_nothing(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    """A repeated call is answered as the first was, also when there is nothing left."""
    record, token = new_key(bench, limits=KeyLimits(daily_jobs=2))
    headers = bearer(token)
    batch = keyed.post("/v1/batches", headers=headers).json()["url"]
    for first, again in ((202, 202), (201, 200)):
        for expected in (first, again, again):
            if first == 202:
                sent = keyed.post("/v1/jobs", content=photo, headers={**headers, "Idempotency-Key": "k"})
            else:
                sent = keyed.put(f"{batch}/items/a.jpg", content=photo, headers=headers)
            assert sent.status_code == expected
    assert Allowance(bench.redis).used(record.owner).jobs == 2
    assert refused(keyed.post("/v1/jobs", content=photo, headers=headers))


@pytest.mark.parametrize(
    ("content", "path", "status"),
    [(b"no photograph", "/v1/jobs", 415), (None, "/v1/jobs?quality=200", 422)],
)
def test_what_is_refused_is_not_counted(
    keyed: TestClient, bench: Bench, photo: bytes, content: bytes | None, path: str, status: int
) -> None:
    record, token = new_key(bench)
    response = keyed.post(path, content=content or photo, headers=bearer(token))
    assert response.status_code == status
    assert Allowance(bench.redis).used(record.owner) == Use()


def test_a_closed_batch_counts_nothing(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    record, token = new_key(bench)
    batch = keyed.post("/v1/batches", headers=bearer(token)).json()["url"]
    keyed.post(f"{batch}:seal", headers=bearer(token))
    assert keyed.put(f"{batch}/items/a.jpg", content=photo, headers=bearer(token)).status_code == 409
    assert Allowance(bench.redis).used(record.owner) == Use(actions=1)


def test_an_archive_ends_where_the_quota_does_and_goes_on_the_next_day(
    keyed: TestClient, bench: Bench, photo: bytes
) -> None:
    record, token = new_key(bench, limits=KeyLimits(daily_jobs=2))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.jpg", photo)
    batch = keyed.post("/v1/batches", headers=bearer(token)).json()["url"]
    for _ in range(2):
        assert refused(keyed.post(f"{batch}/archive", content=packed.getvalue(), headers=bearer(token)))
    assert keyed.get(batch, headers=bearer(token)).json()["total"] == 2
    bench.redis.delete(*bench.redis.keys("quota:*"))
    report = keyed.post(f"{batch}/archive", content=packed.getvalue(), headers=bearer(token)).json()
    assert (report["accepted"], report["unchanged"]) == (1, 2)
    assert Allowance(bench.redis).used(record.owner).jobs == 1


def test_keys_of_one_owner_share_its_day(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    record, token = new_key(bench, limits=KeyLimits(daily_jobs=1))
    _, other = new_key(bench, limits=KeyLimits(daily_jobs=1), owner=record.owner)
    keyed.post("/v1/jobs", content=photo, headers=bearer(token))
    assert refused(keyed.post("/v1/jobs", content=photo, headers=bearer(other)))


def test_where_no_keys_are_asked_for_nothing_is_counted(
    client: TestClient, photo: bytes, bench: Bench
) -> None:
    client.post("/v1/jobs", content=photo)
    assert client.get("/v1/limits").json()["allowance"] is None
    assert bench.redis.keys("quota:*") == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "JPEG2000"])
def test_pixels_are_told_by_the_header_of_every_format(tmp_path: Any, kind: str) -> None:
    path = tmp_path / "photo"
    with Image.open(io.BytesIO(grey_jpeg(size=(130, 70)))) as photo:
        photo.save(path, kind)
    assert pixels_of(path, otherwise=0) == 130 * 70


def test_heic_too(tmp_path: Any) -> None:
    import pillow_heif

    path = tmp_path / "photo"
    with Image.open(io.BytesIO(grey_jpeg(size=(128, 64)))) as photo:
        pillow_heif.from_pillow(photo.convert("RGB")).save(path, format="HEIF")
    assert pixels_of(path, otherwise=0) == 128 * 64


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0", b"II*\x00" + b"\0" * 60])
def test_a_header_that_does_not_tell_counts_as_the_most(tmp_path: Any, content: bytes) -> None:
    path = tmp_path / "photo"
    path.write_bytes(content)
    assert pixels_of(path, otherwise=200) == 200


def test_refusals_tell_the_pace_as_well(keyed: TestClient, bench: Bench) -> None:
    headers = show(bench, Scope.READ, limits=KeyLimits(requests_per_minute=2))
    refused = [keyed.post("/v1/batches", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in refused] == [403, 403, 429]
    assert {answer.headers["ratelimit-policy"] for answer in refused} == {'"requests";q=2;w=60'}
    left = [answer.headers["ratelimit"].partition(";t=")[0] for answer in refused]
    assert left == ['"requests";r=1', '"requests";r=0', '"requests";r=0']
