import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi.testclient import TestClient

from photochrom.jobs import JobRecord, ModelUsed, Result, utc_now
from service.app import create_app
from service.settings import ServiceSettings
from support.photographs import grey_jpeg
from support.queueing import Bench
from support.running import wait_for


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


@contextmanager
def serving(settings: ServiceSettings) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(create_app(settings), port=0, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    wait_for(lambda: server.started, 10, "the server")
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


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
        claimed = bench.store.change(job_id, lambda r: r.claim("w", utc_now(), 3))
        key = f"results/{job_id}/a.jpg"
        with bench.storage.draft() as draft:
            draft.write(data)
            draft.commit(key)
        result = Result(
            key=key,
            name=claimed.original.name,
            media_type="image/jpeg",
            bytes=len(data),
            width=96,
            height=64,
            sha256="ab" * 32,
        )
        model = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")
        assert claimed.lease is not None
        return bench.store.change(
            job_id,
            lambda r: r.succeed(
                claimed.lease, result, model, now=utc_now(), timings={"decode": 0.1}, warnings=()
            ),
        )

    return finish
