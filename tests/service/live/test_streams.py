"""Live events over a real socket: ASGI test clients buffer whole bodies."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from photochrom.access.key_store import KeyStore
from photochrom.access.keys import Scope
from photochrom.jobs.parts import Progress
from photochrom.jobs.record import JobRecord
from photochrom.times import utc_now
from service.live import streams
from support.queue.queueing import Bench
from support.servers.keyring import bearer, new_key


def events(lines: Iterator[str]) -> Iterator[tuple[str, str, Any]]:
    """Parse (kind, id, data) of each event."""
    fields: dict[str, str] = {}
    for line in lines:
        if line == "" and "data" in fields:
            yield fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"])
            fields = {}
        name, _, value = line.partition(": ")
        fields[name] = value


def test_a_reader_sees_every_state_and_then_the_end(
    server_url: str, bench: Bench, finish: Callable[[str], JobRecord]
) -> None:
    job = bench.submit(b"x")
    with httpx.stream("GET", f"{server_url}/v1/jobs/{job.id}/events", timeout=10) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        heard = events(response.iter_lines())
        assert next(heard)[2]["state"] == "queued"
        claimed = bench.store.change(job.id, lambda r: r.claim("w", utc_now(), 3))
        assert next(heard)[2]["state"] == "running"
        stage = Progress(stage="predict", done=1, total=4)
        assert claimed.lease is not None
        bench.store.change(job.id, lambda r: r.advance(claimed.lease, stage))
        assert next(heard)[2]["progress"]["stage"] == "predict"
        finish(job.id)
        rest = list(heard)
    assert rest[-1][2]["state"] == "succeeded"
    last = rest[-1][1]
    again = httpx.get(f"{server_url}/v1/jobs/{job.id}/events", headers={"Last-Event-ID": last})
    assert again.status_code == 204


def test_a_reader_that_returns_gets_only_what_is_new(server_url: str, bench: Bench) -> None:
    job = bench.submit(b"x")
    bench.store.change(job.id, lambda r: r.claim("w", utc_now(), 3))
    headers = {"Last-Event-ID": "2"}
    with httpx.stream(
        "GET", f"{server_url}/v1/jobs/{job.id}/events", headers=headers, timeout=10
    ) as response:
        heard = events(response.iter_lines())
        bench.store.change(job.id, lambda r: r.request_cancel(utc_now()))
        kind, number, data = next(heard)
    assert (kind, number, data["state"]) == ("job", "3", "canceling")


def test_a_deleted_job_ends_its_events(server_url: str, bench: Bench) -> None:
    job = bench.submit(b"x")
    with httpx.stream("GET", f"{server_url}/v1/jobs/{job.id}/events", timeout=10) as response:
        heard = events(response.iter_lines())
        next(heard)
        bench.store.delete(job.id)
        assert [kind for kind, _, _ in heard] == ["deleted"]


def test_events_end_with_the_key_that_asked_for_them(
    keyed_url: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.1)
    keys = [new_key(bench, Scope.READ, Scope.ADMIN) for _ in range(2)]
    job = bench.submit(b"x")
    url = f"{keyed_url}/v1/jobs/{job.id}/events"
    with (
        httpx.stream("GET", url, timeout=10, headers=bearer(keys[0][1])) as ends,
        httpx.stream("GET", url, timeout=10, headers=bearer(keys[1][1])) as stays,
    ):
        heard, still = events(ends.iter_lines()), events(stays.iter_lines())
        next(heard), next(still)
        KeyStore(bench.redis).revoke(keys[0][0].id)
        assert list(heard) == []
        bench.store.delete(job.id)
        assert [kind for kind, _, _ in still] == ["deleted"]
    assert httpx.get(url, headers=bearer(keys[0][1])).status_code == 401


def test_events_of_no_job_are_a_problem(server_url: str) -> None:
    response = httpx.get(f"{server_url}/v1/jobs/nope/events")
    assert (response.status_code, response.json()["code"]) == (404, "job-not-found")


def test_a_reader_follows_a_batch_to_its_end(
    server_url: str, bench: Bench, finish: Callable[[str], JobRecord], photo: bytes
) -> None:
    batch = httpx.post(f"{server_url}/v1/batches").json()["url"]
    job_id = httpx.put(f"{server_url}{batch}/items/a.jpg", content=photo).json()["id"]
    with httpx.stream("GET", f"{server_url}{batch}/events", timeout=10) as response:
        heard = events(response.iter_lines())
        kind, _, data = next(heard)
        assert (kind, data["state"]) == ("batch", "receiving")
        httpx.post(f"{server_url}{batch}:seal")
        finish(job_id)
        rest = list(heard)
    assert (rest[-1][2]["state"], rest[-1][2]["done"]) == ("completed", 1)
    again = httpx.get(f"{server_url}{batch}/events", headers={"Last-Event-ID": rest[-1][1]})
    assert again.status_code == 204
