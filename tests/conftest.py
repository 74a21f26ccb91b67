"""Fixtures that run the real parts: one Valkey server per test process, a clean database per test."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import settings
from redis import Redis

from photochrom.processes.cores import usable_cores
from photochrom.processes.valkey import valkey
from support.beforehand import prepare
from support.queue.queueing import Bench
from support.servers.objects import ObjectStore, object_store_server

# A law does not depend on how busy the machine is.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")


# Half a minute and more for one test: begun last, they would keep one core busy and the others waiting.
LONGEST = {f"test_{name}" for name in ("export", "killing", "bombs", "storage", "clock", "many")}


def pytest_configure(config: pytest.Config) -> None:
    """Prepare what several processes are to share."""
    if config.getoption("numprocesses", None):
        prepare(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


def pytest_collection_finish() -> None:
    """Keep what was imported and collected out of every later collection of garbage: it is most of the memory."""
    gc.freeze()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return two more than there are cores: the tests of whole services wait more than they compute."""
    return usable_cores() + 2


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Trust one authority: none is met here, and to read those of the world takes half of an API's start."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    trustme.CA().cert_pem.write_to_path(path)
    os.environ.setdefault("SSL_CERT_FILE", str(path))


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server of this test process; tests that use it want `redis_url`, which is clean."""
    with valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def redis_url(valkey_url: str) -> str:
    """A server with nothing in it."""
    with Redis.from_url(valkey_url) as client:
        client.flushall()
    return valkey_url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of a server with nothing in it."""
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """An empty folder for a storage."""
    return tmp_path / "photos"


@pytest.fixture
def bench(redis_url: str, tmp_path: Path) -> Bench:
    """Store, storage and queue on a clean server and an empty folder."""
    return Bench(redis_url, tmp_path / "data")


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A real S3-compatible server of this test process; each test takes a prefix of its own."""
    with object_store_server(tmp_path_factory.mktemp("objects")) as store:
        yield store
