"""Hints, references and suggestions over the API: what is taken, what is refused, what counts as the same call."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.parts import ModelUsed
from photochrom.jobs.record import JobRecord
from photochrom.photo.options import OutputFormat
from photochrom.photo.suggestions import LikelyColors
from photochrom.times import utc_now
from support.pictures.photographs import PHOTOS, grey_jpeg
from support.queue.queueing import Bench

Finish = Callable[..., JobRecord]
RED = {"x": 0.25, "y": 0.5, "color": "#a04030"}
COLOUR = (PHOTOS / "coffee.jpg").read_bytes()


def code(response: object) -> str:
    return f"{response.status_code} {response.json()['code']}"  # type: ignore[attr-defined]


def post(client: TestClient, photo: bytes, reference: object = None, key: str = "", **fields: str) -> object:
    files = {"photo": ("grey.jpg", photo)}
    if isinstance(reference, bytes):
        files["reference"] = ("colour.jpg", reference)
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/v1/jobs", files=files, data=fields, headers=headers)


def job_of(response: object) -> dict[str, object]:
    assert response.status_code == 202, response.text  # type: ignore[attr-defined]
    return dict(response.json())  # type: ignore[attr-defined]


def worker(bench: Bench, *capabilities: str) -> None:
    model = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")
    status = WorkerStatus(
        name="w", host="h", pid=1, started_at=utc_now(), model=model, capabilities=capabilities
    )
    bench.fleet.beat(status, 60)


def test_hints_are_kept_with_the_job_in_form_and_query(client: TestClient, photo: bytes) -> None:
    form = job_of(post(client, photo, hints=json.dumps([RED])))
    [hint] = form["options"]["hints"]  # type: ignore[index]
    assert (hint["x"], hint["y"]) == (0.25, 0.5)
    assert (hint["a"], hint["b"]) == pytest.approx((37.7, 31.2), abs=2)
    raw = client.post("/v1/jobs", params={"hints": json.dumps([RED])}, content=photo)
    assert raw.json()["options"] == form["options"]
    assert client.get(str(form["url"])).json()["options"] == form["options"]


@pytest.mark.parametrize(
    ("hints", "says"),
    [
        ("red", "JSON list"),
        ('[{"x":2,"y":0,"a":0,"b":0}]', "hints.0.x"),
        ('[{"x":0,"y":0,"color":"red"}]', "#a04030"),
        (json.dumps([RED] * 65), "at most 64"),
        ("[" * 9000, "JSON list"),
    ],
)
def test_wrong_hints_are_refused_by_name(client: TestClient, photo: bytes, hints: str, says: str) -> None:
    answer = post(client, photo, hints=hints)
    assert code(answer) == "422 invalid-option"
    assert says in answer.json()["detail"]  # type: ignore[attr-defined]


def test_hints_are_for_photographs_not_for_batches(client: TestClient, photo: bytes) -> None:
    assert code(client.post("/v1/batches", json={"options": {"hints": [RED]}})) == "422 invalid-request"
    url = client.post("/v1/batches").headers["location"]
    item = client.put(f"{url}/items/a.jpg", params={"hints": json.dumps([RED])}, content=photo)
    assert len(item.json()["options"]["hints"]) == 1


def test_a_reference_is_kept_like_an_original_and_deleted_with_the_job(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    job = job_of(post(client, photo, COLOUR))
    assert job["reference"]["name"] == "colour.jpg"  # type: ignore[index]
    assert client.get(f"{job['url']}/reference").content == COLOUR
    assert client.get(f"{job['url']}/original").content == photo
    client.delete(str(job["url"]))
    assert bench.files() == []
    plain = job_of(post(client, photo))
    assert plain["reference"] is None
    assert code(client.get(f"{plain['url']}/reference")) == "404 object-not-found"


def test_the_order_of_the_parts_does_not_matter(client: TestClient, bench: Bench, photo: bytes) -> None:
    files = [("reference", ("c.jpg", COLOUR)), ("photo", ("g.jpg", photo))]
    job = job_of(client.post("/v1/jobs", files=files, data={"quality": "90"}))
    assert job["original"]["name"] == "g.jpg"  # type: ignore[index]
    assert client.get(f"{job['url']}/reference").content == COLOUR


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (b"%PDF-1.7" + bytes(100), "422 reference-rejected"),
        (b"", "422 reference-rejected"),
        (b"\xff\xd8\xff" + bytes(100_000), "413 photo-too-large"),
    ],
)
def test_what_is_no_reference_leaves_nothing(
    client: TestClient, bench: Bench, photo: bytes, reference: bytes, answer: str
) -> None:
    assert code(post(client, photo, reference)) == answer
    assert bench.files() == []


def test_another_jobs_result_can_lend_its_palette(
    client: TestClient, bench: Bench, photo: bytes, finish: Finish
) -> None:
    first = str(job_of(post(client, photo))["id"])
    by_name = {"files": {"photo": ("g.jpg", photo)}, "data": {"reference": first}}
    assert code(client.post("/v1/jobs", **by_name)) == "422 reference-rejected"
    finish(first, grey_jpeg(size=(32, 32)))
    for answer in (
        client.post("/v1/jobs", **by_name),
        client.post("/v1/jobs", params={"reference": first}, content=photo),
    ):
        job = job_of(answer)
        client.get(f"{job['url']}/reference").raise_for_status()
    client.delete(f"/v1/jobs/{first}")
    # It is a copy: nobody has to keep the other job.
    assert client.get(f"{job['url']}/reference").status_code == 200
    for unknown in (first, "x" * 300, "01kb:held"):
        answer = client.post("/v1/jobs", files={"photo": ("g.jpg", photo)}, data={"reference": unknown})
        assert code(answer) == "422 reference-rejected"


def test_hints_and_references_count_for_idempotency(client: TestClient, photo: bytes) -> None:
    first = job_of(post(client, photo, COLOUR, key="k", hints=json.dumps([RED])))
    again = post(client, photo, COLOUR, key="k", hints=json.dumps([RED]))
    assert job_of(again)["id"] == first["id"]
    assert again.headers["idempotent-replayed"] == "true"  # type: ignore[attr-defined]
    for other in (
        post(client, photo, None, key="k", hints=json.dumps([RED])),
        post(client, photo, COLOUR, key="k"),
    ):
        assert code(other) == "422 idempotency-mismatch"


def test_a_format_that_a_worker_does_not_write_is_refused_and_shown(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    job_of(post(client, photo, format="heic"))
    model = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")
    for name, writes in (("able", tuple(OutputFormat)), ("plain", (OutputFormat.JPEG, OutputFormat.PNG))):
        status = WorkerStatus(name=name, host="h", pid=1, started_at=utc_now(), model=model, writes=writes)
        bench.fleet.beat(status, 60)
    assert client.get("/v1/models").json()[0]["writes"] == ["jpeg", "png"]
    refused = post(client, photo, format="heic")
    assert code(refused) == "422 capability-missing"
    assert "photochrom[heic-write]" in refused.json()["detail"]  # type: ignore[attr-defined]
    job_of(post(client, photo, format="png"))


def test_what_the_model_cannot_do_is_refused_and_shown(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    worker(bench, "hints")
    assert client.get("/v1/models").json()[0]["capabilities"] == ["hints"]
    job_of(post(client, photo, hints=json.dumps([RED])))
    refused = post(client, photo, COLOUR)
    assert code(refused) == "422 capability-missing"
    assert "photochrom 1 was not trained for a reference photograph" in refused.json()["detail"]  # type: ignore[attr-defined]
    worker(bench)
    assert code(post(client, photo, hints=json.dumps([RED]))) == "422 capability-missing"
    assert len(bench.files()) == 1


def suggestions(client: TestClient, job_id: str, x: object = 0.5, y: object = 0.5) -> object:
    return client.get(f"/v1/jobs/{job_id}/suggestions", params={"x": x, "y": y})


def test_suggestions_are_asked_for_once_and_then_there(
    client: TestClient, bench: Bench, photo: bytes, finish: Finish
) -> None:
    job_id = str(job_of(post(client, photo))["id"])
    assert code(suggestions(client, job_id)) == "409 result-not-ready"
    assert code(suggestions(client, "nothing")) == "404 job-not-found"
    finish(job_id)
    before = bench.redis.llen("rq:queue:photochrom")
    for _ in range(3):
        answer = suggestions(client, job_id)
        assert (answer.status_code, answer.json()["ready"]) == (202, False)  # type: ignore[attr-defined]
        assert answer.headers["retry-after"] == "1"  # type: ignore[attr-defined]
    assert bench.redis.llen("rq:queue:photochrom") == before + 1

    plane = np.ones((8, 8), np.float32)
    maps = LikelyColors(50 * plane, np.stack([plane, plane]), np.stack([[30 * plane, plane], [plane, plane]]))
    key = f"results/{job_id}/a.suggestions.npz"
    with bench.storage.draft() as draft:
        draft.write(maps.to_bytes())
        draft.commit(key)
    bench.store.change(job_id, lambda job: job.suggest(key))
    found = suggestions(client, job_id).json()  # type: ignore[attr-defined]
    assert found["ready"]
    assert [round(each["a"]) for each in found["suggestions"]] == [1, 30]
    assert found["present"]["distance"] == 0
    for x, y in ((-0.1, 0.5), (0.5, 1.1), ("nan", 0.5), ("", 0)):
        assert code(suggestions(client, job_id, x, y)) == "422 invalid-request"
    client.delete(f"/v1/jobs/{job_id}")
    assert bench.files() == []


def test_suggestions_of_an_original_that_has_expired_cannot_be_made(
    client: TestClient, bench: Bench, photo: bytes, finish: Finish
) -> None:
    job_id = str(job_of(post(client, photo))["id"])
    finish(job_id)
    bench.store.change(
        job_id, lambda job: job.model_copy(update={"original": job.original.model_copy(update={"key": ""})})
    )
    assert code(suggestions(client, job_id)) == "410 original-expired"
