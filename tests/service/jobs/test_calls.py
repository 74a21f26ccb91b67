"""The calls on single jobs, over ASGI, against a real Valkey and a real folder."""

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from photochrom.ids import hashed
from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.parts import JobError, ModelUsed
from photochrom.jobs.queue import rq_id
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import IdempotencyKey
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench, make_record

Finish = Callable[..., JobRecord]


def upload(client: TestClient, photo: bytes, name: str = "grey.jpg", **options: object) -> str:
    response = client.post("/v1/jobs", files={"photo": (name, photo)}, data=options)
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


def code(response: object) -> str:
    return f"{response.status_code} {response.json()['code']}"  # type: ignore[attr-defined]


def test_an_upload_is_accepted_kept_and_queued(client: TestClient, bench: Bench, photo: bytes) -> None:
    response = client.post("/v1/jobs", files={"photo": ("../Tante Ö.jpg", photo)}, data={"vividness": "1"})
    assert response.status_code == 202
    job = response.json()
    assert response.headers["location"] == job["url"] == f"/v1/jobs/{job['id']}"
    assert response.headers["retry-after"] == "1"
    assert (job["state"], job["original"]["name"]) == ("queued", "Tante Ö.jpg")
    assert job["options"]["vividness"] == 1
    record = bench.store.get(job["id"])
    with bench.storage.file(record.original.key) as kept:
        assert kept.read_bytes() == photo
    assert bench.queue.position(record) == 0


