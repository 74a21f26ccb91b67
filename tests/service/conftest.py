from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.record import JobRecord
from service.app import create_app
from service.settings import ServiceSettings
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import Bench, finished
from support.servers.serving import serving


@pytest.fixture
def settings(bench: Bench) -> ServiceSettings:
    return ServiceSettings(
        redis_url=bench.redis_url,
        data_dir=bench.data,
        max_upload_bytes=100_000,
        allowed_hosts=("testserver",),
    )


@pytest.fixture
def client(settings: ServiceSettings) -> Iterator[TestClient]:
    """The app with its lifespan, on a real queue; its own errors come back as responses."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def server_url(settings: ServiceSettings) -> Iterator[str]:
    with serving(settings) as url:
        yield url


@pytest.fixture
def keyed_url(settings: ServiceSettings) -> Iterator[str]:
    """The same service, asking for keys."""
    with serving(settings.model_copy(update={"auth": "keys"})) as url:
        yield url


@pytest.fixture(scope="session")
def photo() -> bytes:
    return grey_jpeg(size=(96, 64))


@pytest.fixture
def finish(bench: Bench) -> Callable[[str], JobRecord]:
    """Do to a job what a worker does, with these words as its result."""

    def finish(job_id: str, data: bytes = b"coloured") -> JobRecord:
        return finished(bench, job_id, data)

    return finish
