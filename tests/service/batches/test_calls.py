"""The calls on batches, over ASGI, against a real Valkey and a real folder."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.parts import JobError
from photochrom.jobs.record import JobRecord
from photochrom.photo.names import suffix_of
from photochrom.times import utc_now
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench

Finish = Callable[..., JobRecord]


def code(response: object) -> str:
    return f"{response.status_code} {response.json()['code']}"  # type: ignore[attr-defined]


@pytest.fixture
def url(client: TestClient) -> str:
    response = client.post("/v1/batches", json={"name": "Album", "options": {"vividness": 1}})
    assert response.status_code == 201
    return str(response.headers["location"])


def put(client: TestClient, url: str, name: str, photo: bytes, query: str = "") -> str:
    response = client.put(f"{url}/items/{name}{query}", content=photo)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def test_a_batch_may_begin_with_nothing(client: TestClient) -> None:
    batch = client.post("/v1/batches").json()
    assert (batch["state"], batch["total"], batch["name"]) == ("receiving", 0, "")
    assert code(client.post("/v1/batches", json={"nmae": "x"})) == "422 invalid-request"


def test_a_refusal_of_a_body_is_a_sentence_about_it(client: TestClient) -> None:
    """Nothing of the program that reads it, and no field without a name."""
    said = client.post("/v1/batches", json=[]).json()
    assert said["detail"].startswith("body: ")
    options = {"consistency": 1, "uncolor": True}
    said = client.post("/v1/batches", json={"options": options}).json()
    assert said["detail"].startswith("options: consistency needs colours")
    assert said["errors"][0]["detail"].startswith("consistency needs colours")


def test_items_take_the_options_of_the_batch_and_may_override_them(
    client: TestClient, url: str, photo: bytes
) -> None:
    put(client, url, "a/1.jpg", photo, "?quality=50")
    item = client.get(f"{url}/items/a/1.jpg").json()
    assert (item["options"]["vividness"], item["options"]["quality"]) == (1, 50)
    assert (item["item"], item["original"]["name"]) == ("a/1.jpg", "1.jpg")


def test_sending_an_item_again_is_200_and_keeps_one_file(
    client: TestClient, bench: Bench, url: str, photo: bytes
) -> None:
    job_id = put(client, url, "1.jpg", photo)
    again = client.put(f"{url}/items/1.jpg", content=photo)
    assert (again.status_code, again.json()["id"]) == (200, job_id)
    assert len(bench.files()) == 1
    assert code(client.put(f"{url}/items/1.jpg", content=photo + b"x")) == "409 item-conflict"
    assert len(bench.files()) == 1


@pytest.mark.parametrize("name", ["a/%2e%2e/b.jpg", "%2Fetc/x", "a%00b", "a%5Cb"])
def test_names_that_climb_or_hide_are_refused(client: TestClient, url: str, photo: bytes, name: str) -> None:
    assert code(client.put(f"{url}/items/{name}", content=photo)) in {"422 invalid-name", "404 not-found"}


def test_a_batch_runs_from_receiving_to_completed_with_errors(
    client: TestClient, bench: Bench, url: str, photo: bytes, finish: Finish
) -> None:
    good, bad = (put(client, url, f"{n}.jpg", photo) for n in "ab")
    assert client.get(url).json()["state"] == "receiving"
    assert client.post(f"{url}:seal").json()["state"] == "sealed"
    assert code(client.put(f"{url}/items/c.jpg", content=photo)) == "409 batch-closed"
    finish(good)
    assert client.get(url).json()["state"] == "running"
    bench.store.change(bad, lambda r: r.fail(JobError(code="x", detail="Broken."), utc_now()))
    over = client.get(url)
    batch = over.json()
    assert (batch["state"], batch["done"], batch["total"]) == ("completed_with_errors", 2, 2)
    assert (batch["counts"]["succeeded"], batch["counts"]["failed"]) == (1, 1)
    assert "retry-after" not in over.headers
    failed = client.get(f"{url}/items?state=failed").json()["items"]
    assert [item["item"] for item in failed] == ["b.jpg"]
    (line,) = client.get(f"{url}/errors.jsonl").text.splitlines()
    assert json.loads(line) == {
        "item": "b.jpg",
        "job": bad,
        "state": "failed",
        "code": "x",
        "detail": "Broken.",
    }
    retried = client.post(f"{url}:retry-failed")
    assert (retried.status_code, retried.json()["retried"]) == (202, 1)
    assert client.get(url).json()["counts"] == {**batch["counts"], "failed": 0, "queued": 1}


def test_a_canceled_batch_keeps_its_results(
    client: TestClient, url: str, photo: bytes, finish: Finish
) -> None:
    finish(put(client, url, "a.jpg", photo))
    put(client, url, "b.jpg", photo)
    assert client.post(f"{url}:cancel").json()["state"] == "canceled"
    batch = client.get(url).json()
    assert (batch["counts"]["succeeded"], batch["counts"]["canceled"]) == (1, 1)
    assert client.get(f"{url}/archive.zip").status_code == 200


def test_items_come_in_pages(client: TestClient, url: str, photo: bytes) -> None:
    ids = [put(client, url, f"{n}.jpg", photo) for n in range(5)][::-1]
    first = client.get(f"{url}/items?limit=3")
    second = client.get(first.links["next"]["url"])
    assert [item["id"] for item in first.json()["items"] + second.json()["items"]] == ids
    assert second.json()["next_cursor"] is None


def test_an_unchanged_batch_is_304(client: TestClient, url: str, photo: bytes) -> None:
    tag = client.get(url).headers["etag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    put(client, url, "a.jpg", photo)
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 200


def test_the_zip_has_names_folders_and_a_manifest(
    client: TestClient, bench: Bench, url: str, photo: bytes, finish: Finish
) -> None:
    assert code(client.get(f"{url}/archive.zip")) == "409 result-not-ready"
    results = {"Älbum/1.jpg": b"one", "Älbum/1.tif": b"two", "manifest.json.jpg": b"three"}
    for name, data in results.items():
        finish(put(client, url, name, photo), data)
    bad = put(client, url, "bad.jpg", photo)
    bench.store.change(bad, lambda r: r.fail(JobError(code="x", detail="Broken."), utc_now()))
    response = client.get(f"{url}/archive.zip")
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert {info.compress_type for info in archive.infolist()[:-1]} == {zipfile.ZIP_STORED}
        names = {entry["item"]: entry.get("result") for entry in manifest["items"]}
        assert names["bad.jpg"] is None
        assert {item: archive.read(name) for item, name in names.items() if name} == results
        assert names["Älbum/1.jpg"] == "Älbum/1.jpg"


def test_names_with_dots_stay_whole_in_the_zip(
    client: TestClient, url: str, photo: bytes, finish: Finish
) -> None:
    names = {"Oma 12.5.1931", "Oma 12.5.1932", "deep.er/Nr. 7.tif"}
    for name in names:
        finish(put(client, url, name, photo))
    with zipfile.ZipFile(io.BytesIO(client.get(f"{url}/archive.zip").content)) as archive:
        found = set(archive.namelist()) - {"manifest.json"}
    assert {name.removesuffix(suffix_of(name)) for name in found} == {
        name.removesuffix(".tif") for name in names
    }


def test_the_zip_of_a_batch_whose_results_are_all_expired_is_gone(
    client: TestClient, bench: Bench, url: str, photo: bytes, finish: Finish
) -> None:
    old = put(client, url, "a.jpg", photo)
    finish(old)
    bench.store.change(old, lambda r: r.sweep(utc_now() + timedelta(days=8)))
    assert code(client.get(f"{url}/archive.zip")) == "410 result-expired"
    new = put(client, url, "b.jpg", photo)
    assert code(client.get(f"{url}/archive.zip")) == "409 result-not-ready"
    finish(new)
    assert client.get(f"{url}/archive.zip").status_code == 200


def test_delete_erases_everything(
    client: TestClient, bench: Bench, url: str, photo: bytes, finish: Finish
) -> None:
    finish(put(client, url, "a.jpg", photo))
    put(client, url, "b.jpg", photo)
    assert client.delete(url).status_code == 204
    assert bench.files() == []
    assert code(client.get(url)) == "404 batch-not-found"
    assert client.get("/v1/jobs").json()["items"] == []


def test_batches_are_listed(client: TestClient, url: str) -> None:
    (batch,) = client.get("/v1/batches").json()["items"]
    assert (batch["url"], batch["name"]) == (url, "Album")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/items"),
        ("GET", "/items/a.jpg"),
        ("PUT", "/items/a.jpg"),
        ("GET", "/archive.zip"),
        ("GET", "/errors.jsonl"),
        ("GET", "/events"),
        ("POST", ":seal"),
        ("POST", ":cancel"),
        ("POST", ":retry-failed"),
        ("DELETE", ""),
    ],
)
def test_calls_on_no_batch_are_404(client: TestClient, method: str, path: str) -> None:
    assert code(client.request(method, f"/v1/batches/nope{path}")) == "404 batch-not-found"


def test_no_item_of_this_name_is_404(client: TestClient, url: str) -> None:
    assert code(client.get(f"{url}/items/nope.jpg")) == "404 item-not-found"


@pytest.mark.parametrize("ending", ["cancel", "delete"])
def test_the_next_item_takes_the_turn_of_one_that_is_taken_out(
    client: TestClient, bench: Bench, url: str, photo: bytes, ending: str
) -> None:
    first, second = (put(client, url, f"{n}.jpg", photo) for n in "ab")
    if ending == "cancel":
        client.post(f"/v1/jobs/{first}:cancel")
    else:
        client.delete(f"/v1/jobs/{first}")
    assert bench.queue.position(bench.store.get(second)) == 0


def test_a_batch_is_paused_and_goes_on(client: TestClient, url: str, photo: bytes, finish: Finish) -> None:
    put(client, url, "a.jpg", photo)
    paused = client.post(f"{url}:pause").json()
    assert paused["state"] == "paused"
    assert paused["paused_at"]
    assert client.post(f"{url}:pause").json() == paused  # again is no error
    put(client, url, "b.jpg", photo)  # more may be sent
    client.post(f"{url}:seal")
    assert client.get(url).json()["state"] == "paused"
    resumed = client.post(f"{url}:resume").json()
    assert (resumed["state"], resumed["paused_at"]) == ("sealed", None)
    assert client.post(f"{url}:resume").status_code == 200
    client.post(f"{url}:cancel")
    assert code(client.post(f"{url}:pause")) == "409 batch-closed"
    for deed in ("pause", "resume"):
        assert code(client.post(f"/v1/batches/{'0' * 26}:{deed}")) == "404 batch-not-found"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("archive.zip", "application/zip"),
        ("errors.jsonl", "application/jsonl"),
        ("events", "text/event-stream; charset=utf-8"),
    ],
)
def test_head_of_a_stream_tells_its_kind_and_makes_none_of_it(
    client: TestClient, url: str, photo: bytes, finish: Callable[[str], object], path: str, kind: str
) -> None:
    finish(client.put(f"{url}/items/a.jpg", content=photo).json()["id"])
    response = client.head(f"{url}/{path}")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Type"] == kind
    assert "Content-Length" not in response.headers


def test_a_batch_begun_twice_with_one_key_is_one_batch(client: TestClient) -> None:
    key = {"Idempotency-Key": "album 1"}
    first = client.post("/v1/batches", json={"name": "Album"}, headers=key)
    again = client.post("/v1/batches", json={"name": "Album"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = client.post("/v1/batches", json={"name": "Another"}, headers=key)
    assert code(other) == "422 idempotency-mismatch"
    assert len(client.get("/v1/batches").json()["items"]) == 1


def test_a_key_whose_batch_was_deleted_begins_another(client: TestClient) -> None:
    key = {"Idempotency-Key": "album 1"}
    first = client.post("/v1/batches", headers=key).json()
    client.delete(first["url"])
    assert client.post("/v1/batches", headers=key).json()["id"] != first["id"]


def test_a_key_for_a_job_and_one_for_a_batch_are_two(client: TestClient, photo: bytes) -> None:
    key = {"Idempotency-Key": "k"}
    assert client.post("/v1/jobs", content=photo, headers=key).status_code == 202
    assert client.post("/v1/batches", headers=key).status_code == 201


def test_a_batch_is_kept_for_ever_only_where_the_operator_allows_it(
    client: TestClient, bench: Bench, settings: ServiceSettings, photo: bytes, finish: Finish
) -> None:
    assert code(client.post("/v1/batches", json={"retention": "never"})) == "422 invalid-option"
    allowing = settings.model_copy(update={"keep_batches": True})
    with TestClient(create_app(allowing)) as generous:
        batch = generous.post("/v1/batches", json={"retention": "never"}).json()
        assert batch["retention"] == "never"
        done = finish(put(generous, batch["url"], "a.jpg", photo))
        assert (done.expires_at, done.next_expiry) == (None, None)
        other = generous.post("/v1/batches").json()
        assert finish(put(generous, other["url"], "a.jpg", photo)).expires_at is not None
        assert generous.delete(batch["url"]).status_code == 204


def test_an_item_is_split_on_wish_and_a_single_photograph_is_not(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    batch = client.post("/v1/batches").json()["url"]
    for name, sent in {
        "a.jpg": client.put(f"{batch}/items/a.jpg?split=auto", content=photo),
        "b.jpg": client.put(
            f"{batch}/items/b.jpg", files={"photo": ("b.jpg", photo)}, data={"split": "auto"}
        ),
    }.items():
        assert (sent.status_code, sent.json()["kind"]) == (201, "page"), name
        assert bench.store.get(sent.json()["id"]).split
    plain = client.put(f"{batch}/items/c.jpg?split=off", content=photo)
    assert plain.json()["kind"] == "photograph"
    # It is another wish, so another item.
    assert client.put(f"{batch}/items/a.jpg", content=photo).json()["code"] == "item-conflict"
    assert client.put(f"{batch}/items/a.jpg?split=auto", content=photo).status_code == 200
    for url, said in (("/v1/jobs?split=auto", "/v1/pages"), (f"{batch}/items/d.jpg?split=yes", "'yes'")):
        method = "POST" if "jobs" in url else "PUT"
        refused = client.request(method, url, content=photo)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-option")
        assert said in refused.json()["detail"]
