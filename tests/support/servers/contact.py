"""Fixtures for all that speaks with the API as a stranger: a real server, and our client of it."""

from collections.abc import Iterator

import pytest

from photochrom_client import Client, Retries
from service.settings import ServiceSettings
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import Bench
from support.servers.serving import serving


@pytest.fixture
def server_url(bench: Bench) -> Iterator[str]:
    settings = ServiceSettings(redis_url=bench.redis_url, data_dir=bench.data, max_upload_bytes=100_000)
    with serving(settings) as url:
        yield url


@pytest.fixture
def client(server_url: str) -> Iterator[Client]:
    """A client of a real server, without workers; tests end the jobs themselves."""
    with Client(server_url, retries=Retries(patience=5, first=0.01, longest=0.1)) as client:
        yield client


@pytest.fixture(scope="session")
def photo() -> bytes:
    return grey_jpeg(size=(96, 64))
