from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from photochrom.batches.turns import Turns
from photochrom.errors import BatchClosed
from photochrom.jobs.record import JobRecord
from service.deps import Services
from support.queue.queueing import Bench, maintenance
from support.servers.ports import free_port

HEADERS = {"content-type": "image/jpeg", "idempotency-key": "k"}


def services(client: TestClient) -> Services:
    assert isinstance(client.app, FastAPI)
    found: Services = client.app.state.services
    return found


def test_the_file_of_a_job_whose_acceptance_was_not_heard_is_kept(
    client: TestClient, bench: Bench, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis made the record, and its answer got lost; the caller repeats, as it should."""
    store = services(client).store
    create = store.create

    def unheard(record: JobRecord, *key: Any) -> JobRecord:
        create(record, *key)
        raise RedisTimeoutError("Timeout reading from socket")

    monkeypatch.setattr(store, "create", unheard)
    assert client.post("/v1/jobs", content=photo, headers=HEADERS).status_code == 503
    monkeypatch.undo()
    again = client.post("/v1/jobs", content=photo, headers=HEADERS)
    assert again.status_code == 202
    record = bench.store.get(again.json()["id"])
    assert bench.files() == [record.original.key]


def test_the_file_of_a_refused_photo_goes_at_once(
    client: TestClient, bench: Bench, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise BatchClosed("It takes no more.")

    monkeypatch.setattr(services(client).store, "create", refused)
    assert client.post("/v1/jobs", content=photo, headers=HEADERS).status_code == 409
    assert bench.files() == []


def test_an_item_that_is_kept_is_accepted_though_the_queue_goes_away_at_that_moment(
    client: TestClient, bench: Bench, photo: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    found = services(client)
    away = Turns(Redis(port=free_port(), retry=Retry(NoBackoff(), 0)), found.store, found.queue)
    client.app.state.services = replace(found, turns=away)
    batch = client.post("/v1/batches").json()
    sent = client.put(f"{batch['url']}/items/a.jpg", content=photo, headers=HEADERS)
    assert sent.status_code == 201, sent.text
    said = [one for one in caplog.records if "not in the queue yet" in one.getMessage()]
    assert [one.exc_info for one in said] == [None]
    assert bench.redis.llen("rq:queue:photochrom") == 0
    maintenance(bench).feed_batches()
    assert bench.redis.llen("rq:queue:photochrom") == 1
    assert client.put(f"{batch['url']}/items/a.jpg", content=photo, headers=HEADERS).status_code == 200