def test_a_call_that_an_earlier_version_answered_is_answered_alike(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    """Its default was 0.5, and so it stood in what the version remembered of a call without options."""
    sha256 = hashlib.sha256(photo).hexdigest()
    record = make_record(photo, "a.jpg", vividness=0.5)
    said = f"{sha256} a.jpg {record.asked()}"
    bench.store.create(record, IdempotencyKey(hashed("k"), hashed(said)))
    url, key = "/v1/jobs?name=a.jpg", {"Idempotency-Key": "k"}
    assert client.post(url, content=photo, headers=key).json()["id"] == record.id
    other = client.post(f"{url}&vividness=0.6", content=photo, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")


def test_no_option_is_taken_while_a_worker_lives_that_would_leave_it_out(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    def beat(name: str, *options: str) -> None:
        model = ModelUsed(name="m", version="1", provider="CPU")
        status = WorkerStatus(name=name, host="h", pid=1, started_at=utc_now(), model=model, options=options)
        bench.fleet.beat(status, 600)

    def asked(query: str) -> int:
        return client.post(f"/v1/jobs{query}", content=photo).status_code

    beat("new", *ColorizeOptions.model_fields)
    assert asked("?mirror=true") == 202
    beat("old")
    refused = client.post("/v1/jobs?mirror=true", content=photo)
    assert code(refused) == "503 workers-too-old"
    assert "mirror" in refused.json()["detail"]
    assert (asked(""), asked("?mirror=false&quality=95&vividness=0.3")) == (202, 202)
    bench.fleet.leave("old")
    assert asked("?mirror=true") == 202


def test_every_option_since_0_1_0_is_known_as_such() -> None:
    """Or an upgraded service would hand it to older workers, which leave it out."""
    first = {"format", "quality", "vividness", "temperature", "strength", "sepia"}
    assert set(ColorizeOptions.model_fields) - first == set(ColorizeOptions()._newer())
    assert not ColorizeOptions().newer()


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("turn=45", "turn"),
        ("turn=left", "turn"),
        ("mirror=perhaps", "mirror"),
        ("negative=maybe", "negative"),
        ("deskew=on", "deskew"),
        ("turn=auto&uncolor=true", "send it with turn as a number"),
        ("deskew=auto&uncolor=true", "without repair, levels, color and deskew"),
        ('turn=auto&hints=[{"x":0,"y":0,"a":45,"b":30}]', "send them with turn as a number"),
        ('turn=auto&keep=[{"x":0,"y":0,"width":1,"height":1}]', "send them with turn as a number"),
    ],
)
def test_how_a_scan_lies_is_refused_with_a_sentence_where_it_cannot_be(
    client: TestClient, photo: bytes, query: str, named: str
) -> None:
    refused = client.post(f"/v1/jobs?{query}", content=photo)
    assert code(refused) == "422 invalid-option"
    assert named in refused.json()["detail"]


def test_how_a_scan_lies_survives_a_retry(client: TestClient, bench: Bench, photo: bytes) -> None:
    said = {"turn": "90", "mirror": "true", "negative": "auto", "deskew": "auto"}
    job = upload(client, photo, **said)
    error = JobError(code="out-of-memory", detail="Not enough memory.")
    bench.store.change(job, lambda record: record.fail(error, utc_now()))
    assert client.post(f"/v1/jobs/{job}:retry").status_code == 202
    told = client.get(f"/v1/jobs/{job}").json()["options"]
    assert {name: told[name] for name in said} == {
        "turn": 90,
        "mirror": True,
        "negative": "auto",
        "deskew": "auto",
    }


def test_a_number_is_not_auto(client: TestClient, photo: bytes) -> None:
    for key, first, then in (("a", "", "?vividness=0.5"), ("b", "?vividness=0.5", "")):
        assert (
            client.post(f"/v1/jobs{first}", content=photo, headers={"Idempotency-Key": key}).status_code
            == 202
        )
        again = client.post(f"/v1/jobs{then}", content=photo, headers={"Idempotency-Key": key})
        assert (again.status_code, again.json()["code"]) == (422, "idempotency-mismatch")


@pytest.mark.parametrize("limit", ["1_0", "%205", "%2B5", "05", "\u0665"])
def test_a_number_of_a_query_is_one_of_json(client: TestClient, limit: str) -> None:
    assert client.get("/v1/jobs?limit=5").status_code == 200
    refused, letters = client.get(f"/v1/jobs?limit={limit}"), client.get("/v1/jobs?limit=five")
    assert (refused.status_code, refused.json()["detail"]) == (422, letters.json()["detail"])


def test_what_a_form_leaves_empty_the_query_says(client: TestClient, photo: bytes) -> None:
    sent = client.post("/v1/jobs?format=png", files={"photo": ("a.jpg", photo)}, data={"format": ""})
    assert sent.json()["options"]["format"] == "png"


def test_a_raw_body_takes_its_options_from_the_query(client: TestClient, photo: bytes) -> None:
    response = client.post(
        "/v1/jobs?quality=70&name=a.jpg", content=photo, headers={"Content-Type": "image/jpeg"}
    )
    assert response.status_code == 202
    assert response.json()["options"]["quality"] == 70
    assert response.json()["original"]["name"] == "a.jpg"


def test_a_raw_body_may_be_named_by_its_disposition(client: TestClient, photo: bytes) -> None:
    headers = {"Content-Disposition": "attachment; filename*=utf-8''T%C3%B6chter.jpg"}
    response = client.post("/v1/jobs", content=photo, headers=headers)
    assert response.json()["original"]["name"] == "Töchter.jpg"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="Oma \\"Erna\\".jpg"', 'Oma "Erna".jpg'),
        ("attachment; filename=a.jpg", "a.jpg"),
        ("attachment; filename=a.jpg; filename*=UTF-8''%C3%96.jpg", "Ö.jpg"),
        ("attachment; filename*=iso-8859-1'de'%D6.jpg", "Ö.jpg"),
        ("attachment; filename*=utf-8''%ff%00.jpg", "\ufffd.jpg"),
        ("attachment; filename*=bogus'x'%ff", "photo"),
        (f"attachment; filename*{'9' * 5000}*=x", "photo"),
        ("attachment; filename*0*=utf-8''a; filename*1=b", "photo"),
        ("inline", "photo"),
    ],
)
def test_any_disposition_gives_some_name(
    client: TestClient, photo: bytes, disposition: str, name: str
) -> None:
    response = client.post("/v1/jobs", content=photo, headers={"Content-Disposition": disposition})
    assert (response.status_code, response.json()["original"]["name"]) == (202, name)


@pytest.mark.parametrize("of", ["jobs", "batches"])
@pytest.mark.parametrize("suffix", [":jobs", ":held", ":jobs:queued", "%0A", "0"])
@pytest.mark.parametrize(
    ("method", "call"), [("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", ":cancel")]
)
def test_a_key_of_the_store_is_no_id(
    client: TestClient, photo: bytes, of: str, suffix: str, method: str, call: str
) -> None:
    batch = client.post("/v1/batches").json()
    job = client.put(f"{batch['url']}/items/a.jpg", content=photo).json()
    url = (job if of == "jobs" else batch)["url"]
    assert code(client.request(method, url + suffix + call)) in {
        "404 job-not-found",
        "404 batch-not-found",
    }
    assert client.get(batch["url"]).json()["total"] == 1


def test_a_job_shows_state_progress_and_result(client: TestClient, photo: bytes, finish: Finish) -> None:
    job_id = upload(client, photo)
    assert client.get(f"/v1/jobs/{job_id}").json()["queue_position"] == 0
    finish(job_id)
    response = client.get(f"/v1/jobs/{job_id}")
    job = response.json()
    assert "retry-after" not in response.headers
    assert (job["state"], job["provider"]) == ("succeeded", "CPUExecutionProvider")
    assert job["model"] == {"name": "photochrom", "version": "1", "vividness": None}
    assert job["result"]["url"] == f"/v1/jobs/{job_id}/result"
    assert job["result"]["expires_at"] > job["finished_at"]
    assert "key" not in str(job)


