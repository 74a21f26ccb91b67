"""What goes wrong is told once, in the log and in the metrics: as the caller's doing, or as ours."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.record import JobRecord
from service.app import create_app
from service.edge import failures
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.running import wait_for
from support.servers.serving import serving

FRIEND = "https://friend.example"


@pytest.fixture
def client(settings: ServiceSettings) -> Iterator[TestClient]:
    """With an open origin; and whatever came up to the server itself would be raised here."""
    with TestClient(create_app(settings.model_copy(update={"cors_origins": (FRIEND,)}))) as client:
        yield client


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("secret")


def counted(metrics: str, status: int, path: str) -> bool:
    start = "photochrom_http_request_seconds_count"
    return any(
        line.startswith(start) and f'status="{status}"' in line and f'path="{path}"' in line
        for line in metrics.splitlines()
    )


def told(caplog: pytest.LogCaptureFixture, logger: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == logger]


def test_an_error_of_ours_is_in_the_request_log_and_the_metrics_and_other_origins_may_read_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client.app.state.services.store, "page", broken)
    with caplog.at_level(logging.INFO):
        answer = client.get("/v1/jobs", headers={"Origin": FRIEND})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert [record.status for record in told(caplog, "service.requests")] == ["500"]
    (ours,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert ours.exc_info is not None
    assert answer.headers["x-request-id"] in ours.getMessage()
    assert counted(client.get("/metrics").text, 500, "/v1/jobs")


def test_an_error_in_the_middle_of_an_answer_is_told_as_500_too(
    client: TestClient,
    photo: bytes,
    finish: Callable[[str], JobRecord],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    batch = client.post("/v1/batches").json()["id"]
    finish(client.put(f"/v1/batches/{batch}/items/a.jpg", content=photo).json()["id"])
    monkeypatch.setattr("service.batches.results.full_entry", broken)
    with caplog.at_level(logging.INFO, "service.requests"), suppress(Exception):
        client.get(f"/v1/batches/{batch}/archive.zip")
    assert told(caplog, "service.requests")[-1].status == "500"
    assert counted(client.get("/metrics").text, 500, "/v1/batches/{batch_id}/archive.zip")


def test_what_other_origins_need_of_an_answer_is_exposed_to_them(client: TestClient) -> None:
    exposed = client.get("/v1/limits", headers={"Origin": FRIEND}).headers["access-control-expose-headers"]
    names = {"Content-Range", "RateLimit-Policy", "Preference-Applied", "Idempotent-Replayed"}
    assert {*names, "WWW-Authenticate"} <= set(exposed.split(", "))


@pytest.mark.parametrize(
    ("path", "kind", "template"),
    [
        ("/v1/jobs", "image/jpeg", "/v1/jobs"),
        ("/v1/jobs", "multipart/form-data; boundary=b", "/v1/jobs"),
        ("/v1/batches", "application/json", "/v1/batches"),
    ],
)
def test_a_caller_who_breaks_off_is_one_line_and_no_failure(
    settings: ServiceSettings, caplog: pytest.LogCaptureFixture, path: str, kind: str, template: str
) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: 9000\r\n\r\n"
    with caplog.at_level(logging.INFO), serving(settings) as url:
        where = urlsplit(url)
        with closing(socket.create_connection((where.hostname, where.port), timeout=10)) as line:
            line.sendall(head.encode() + b"\xff\xd8\xff\xe0")
        (ended,) = wait_for(lambda: told(caplog, "service.requests"), 10, "the line of the log")
        assert counted(httpx.get(f"{url}/metrics").text, 499, template)
    assert ended.status == "499"
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_an_answer_that_must_not_seem_whole_ends_without_a_failure(
    settings: ServiceSettings, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings)

    async def breaks_off(scope: object, receive: object, send: Callable[..., object]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[misc]
        raise failures.BreaksOff("enough")

    app.mount("/test-only", breaks_off)
    with TestClient(app) as client, caplog.at_level(logging.INFO), suppress(Exception):
        client.get("/test-only/x")
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
