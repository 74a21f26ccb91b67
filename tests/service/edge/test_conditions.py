"""Conditional requests: what is known already is not sent again, and nobody changes what he has not seen."""

import pytest
from fastapi.testclient import TestClient

from service.edge.conditions import matches
from support.queue.queueing import Bench

STALE = {"If-Match": 'W/"other"'}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs",
        "/v1/batches",
        "/v1/webhooks",
        "/v1/limits",
        "/v1/models",
        "/openapi.json",
        "/healthz",
        "/",
        "/web/main.js",
    ],
)
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_everything_that_is_read_hears_conditions(client: TestClient, path: str, coding: str) -> None:
    taking = {"Accept-Encoding": coding}
    first = client.get(path, headers=taking)
    tag = first.headers["etag"]
    for given in (tag, f'"a,b", {tag}', "*"):
        for method in ("GET", "HEAD"):
            again = client.request(method, path, headers={**taking, "If-None-Match": given})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert "Accept-Encoding" in again.headers["vary"]
    assert client.get(path, headers={**taking, "If-None-Match": '"other"'}).status_code == 200
    assert client.get(path, headers={**taking, "If-Match": tag}).status_code == 200
    refused = client.get(path, headers={**taking, **STALE})
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition-failed")


def test_what_is_made_while_it_is_sent_has_no_tag_of_nothing(client: TestClient) -> None:
    path = f"{client.post('/v1/batches').json()['url']}/iiif/manifest.json"
    for headers in ({}, {"If-None-Match": "*"}):
        found = [client.request(method, path, headers=headers) for method in ("GET", "HEAD")]
        assert [(one.status_code, one.headers.get("etag")) for one in found] == [(200, None)] * 2


def test_what_has_changed_has_another_tag(client: TestClient, photo: bytes) -> None:
    tag = client.get("/v1/jobs").headers["etag"]
    client.post("/v1/jobs", content=photo)
    assert client.get("/v1/jobs", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("kind", ["jobs", "batches", "webhooks"])
def test_nothing_is_deleted_that_its_caller_knows_otherwise(
    client: TestClient, bench: Bench, kind: str
) -> None:
    url = made(client, bench, kind)
    assert client.delete(url, headers=STALE).status_code == 412
    tag = client.get(url).headers["etag"]
    assert client.delete(url, headers={"If-Match": f'"x", {tag}'}).status_code == 204
    assert client.delete(url, headers={"If-Match": tag}).status_code == 404


def test_a_job_that_moves_up_in_the_queue_is_the_one_its_caller_knows(
    client: TestClient, bench: Bench
) -> None:
    first, second = (f"/v1/jobs/{bench.submit(b'x').id}" for _ in range(2))
    tag = client.get(second).headers["etag"]
    assert client.delete(first).status_code == 204
    assert client.get(second).headers["etag"] != tag
    assert client.delete(second, headers={"If-Match": tag}).status_code == 204


@pytest.mark.parametrize("kind", ["jobs", "batches", "webhooks"])
def test_what_changes_between_look_and_deletion_stays(
    client: TestClient, bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Whoever asks with If-Match deletes what was seen, or nothing, whoever comes in between."""
    url = made(client, bench, kind)
    tag = client.get(url).headers["etag"]
    compared: list[str] = []

    def matches_and_then_changes(given: str, found: str) -> bool:
        compared.append(found)
        if len(compared) == 1:
            change(client, kind, url)
        return matches(given, found)

    monkeypatch.setattr("service.edge.conditions.matches", matches_and_then_changes)
    assert client.delete(url, headers={"If-Match": tag}).status_code == 412
    assert len(set(compared)) == 2
    assert client.get(url).status_code == 200


def test_the_second_of_two_changes_is_refused(client: TestClient, bench: Bench) -> None:
    url = made(client, bench, "webhooks")
    seen = {"If-Match": client.get(url).headers["etag"]}
    first = client.patch(url, json={"description": "mine"}, headers=seen)
    second = client.patch(url, json={"description": "theirs"}, headers=seen)
    assert (first.status_code, second.status_code) == (200, 412)
    assert client.get(url).json()["description"] == "mine"
    assert client.patch(url, json={}, headers={"If-Match": first.headers["etag"]}).status_code == 200


def made(client: TestClient, bench: Bench, kind: str) -> str:
    if kind == "jobs":
        return f"/v1/jobs/{bench.submit(b'x').id}"
    body = {"url": "https://photos.example/hook"} if kind == "webhooks" else None
    answer = client.post(f"/v1/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def change(client: TestClient, kind: str, url: str) -> None:
    """Have it changed by somebody else."""
    if kind == "webhooks":
        assert client.patch(url, json={"description": "theirs"}).status_code == 200
    else:
        assert client.post(f"{url}:{'seal' if kind == 'batches' else 'cancel'}").is_success
