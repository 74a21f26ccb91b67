"""A queue that is full stays open to its owners: with keys, everything is read and deleted, and deleting makes room."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from redis import Redis
from redis.exceptions import ResponseError

from photochrom.access.keys import KeyLimits, Scope
from photochrom.jobs.queue import connect
from photochrom.jobs.record import JobRecord
from photochrom.processes.valkey import valkey
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.keyring import bearer, new_key
from support.servers.running import wait_for

MANY = 60


@contextmanager
def full(redis: Redis, *, spare: int = 0) -> Iterator[None]:
    """Leave Redis `spare` bytes too many for what it may use."""
    redis.config_set("maxmemory", redis.info("memory")["used_memory"] - spare)
    try:
        yield
    finally:
        redis.config_set("maxmemory", 0)


@pytest.fixture
def keyed(settings: ServiceSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings.model_copy(update={"auth": "keys"}))) as client:
        yield client


@pytest.fixture
def headers(bench: Bench) -> dict[str, str]:
    """The headers of a key that was never used: its use would be noted now."""
    return bearer(new_key(bench, Scope.READ, Scope.WRITE, Scope.METRICS, limits=KeyLimits())[1])


def batch_of(client: TestClient, headers: dict[str, str], photo: bytes, count: int) -> str:
    batch = str(client.post("/v1/batches", headers=headers).json()["url"])
    for number in range(count):
        name = f"{'long' * 50}{number}.jpg"
        assert client.put(f"{batch}/items/{name}", content=photo, headers=headers).status_code == 201
    return batch


def refused(response: object) -> bool:
    body = response.json()  # type: ignore[attr-defined]
    return (body["status"], body["code"]) == (507, "storage-full")


def test_with_no_memory_left_owners_read_and_delete_and_all_else_is_507(
    keyed: TestClient,
    bench: Bench,
    photo: bytes,
    finish: Callable[[str], JobRecord],
    headers: dict[str, str],
) -> None:
    jobs = [keyed.post("/v1/jobs", content=photo, headers=headers).json()["id"] for _ in range(2)]
    finish(jobs[0])
    batch = batch_of(keyed, headers, photo, 2)
    with full(bench.redis, spare=100_000):
        for path in ("/v1/jobs", "/v1/limits", "/v1/keys/me", f"/v1/jobs/{jobs[0]}", batch, "/metrics"):
            assert keyed.get(path, headers=headers).status_code == 200
        result = keyed.get(f"/v1/jobs/{jobs[0]}/result", headers=headers)
        assert result.content == b"coloured"
        assert keyed.head(f"/v1/jobs/{jobs[0]}/original", headers=headers).status_code == 200
        for path in ("/v1/jobs", "/v1/batches", f"/v1/jobs/{jobs[1]}:cancel", f"{batch}:seal"):
            assert refused(keyed.post(path, content=photo if path == "/v1/jobs" else None, headers=headers))
        assert refused(keyed.put(f"{batch}/items/b.jpg", content=photo, headers=headers))
        for path in (*(f"/v1/jobs/{job}" for job in jobs), batch):
            assert keyed.delete(path, headers=headers).status_code == 204
    assert bench.files() == []
    assert keyed.get("/v1/jobs", headers=headers).json()["items"] == []


def test_a_key_that_is_first_used_at_a_full_queue_lets_in(
    keyed: TestClient, bench: Bench, headers: dict[str, str]
) -> None:
    with full(bench.redis, spare=100_000):
        assert keyed.get("/v1/jobs", headers=headers).status_code == 200
        assert keyed.get("/v1/jobs", headers=bearer("phc_nobody")).status_code == 401


def test_deleting_makes_room(keyed: TestClient, bench: Bench, photo: bytes, headers: dict[str, str]) -> None:
    batch = batch_of(keyed, headers, photo, MANY)
    with full(bench.redis, spare=MANY * 100):
        assert refused(keyed.post("/v1/jobs", content=photo, headers=headers))
        assert keyed.delete(batch, headers=headers).status_code == 204
        assert keyed.post("/v1/jobs", content=photo, headers=headers).status_code == 202


def test_an_item_is_deleted_though_the_next_one_cannot_be_handed_over(
    keyed: TestClient, bench: Bench, photo: bytes, headers: dict[str, str]
) -> None:
    batch = batch_of(keyed, headers, photo, 2)
    first = keyed.get(f"{batch}/items", headers=headers).json()["items"][-1]["url"]
    with full(bench.redis, spare=100_000):
        assert keyed.delete(first, headers=headers).status_code == 204
    assert len(bench.files()) == 1


@contextmanager
def disk_full(redis: Redis, folder: Path) -> Iterator[None]:
    """Have the server fail to write its disk, as it does where that is full: it then takes no writes at all."""
    (folder / "dump.rdb" / "in-the-way").mkdir(parents=True)
    redis.config_set("save", "3600 1")
    redis.bgsave()

    def refuses() -> bool:
        try:
            redis.set("probe", "1")
        except ResponseError as error:
            return "MISCONF" in str(error)
        return False

    wait_for(refuses, 30, "a server that takes no writes")
    try:
        yield
    finally:
        redis.config_set("save", "")  # it would not end without having saved


def test_a_queue_whose_disk_is_full_is_read(tmp_path: Path, photo: bytes) -> None:
    folder = tmp_path / "queue"
    with valkey(folder) as url:
        bench = Bench(url, tmp_path / "data")
        settings = ServiceSettings(
            redis_url=url, data_dir=bench.data, auth="keys", allowed_hosts=("testserver",)
        )
        headers = bearer(new_key(bench)[1])
        with TestClient(create_app(settings)) as client, disk_full(Redis.from_url(url), folder):
            for path in ("/v1/jobs", "/v1/limits"):
                assert client.get(path, headers=headers).status_code == 200
            refusal = client.post("/v1/jobs", content=photo, headers=headers)
            assert refused(refusal)
            assert "disk" in refusal.json()["detail"]


def test_a_connection_that_was_idle_reads_from_a_queue_whose_disk_is_full(tmp_path: Path) -> None:
    """The client's own look whether the server is there is a PING, which is refused like a write."""
    with valkey(tmp_path) as url, connect(url) as client:
        client.get("anything")
        pool = client.connection_pool
        connection = pool.get_connection()
        connection.next_health_check = 0  # long ago
        pool.release(connection)
        with disk_full(Redis.from_url(url), tmp_path):
            assert client.get("anything") is None
