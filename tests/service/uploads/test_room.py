"""Uploads leave room on the disk for photographs at work, and nobody sends too many at a time."""

import io
import socket
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from photochrom.errors import StorageFull
from photochrom.storage import drafts
from photochrom.storage.storage import LocalStorage
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench, finished
from support.servers.keyring import show
from support.servers.running import wait_for
from support.servers.serving import serving

MORE_THAN_THERE_IS = 1 << 62


@pytest.fixture
def without_room(settings: ServiceSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings.model_copy(update={"min_free_bytes": MORE_THAN_THERE_IS}))) as client:
        yield client


def zipped(**entries: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.jpg", content)
    return packed.getvalue()


def test_below_the_floor_uploads_are_507_and_what_was_accepted_is_finished(
    without_room: TestClient, bench: Bench, photo: bytes
) -> None:
    accepted = bench.submit(photo)
    batch = without_room.post("/v1/batches").json()["url"]
    refused = (
        without_room.post("/v1/jobs", content=photo),
        without_room.put(f"{batch}/items/a.jpg", content=photo),
        without_room.post(f"{batch}/archive", content=zipped(a=photo)),
    )
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (507, "storage-full")
        assert "PHOTOCHROM_MIN_FREE_BYTES" in answer.json()["detail"]
    # Workers have the rest of the disk.
    finished(bench, accepted.id)
    assert without_room.get(f"/v1/jobs/{accepted.id}/result").content == b"coloured"
    assert without_room.get("/readyz").json()["storage"] == "full"


def test_an_upload_ends_where_the_floor_is_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter(range(5, 0, -1))
    monkeypatch.setattr(drafts, "free_bytes", lambda _: next(free))
    with LocalStorage(tmp_path, keep_free=3).draft() as draft:
        for _ in range(2):
            draft.write(b"x")
        with pytest.raises(StorageFull):
            draft.write(b"x")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_floor_is_a_share_of_a_small_disk_and_what_was_asked_for_of_any(tmp_path: Path) -> None:
    by_default = drafts.floor_of(tmp_path, None)
    assert 0 < by_default <= 2 << 30
    assert drafts.floor_of(tmp_path, 17) == 17


def test_an_entry_that_unfolds_beyond_any_photograph_is_refused_and_harms_no_other(
    bench: Bench, photo: bytes, settings: ServiceSettings
) -> None:
    larger = settings.model_copy(update={"max_upload_bytes": 256 << 20})
    with TestClient(create_app(larger)) as client:
        batch = client.post("/v1/batches").json()["url"]
        # A head of a JPEG and nothing after it: 1:1000, as a photograph never is.
        packed = zipped(bomb=b"\xff\xd8\xff\xe0" + bytes(4 << 20), photo=photo)
        report = client.post(f"{batch}/archive", content=packed).json()
    assert (report["accepted"], report["rejected"]) == (1, 1)
    assert (report["errors"][0]["item"], report["errors"][0]["code"]) == ("bomb.jpg", "photo-too-large")
    assert len(bench.files()) == 1


def begun(url: str, headers: dict[str, str]) -> socket.socket:
    """An upload of which the first half has come."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=30)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection.sendall(
        f"POST /v1/jobs HTTP/1.1\r\nHost: {address.netloc}\r\n{head}Content-Type: image/jpeg\r\n"
        "Content-Length: 9000\r\n\r\n".encode()
        + b"\xff\xd8\xff\xe0"
        + bytes(2000)
    )
    return connection


def test_an_owner_sends_so_many_at_a_time_and_no_other_owner_hears_of_it(
    settings: ServiceSettings, bench: Bench, photo: bytes
) -> None:
    alice, bob = show(bench), show(bench)
    limited = settings.model_copy(update={"auth": "keys", "uploads_at_once": 2})
    with serving(limited) as url, httpx.Client(base_url=url, timeout=30) as client:

        def sent(headers: dict[str, str]) -> httpx.Response:
            return client.post("/v1/jobs", content=photo, headers=headers)

        with closing(begun(url, alice)), closing(begun(url, alice)):
            coming = bench.data / "photos" / ".drafts"
            wait_for(lambda: len(list(coming.iterdir())) == 2, 30, "two uploads under way")
            refused = sent(alice)
            assert refused.status_code == 429
            assert refused.json()["code"] == "too-many-uploads"
            assert int(refused.headers["retry-after"]) > 0
            assert sent(bob).status_code == 202
        # Those that broke off count no more.
        wait_for(lambda: sent(alice).status_code == 202, 30, "an upload that is taken")