def test_an_unchanged_job_is_304(client: TestClient, photo: bytes, finish: Finish) -> None:
    url = f"/v1/jobs/{upload(client, photo)}"
    tag = client.get(url).headers["etag"]
    unchanged = client.get(url, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["retry-after"] == "1"
    finish(url.rpartition("/")[2])
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 200


def test_the_result_comes_with_its_name_and_in_ranges(
    client: TestClient, photo: bytes, finish: Finish
) -> None:
    job_id = upload(client, photo, name="Oma.jpg")
    finish(job_id, b"0123456789")
    url = f"/v1/jobs/{job_id}/result"
    whole = client.get(url)
    assert whole.content == b"0123456789"
    assert whole.headers["content-disposition"] == 'attachment; filename="Oma.jpg"'
    assert whole.headers["content-type"] == "image/jpeg"
    part = client.get(url, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert part.headers["content-range"] == "bytes 2-4/10"
    assert client.get(url, headers={"Range": "bytes=50-"}).status_code == 416
    assert client.get(url, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    stale = client.get(url, headers={"Range": "bytes=2-4", "If-Range": '"other"'})
    assert (stale.status_code, stale.content) == (200, b"0123456789")
    assert client.head(url).headers["content-length"] == "10"


RESULT_OF_A_NEWER_VERSION = {
    "key": "k",
    "name": "a.jpg",
    "media_type": "image/jpeg",
    "bytes": 1,
    "width": 1,
    "height": 1,
    "sha256": "1" * 64,
    "restoration": {
        "turning": {"turn": 90, "of_a_newer_version": 1},
        "repairs": {"left": 2, "of_a_newer_version": 1},
        "of_a_newer_version": 1,
    },
}


def test_what_a_newer_version_noted_is_neither_shown_nor_in_the_way(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    """As after a rollback: jobs, and batches whose options its new items take over."""
    job_id = upload(client, photo)
    batch = client.post("/v1/batches", json={}).json()
    for key in (f"job:{job_id}", f"batch:{batch['id']}"):
        record = json.loads(bench.redis.hget(key, "record") or b"")
        record["of_a_newer_version"] = record["options"]["of_a_newer_version"] = 1
        if key.startswith("job:"):
            part = {"of_a_newer_version": 1}
            record["progress"] = {"stage": "decode", "done": 0, "total": 4} | part
            record["film"] = {"film": "blue", "weights": [0, 0.2, 0.8], "chosen_by": "date"} | part
            record["error"] = {"code": "c", "detail": "d"} | part
            record["result"] = RESULT_OF_A_NEWER_VERSION
        bench.redis.hset(key, "record", json.dumps(record))
    shown = client.get(f"/v1/jobs/{job_id}")
    assert shown.status_code == 200
    assert "of_a_newer_version" not in shown.text
    assert client.get(f"/v1/batches/{batch['id']}").json() == batch
    added = client.put(f"/v1/batches/{batch['id']}/items/a.jpg", content=photo)
    assert added.status_code == 201, added.text
    assert "of_a_newer_version" not in added.text


def test_the_original_can_be_had_back(client: TestClient, photo: bytes, bench: Bench) -> None:
    job_id = upload(client, photo)
    assert client.get(f"/v1/jobs/{job_id}/original").content == photo
    bench.store.change(job_id, lambda r: r.request_cancel(utc_now()))
    bench.store.change(job_id, lambda r: r.sweep(utc_now() + timedelta(days=2)))
    assert code(client.get(f"/v1/jobs/{job_id}/original")) == "410 original-expired"


def test_no_result_yet_is_409_and_no_longer_410(
    client: TestClient, bench: Bench, photo: bytes, finish: Finish
) -> None:
    job_id = upload(client, photo)
    url = f"/v1/jobs/{job_id}/result"
    assert code(client.get(url)) == "409 result-not-ready"
    finish(job_id)
    bench.store.change(job_id, lambda r: r.sweep(utc_now() + timedelta(days=8)))
    assert code(client.get(url)) == "410 result-expired"
    assert client.get(f"/v1/jobs/{job_id}").json()["state"] == "expired"


def test_a_failed_job_says_why_and_can_be_retried(client: TestClient, bench: Bench, photo: bytes) -> None:
    job_id = upload(client, photo)
    bench.store.change(job_id, lambda r: r.fail(JobError(code="x", detail="It broke."), utc_now()))
    assert client.get(f"/v1/jobs/{job_id}").json()["error"] == {"code": "x", "detail": "It broke."}
    assert "It broke." in client.get(f"/v1/jobs/{job_id}/result").json()["detail"]
    retried = client.post(f"/v1/jobs/{job_id}:retry")
    assert (retried.status_code, retried.json()["state"]) == (202, "queued")
    assert bench.queue.position(bench.store.get(job_id)) is not None
    assert code(client.post(f"/v1/jobs/{job_id}:retry")) == "409 job-conflict"


def test_a_waiting_job_is_canceled_at_once_and_leaves_the_queue(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    job_id = upload(client, photo)
    record = bench.store.get(job_id)
    canceled = client.post(f"/v1/jobs/{job_id}:cancel")
    assert (canceled.status_code, canceled.json()["state"]) == (202, "canceled")
    assert bench.queue.position(record) is None
    assert not bench.redis.exists(f"rq:job:{rq_id(record)}")
    assert code(client.post(f"/v1/jobs/{job_id}:cancel")) == "409 job-conflict"


def test_a_running_job_is_told_to_stop(client: TestClient, bench: Bench, photo: bytes) -> None:
    job_id = upload(client, photo)
    bench.store.change(job_id, lambda r: r.claim("w", utc_now(), 3))
    assert client.post(f"/v1/jobs/{job_id}:cancel").json()["state"] == "canceling"


@pytest.mark.parametrize("finished", [False, True])
def test_delete_erases_record_files_and_queue_entry(
    client: TestClient, bench: Bench, photo: bytes, finish: Finish, finished: bool
) -> None:
    job_id = upload(client, photo)
    if finished:
        finish(job_id)
    deleted = client.delete(f"/v1/jobs/{job_id}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert bench.files() == []
    assert bench.redis.llen("rq:queue:photochrom") == 0
    for call in (client.get, client.delete):
        assert code(call(f"/v1/jobs/{job_id}")) == "404 job-not-found"


def test_pages_lead_through_all_jobs(client: TestClient, photo: bytes) -> None:
    ids = [upload(client, photo) for _ in range(5)][::-1]
    first = client.get("/v1/jobs?limit=2")
    assert [job["id"] for job in first.json()["items"]] == ids[:2]
    second = client.get(first.links["next"]["url"])
    third = client.get("/v1/jobs", params={"limit": 2, "cursor": second.json()["next_cursor"]})
    assert [job["id"] for job in second.json()["items"] + third.json()["items"]] == ids[2:]
    assert third.json()["next_cursor"] is None
    assert "link" not in third.headers
    assert client.get("/v1/jobs?state=failed").json()["items"] == []


def test_one_idempotency_key_makes_one_job(client: TestClient, bench: Bench, photo: bytes) -> None:
    def post(**data: str) -> object:
        return client.post(
            "/v1/jobs", files={"photo": ("a.jpg", photo)}, data=data, headers={"Idempotency-Key": "k1"}
        )

    first, again, other = post(), post(), post(quality="50")
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"
    assert code(other) == "422 idempotency-mismatch"
    assert len(bench.files()) == 1
    assert bench.redis.llen("rq:queue:photochrom") == 1


def test_prefer_wait_answers_as_soon_as_the_job_is_done(
    client: TestClient, bench: Bench, photo: bytes, finish: Finish
) -> None:
    def work() -> None:
        while not (waiting := bench.store.page(1)[0]):
            pass
        finish(waiting[0].id)

    worker = threading.Thread(target=work)
    worker.start()
    response = client.post("/v1/jobs", files={"photo": ("a.jpg", photo)}, headers={"Prefer": "wait=30"})
    worker.join()
    assert (response.status_code, response.json()["state"]) == (200, "succeeded")
    assert response.headers["preference-applied"] == "wait=30"
    assert response.elapsed.total_seconds() < 10


def test_prefer_wait_answers_202_when_the_time_is_over(client: TestClient, photo: bytes) -> None:
    response = client.post("/v1/jobs", files={"photo": ("a.jpg", photo)}, headers={"Prefer": "wait=1"})
    assert (response.status_code, response.json()["state"]) == (202, "queued")


def test_too_many_waiting_jobs_are_429(settings: ServiceSettings, photo: bytes) -> None:
    full = settings.model_copy(update={"max_queued": 1})
    with TestClient(create_app(full)) as client:
        upload(client, photo)
        response = client.post("/v1/jobs", files={"photo": ("a.jpg", photo)})
        assert code(response) == "429 queue-full"
        assert int(response.headers["retry-after"]) > 0


def test_a_job_is_accepted_although_the_queue_fails_after_the_record(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    """The server really refuses: a key of the wrong type sits where the queue should be."""
    bench.redis.set("rq:queue:photochrom", "in the way")
    job_id = upload(client, photo)
    assert bench.store.get(job_id).state is JobState.QUEUED
