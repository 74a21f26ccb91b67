"""What holds for object stores only: the contract of all storages is in `test_storages`."""

import http.client
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError

from photochrom.errors import ObjectNotFound, StorageFull, StorageUnavailable
from photochrom.settings import SharedSettings
from photochrom.storage.choose import open_storage
from photochrom.storage.object_storage import ObjectStorage, bucket_and_prefix
from photochrom.storage.storage import LocalStorage
from support.servers.objects import BUCKET, ObjectStore
from support.servers.ports import free_port
from support.servers.receiver import receiver
from support.servers.running import ROOT
from support.waiting import wait_for

KEY = "results/a/b.jpg"


@pytest.fixture
def storage(object_store: ObjectStore, tmp_path: Path) -> ObjectStorage:
    return object_store.storage(tmp_path)


def put(storage: ObjectStorage, key: str, data: bytes, name: str = "") -> None:
    with storage.draft() as draft:
        draft.write(data)
        draft.commit(key, media_type="image/jpeg", name=name)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def uses(storage: ObjectStorage) -> list[object]:
    def write() -> None:
        put(storage, KEY, b"x")

    def write_much() -> None:
        put(storage, KEY, bytes(17 << 20))

    def fetch() -> None:
        with storage.file(KEY):
            pass

    return [
        write,
        write_much,
        fetch,
        storage.check_writable,
        lambda: storage.read(KEY),
        lambda: storage.size(KEY),
        lambda: storage.delete(KEY),
        lambda: list(storage.listing()),
    ]


def test_a_large_file_goes_in_parts_and_comes_back_whole(storage: ObjectStorage) -> None:
    data = os.urandom(1 << 20) * 40
    put(storage, KEY, data)
    assert storage.size(KEY) == len(data)
    with storage.file(KEY) as path:
        assert path.read_bytes() == data
    assert b"".join(storage.read(KEY, 16 << 20, (16 << 20) + 10).chunks) == data[16 << 20 :][:10]


def test_a_link_gives_the_file_its_type_and_name_to_who_has_it_and_to_nobody_else(
    storage: ObjectStorage,
) -> None:
    put(storage, KEY, b"pixels", "Grandma's \u017eupan.jpg")
    link = storage.link(KEY)
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"pixels"
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["content-disposition"] == (
            "attachment; filename*=utf-8''Grandma%27s%20%C5%BEupan.jpg"
        )
    for wrong in (
        link.partition("?")[0],
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace("b.jpg", "c.jpg"),
    ):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(wrong)


def test_a_link_ends(object_store: ObjectStore, tmp_path: Path) -> None:
    storage = object_store.storage(tmp_path, s3_link_seconds=1)
    put(storage, KEY, b"x")
    link = storage.link(KEY)

    def refused() -> bool:
        try:
            urllib.request.urlopen(link).close()
        except urllib.error.HTTPError as error:
            return error.code == 403
        return False

    wait_for(refused, 10, "its end")


def test_a_link_names_the_address_that_callers_use(object_store: ObjectStore, tmp_path: Path) -> None:
    storage = object_store.storage(tmp_path, s3_public_endpoint="https://photos.example")
    put(storage, KEY, b"x")
    link = urlsplit(storage.link(KEY))
    assert (link.scheme, link.netloc) == ("https", "photos.example")
    # The signature is for that name, so a proxy that passes it on is all that is needed.
    inside = http.client.HTTPConnection(urlsplit(object_store.url).netloc)
    inside.request("GET", f"{link.path}?{link.query}", headers={"Host": "photos.example"})
    answer = inside.getresponse()
    assert (answer.status, answer.read()) == (200, b"x")
    inside.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"s3_secret_access_key": "wrong"}, "PHOTOCHROM_S3_ACCESS_KEY_ID"),
        ({"s3_access_key_id": "nobody"}, "PHOTOCHROM_S3_ACCESS_KEY_ID"),
        ({"storage": "s3://another-bucket"}, "another-bucket"),
        (
            {
                "storage": "s3://another-bucket",
                "s3_access_key_id": "root",
                "s3_secret_access_key": "root-secret",
            },
            "create",
        ),
        ({"s3_endpoint": "http://127.0.0.1:1"}, "PHOTOCHROM_S3_ENDPOINT"),
    ],
    ids=["secret", "key", "bucket of others", "no bucket", "nobody there"],
)
def test_what_is_wrong_with_the_store_is_said_by_every_call(
    object_store: ObjectStore, tmp_path: Path, wrong: dict[str, str], said: str
) -> None:
    storage = object_store.storage(tmp_path, **{**wrong, "s3_retry_seconds": 0.1})
    # Those who may create buckets have them created by writing, in this server; the others are told.
    calls = uses(storage)[2:] if said == "create" else uses(storage)
    calls = [call for call in calls if not (said == "create" and call == storage.check_writable)]
    for call in calls:
        with pytest.raises(StorageUnavailable, match=said):
            call()  # type: ignore[operator]
    assert files(tmp_path / "scratch") == []


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (507, "XMinioStorageFull", StorageFull),
        (403, "QuotaExceeded", StorageFull),
        (500, "InternalError", StorageUnavailable),
        (503, "SlowDown", StorageUnavailable),
        (404, "NoSuchBucket", StorageUnavailable),
        (404, "NoSuchKey", ObjectNotFound),
        (401, "InvalidAccessKeyId", StorageUnavailable),
    ],
)
def test_a_store_that_refuses_is_understood(
    object_store: ObjectStore, tmp_path: Path, status: int, code: str, error: type[Exception]
) -> None:
    """A server that gives each of the answers that a healthy one does not."""
    body = f"<Error><Code>{code}</Code></Error>".encode()
    with receiver((status, {"Content-Type": "application/xml"}, body)) as broken:
        endpoint = f"http://127.0.0.1:{broken.port}"
        storage = object_store.storage(tmp_path, s3_endpoint=endpoint, s3_retry_seconds=0.1)
        with pytest.raises(error):
            storage.read(KEY)


