"""`consistency` over the API: what is taken, what is refused, and what is shown of a series."""

from fastapi.testclient import TestClient

from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.parts import ModelUsed
from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.series import Series
from photochrom.times import utc_now
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import Bench

PHOTO = grey_jpeg(size=(96, 64))


def batch_of(client: TestClient, **options: object) -> str:
    return str(client.post("/v1/batches", json={"options": options}).raise_for_status().json()["id"])


def put(client: TestClient, batch: str, **options: object) -> tuple[int, str]:
    answer = client.put(f"/v1/batches/{batch}/items/a.jpg", params=options, content=PHOTO)
    return answer.status_code, answer.text


def test_a_photograph_without_others_is_refused(client: TestClient) -> None:
    answer = client.post("/v1/jobs", params={"consistency": 1}, content=PHOTO)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-option")
    assert "POST /v1/batches" in answer.json()["detail"]
    assert put(client, batch_of(client), consistency=1)[0] == 422
    assert put(client, batch_of(client, consistency=1))[0] == 201
    assert put(client, batch_of(client, consistency=1), consistency=0)[0] == 201


def test_values_and_companions_that_make_no_sense_are_refused(client: TestClient) -> None:
    wrong = [{"consistency": 1.5}, {"consistency": -1}, {"consistency": 1, "color": "off"}]
    for options in [*wrong, {"consistency": 1, "pages": "all"}, {"consistency": 1, "uncolor": True}]:
        assert client.post("/v1/batches", json={"options": options}).status_code == 422


def test_workers_that_tell_no_series_are_named(client: TestClient, bench: Bench) -> None:
    def beat(name: str, *, tells_series: bool) -> None:
        model = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")
        known = {
            "host": "h",
            "pid": 1,
            "started_at": utc_now(),
            "model": model,
            "options": tuple(ColorizeOptions.model_fields),
        }
        bench.fleet.beat(WorkerStatus(name=name, tells_series=tells_series, **known), 60)

    beat("one", tells_series=False)
    status, said = put(client, batch_of(client, consistency=1))
    assert status == 422
    assert "recognizer.onnx" in said
    beat("other", tells_series=True)
    assert put(client, batch_of(client, consistency=1))[0] == 201


def test_a_batch_with_all_colours_runs_until_its_set_is_made(client: TestClient, bench: Bench) -> None:
    batch = batch_of(client, consistency=0.5)
    put(client, batch)
    client.post(f"/v1/batches/{batch}:seal")
    job = client.get(f"/v1/batches/{batch}/items/a.jpg").json()
    assert job["series"] is None
    assert job["options"]["consistency"] == 0.5
    record = bench.store.get(job["id"])
    bench.store.change(record.id, lambda one: one.model_copy(update={"state": JobState.RUNNING}))
    bench.store.change(
        record.id,
        lambda one: one.model_copy(
            update={"state": JobState.SUCCEEDED, "series": Series(group="ab", members=2, relatives=("x",))}
        ),
    )
    assert client.get(f"/v1/batches/{batch}").json()["state"] == "running"
    bench.batches.made_series(bench.batches.get(batch))
    assert client.get(f"/v1/batches/{batch}").json()["state"] == "completed"
    shown = client.get(f"/v1/jobs/{job['id']}").json()["series"]
    assert shown == {"group": "ab", "members": 2, "relatives": ["x"], "matched": False}
