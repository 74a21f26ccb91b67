"""A store that takes connections and never answers stops what needs it, and nothing else."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from service.looks import DEADLINE_SECONDS
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.running import wait_for
from support.servers.serving import serving
from support.servers.silent import Silent

THREADS = 40
# More than there are, of either kind.
MANY = 45


@pytest.fixture
def silent() -> Silent:
    return Silent()


@pytest.fixture
def hung_url(settings: ServiceSettings, silent: Silent) -> Iterator[str]:
    """The service, with a store that hangs."""
    store = {
        "storage": "s3://photographs/here",
        "s3_endpoint": f"http://127.0.0.1:{silent.port}",
        "s3_access_key_id": "photochrom",
        "s3_secret_access_key": "secret",
        "s3_retry_seconds": 0,
    }
    with serving(ServiceSettings(**{**settings.model_dump(), **store})) as url:
        yield url
        silent.end()


def test_calls_that_need_no_storage_go_on_while_it_hangs(
    hung_url: str, silent: Silent, bench: Bench, photo: bytes
) -> None:
    stored = bench.accept(photo)

    def ask(number: int) -> None:
        with suppress(httpx.HTTPError), httpx.Client(base_url=hung_url, timeout=5, verify=False) as client:
            if number % 2:
                client.post("/v1/jobs", content=photo)
            else:
                client.get(f"/v1/jobs/{stored.id}/original")

    with ThreadPoolExecutor(2 * MANY) as callers, httpx.Client(base_url=hung_url, timeout=30) as client:
        for number in range(2 * MANY):
            callers.submit(ask, number)
        wait_for(lambda: len(silent.taken) >= THREADS, 30, "callers who wait for the store")
        for _ in range(3):
            for path in ("/v1/jobs", f"/v1/jobs/{stored.id}", "/v1/limits", "/healthz"):
                assert client.get(path).status_code == 200


def test_readiness_answers_of_a_store_that_does_not(hung_url: str, bench: Bench) -> None:
    def ask(_: int) -> tuple[int, str]:
        answer = httpx.get(f"{hung_url}/readyz", timeout=30, verify=False)
        return answer.status_code, answer.json()["storage"]

    with ThreadPoolExecutor(MANY) as callers:
        told = list(callers.map(ask, range(MANY)))
    assert set(told) == {(503, f"does not answer within {DEADLINE_SECONDS:g} s")}
    # All of them cost one look, which goes on; whoever asks later hears at once.
    begun = time.monotonic()
    assert ask(0) == told[0]
    assert time.monotonic() - begun < DEADLINE_SECONDS