def test_a_store_that_stops_amid_an_object_is_noticed(object_store: ObjectStore, tmp_path: Path) -> None:
    headers = {"Content-Length": "1000", "Last-Modified": "Mon, 23 Nov 2026 00:00:00 GMT", "ETag": '"1"'}
    with receiver((200, headers, b"half")) as broken:
        endpoint = f"http://127.0.0.1:{broken.port}"
        storage = object_store.storage(tmp_path, s3_endpoint=endpoint, s3_retry_seconds=0.1)
        with pytest.raises(StorageUnavailable), storage.file(KEY):
            pass
    assert files(tmp_path / "scratch") == []


_DIE = """
import os, sys
from pathlib import Path
from photochrom.settings import SharedSettings
from photochrom.storage.choose import open_storage
storage = open_storage(SharedSettings())
with storage.draft() as draft:
    draft.write(b"half")
    with storage.file("results/a/b.jpg"):
        os.kill(os.getpid(), 9)
"""


def test_scratch_files_of_the_dead_go(object_store: ObjectStore, tmp_path: Path) -> None:
    environment = object_store.environment(tmp_path)
    storage = open_storage(
        SharedSettings(
            **{name.removeprefix("PHOTOCHROM_").lower(): value for name, value in environment.items()}
        )
    )
    assert isinstance(storage, ObjectStorage)
    put(storage, KEY, b"x")
    subprocess.run([sys.executable, "-c", _DIE], cwd=ROOT, env={**os.environ, **environment}, check=False)
    assert len(files(tmp_path / "scratch")) == 2
    assert storage.discard_drafts() == 2


def test_the_secret_may_lie_in_a_file_and_is_shown_nowhere(object_store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("no-secret-at-all\n")
    settings = object_store.settings(
        tmp_path, s3_secret_access_key="", s3_secret_access_key_file=tmp_path / "secret"
    )
    put(ObjectStorage(settings, tmp_path / "scratch"), KEY, b"x")
    assert "no-secret-at-all" not in repr(object_store.settings(tmp_path))


def test_the_keys_may_be_those_of_the_environment(
    object_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "photochrom")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "no-secret-at-all")
    put(object_store.storage(tmp_path, s3_access_key_id="", s3_secret_access_key=""), KEY, b"x")


def test_a_setting_that_is_empty_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As compose passes what is not set."""
    for name in (
        "STORAGE",
        "S3_ENDPOINT",
        "S3_ACCESS_KEY_ID",
        "S3_SECRET_ACCESS_KEY",
        "S3_SECRET_ACCESS_KEY_FILE",
    ):
        monkeypatch.setenv(f"PHOTOCHROM_{name}", "")
    assert SharedSettings() == SharedSettings.model_construct()


def test_by_default_there_is_a_folder(tmp_path: Path) -> None:
    assert isinstance(open_storage(SharedSettings(data_dir=tmp_path)), LocalStorage)


@pytest.mark.parametrize(
    "chosen",
    [
        {"storage": "photographs"},
        {"storage": "gs://photographs"},
        {"storage": "s3://"},
        {"storage": "s3://UPPER/x"},
        {"s3_endpoint": "minio:9000"},
        {"s3_endpoint": "http://user:password@minio"},
        {"s3_link_seconds": 0},
        {"s3_secret_access_key_file": "/nowhere/secret"},
    ],
)
def test_a_setting_that_does_not_hold_is_refused(chosen: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SharedSettings(**chosen)


def test_bucket_and_prefix_are_those_of_the_url() -> None:
    assert bucket_and_prefix(f"s3://{BUCKET}") == (BUCKET, None)
    assert bucket_and_prefix(f"s3://{BUCKET}/") == (BUCKET, None)
    assert bucket_and_prefix(f"s3://{BUCKET}/a/b/") == (BUCKET, "a/b")


def test_an_unused_port_is_no_store(object_store: ObjectStore, tmp_path: Path) -> None:
    started = time.monotonic()
    storage = object_store.storage(
        tmp_path, s3_endpoint=f"http://127.0.0.1:{free_port()}", s3_retry_seconds=0.5
    )
    with pytest.raises(StorageUnavailable):
        storage.check_writable()
    assert time.monotonic() - started < 10
