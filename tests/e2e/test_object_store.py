"""`photochrom up` on an object store: the same results as on a disk, and nothing lost to kill -9."""

import io
import zipfile
from pathlib import Path

import httpx
import obstore
from obstore.store import S3Store

from photochrom.storage.drafts import Drafts
from support.networks.tiny_model import light
from support.pictures.photographs import grey_jpeg, noise_png
from support.servers.objects import BUCKET, KEY, SECRET, ObjectStore
from support.servers.ports import free_port
from support.servers.running import Service, command, service
from support.waiting import wait_for

NAMES = ("astronaut.jpg", "cat.jpg", "coffee.jpg")


def batch_results(running: Service) -> dict[str, bytes]:
    """Send a small batch, wait for its end, and return what its zip holds."""
    with running.client() as client:
        batch = client.post("/v1/batches", json={"name": "Album"}).json()["url"]
        for name in NAMES:
            sent = client.put(f"{batch}/items/album/{name}", content=grey_jpeg(name, (160, 120)))
            assert sent.status_code == 201, sent.text
        client.post(f"{batch}:seal")
        wait_for(lambda: client.get(batch).json()["state"] == "completed", 90, "the batch")
        with zipfile.ZipFile(io.BytesIO(client.get(f"{batch}/archive.zip").content)) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}


def test_an_object_store_gives_what_a_disk_gives_also_when_workers_die(
    tmp_path: Path, object_store: ObjectStore
) -> None:
    photo = grey_jpeg(size=(320, 240))
    with service(tmp_path / "disk", **light()) as running:
        job_id = running.upload(photo)
        assert running.wait(job_id)["result"]["redirect_url"] is None
        expected, expected_batch = running.result(job_id), batch_results(running)

    environment = object_store.environment(tmp_path / "objects")
    environment.pop("PHOTOCHROM_DATA_DIR")
    with service(tmp_path / "objects", **light(), **environment) as running:
        slow = running.upload(noise_png(2800))
        running.wait(slow, state="running")
        job_id = running.upload(photo)
        for worker in running.workers():
            worker.kill()
        assert running.wait(slow, seconds=90)["attempt"] == 2
        result = running.wait(job_id, seconds=90)["result"]
        assert running.result(job_id) == expected
        link = httpx.get(running.url + result["redirect_url"])
        assert link.status_code == 307
        followed = httpx.get(link.headers["location"])
        assert (followed.content, followed.headers["content-type"]) == (expected, "image/jpeg")
        assert batch_results(running) == expected_batch
        with running.client() as client:
            kept = keys(environment)
            assert len([key for key in kept if slow in key]) >= 2
            assert client.delete(f"/v1/jobs/{slow}").status_code == 204
            assert not [key for key in keys(environment) if slow in key]
    # No photograph stays on this machine; the killed worker's copy is removed by whoever starts next.
    scratch = tmp_path / "objects" / "scratch"
    Drafts(scratch).discard_dead()
    left = [
        path for path in (tmp_path / "objects").rglob("*") if path.is_file() and "queue" not in path.parts
    ]
    assert {path.name for path in left} <= {"lock", "schema"}


def keys(environment: dict[str, str]) -> list[str]:
    prefix = environment["PHOTOCHROM_STORAGE"].rpartition("/")[2]
    store = S3Store(
        BUCKET,
        prefix=prefix,
        endpoint=environment["PHOTOCHROM_S3_ENDPOINT"],
        region="us-east-1",
        access_key_id=KEY,
        secret_access_key=SECRET,
        client_options={"allow_http": True},
    )
    return [meta["path"] for page in obstore.list(store) for meta in page]


def test_a_store_that_cannot_be_written_is_said_at_once(tmp_path: Path, object_store: ObjectStore) -> None:
    environment = object_store.environment(tmp_path) | {"PHOTOCHROM_S3_SECRET_ACCESS_KEY": "wrong"}
    process = command("up", "--port", str(free_port()), "--data", str(tmp_path), **environment)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "PHOTOCHROM_S3_ACCESS_KEY_ID" in said
