"""The calls on album pages, in this process, on a real queue; the worker's part is done by hand."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from photochrom.access.keys import KeyLimits
from photochrom.access.quotas import Allowance, Charge
from photochrom.batches.names import item_name
from photochrom.batches.store import BatchStore
from photochrom.errors import StorageFull
from photochrom.jobs.events import Event, end_of
from photochrom.jobs.fleet import PAGE, PHOTOGRAPH, WorkerStatus
from photochrom.jobs.parts import ModelUsed
from photochrom.jobs.record import JobRecord
from photochrom.jobs.split import ScannedPage, Split, StoredFrame
from photochrom.jobs.states import JobState
from photochrom.times import utc_now
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench, failed, found, maintenance
from support.servers.keyring import bearer, new_key, show
from workers.jobs.splitting import names_of

LEFT, RIGHT = (StoredFrame(x=x, y=32, width=40, height=50) for x in (24, 72))
Json = dict[str, Any]


@pytest.fixture
def page(client: TestClient, bench: Bench, photo: bytes) -> Json:
    """A page of 96 x 64 pixels with two photographs, found."""
    sent = client.post("/v1/pages?name=Oma%201931.jpg&vividness=0.7", content=photo)
    assert sent.status_code == 202, sent.text
    assert (sent.headers["location"], sent.headers["retry-after"]) == (sent.json()["url"], "1")
    found(bench, sent.json()["id"], LEFT, RIGHT)
    return dict(client.get(sent.json()["url"]).json())


@pytest.fixture
def keyed(settings: ServiceSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings.model_copy(update={"auth": "keys"}))) as client:
        yield client


def frames(*given: dict[str, float]) -> Json:
    return {"pages": [{"frames": list(given)}]}


def refused(answer: Any, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return str(answer.json()["detail"])


def test_a_page_waits_for_a_worker_and_then_has_frames(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    sent = client.post("/v1/pages", files={"photo": ("page.jpg", photo)}, data={"quality": "95"})
    page = sent.json()
    assert (page["state"], page["pages"], page["photographs"], page["queue_position"]) == (
        "queued",
        None,
        0,
        0,
    )
    assert bench.queue.waiting() == 1
    refused(client.put(f"{page['url']}/frames", json=frames()), 409, "frames-not-ready")
    refused(client.post(f"{page['url']}/batch"), 409, "frames-not-ready")
    refused(client.get(f"{page['url']}/preview"), 409, "frames-not-ready")
    found(bench, page["id"], LEFT, RIGHT)
    seen = client.get(page["url"])
    assert seen.json()["state"] == "succeeded"
    assert seen.json()["pages"] == [
        {
            "width": 96,
            "height": 64,
            "frames": [{"x": x, "y": 32, "width": 40, "height": 50, "angle": 0} for x in (24, 72)],
            "preview_url": f"{page['url']}/preview?page=1",
        }
    ]
    assert client.get(page["url"], headers={"If-None-Match": seen.headers["etag"]}).status_code == 304
    preview = client.get(seen.json()["pages"][0]["preview_url"])
    assert (preview.content, preview.headers["content-type"]) == (b"small", "image/jpeg")
    known = {"If-None-Match": preview.headers["etag"]}
    assert client.get(f"{page['url']}/preview", headers=known).status_code == 304
    refused(client.get(f"{page['url']}/preview?page=2"), 404, "object-not-found")


def test_who_prefers_to_wait_is_answered_when_the_frames_are_found(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    key = {"Idempotency-Key": "k"}
    found(bench, client.post("/v1/pages", content=photo, headers=key).json()["id"], LEFT, RIGHT)
    answer = client.post("/v1/pages", content=photo, headers={**key, "Prefer": "wait=20"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=20")
    assert answer.json()["photographs"] == 2
    other = client.post("/v1/pages", content=photo, headers={"Prefer": "wait=0"})
    assert (other.status_code, other.headers["retry-after"]) == (202, "1")


def test_the_scan_itself_is_kept_as_it_came(client: TestClient, page: Json, photo: bytes) -> None:
    scan = client.get(f"{page['url']}/original")
    assert scan.content == photo
    assert hashlib.sha256(photo).hexdigest() in scan.headers["etag"]
    part = client.get(f"{page['url']}/original", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, photo[:4])


def test_frames_are_moved_added_removed_turned_and_joined(client: TestClient, page: Json) -> None:
    url = f"{page['url']}/frames"
    joined = {"x": 48, "y": 32, "width": 90, "height": 60, "angle": 90.0}
    answer = client.put(url, json=frames(joined))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["pages"][0]["frames"], answer.json()["checked"]) == ([joined], True)
    assert answer.headers["etag"] == client.get(page["url"]).headers["etag"]
    assert client.put(url, json=frames()).json()["photographs"] == 1


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ([{"x": 500, "y": 32, "width": 40, "height": 50}], "outside"),
        ([{"x": 24, "y": 32, "width": 4, "height": 50}], "at least 16"),
        ([{"x": 24, "y": 32, "width": 40, "height": 50}] * 2, "same place"),
        ([{"x": 24, "y": 32, "width": 40, "height": 50}] * 61, "60 at most"),
    ],
)
def test_frames_that_do_not_fit_are_refused_with_a_sentence(
    client: TestClient, page: Json, given: list[dict[str, float]], word: str
) -> None:
    assert word in refused(client.put(f"{page['url']}/frames", json=frames(*given)), 422, "bad-frames")
    assert client.get(page["url"]).json()["pages"] == page["pages"]


def test_what_is_no_list_of_frames_or_is_of_another_number_of_pages_is_refused(
    client: TestClient, page: Json
) -> None:
    url = f"{page['url']}/frames"
    refused(client.put(url, json=frames({"x": 1, "y": 2, "width": 0, "height": 5})), 422, "invalid-request")
    refused(client.put(url, json={"pages": []}), 422, "invalid-request")
    refused(client.put(url, content=b'{"pages": [{"frames": [{"x": NaN}]}]}'), 422, "invalid-request")
    assert "1 pages" in refused(client.put(url, json={"pages": [{"frames": []}] * 2}), 422, "bad-frames")


def test_a_wrong_frame_is_told_without_what_follows_from_it(client: TestClient, page: Json) -> None:
    said = refused(client.put(f"{page['url']}/frames", json=frames({"x": 1e9})), 422, "invalid-request")
    assert "pages.0.frames.0.x" in said
    assert "at least 1" not in said


def test_who_saw_older_frames_does_not_replace_newer_ones(client: TestClient, page: Json) -> None:
    old = client.get(page["url"]).headers["etag"]
    client.put(f"{page['url']}/frames", json=frames())
    late = client.put(f"{page['url']}/frames", json=frames(), headers={"If-Match": old})
    refused(late, 412, "precondition-failed")


def test_a_batch_begins_with_the_page_and_takes_no_more(
    client: TestClient, bench: Bench, page: Json, photo: bytes
) -> None:
    answer = client.post(f"{page['url']}/batch", json={"options": {"format": "png"}})
    batch = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, batch["url"])
    assert (batch["name"], batch["state"], batch["total"]) == ("Oma 1931.jpg", "sealed", 1)
    (item,) = client.get(f"{batch['url']}/items").json()["items"]
    assert (item["kind"], item["item"], item["options"]["format"]) == ("page", "Oma 1931.jpg", "png")
    split = bench.store.get(item["id"]).split
    assert split
    assert split.pages[0].frames == (LEFT, RIGHT)
    assert bench.queue.waiting() == 2
    # Neither goes with the other.
    assert client.delete(page["url"]).status_code == 204
    assert client.get(f"/v1/pages/{item['id']}/original").content == photo
    refused(client.put(f"/v1/pages/{item['id']}/frames", json=frames()), 409, "job-conflict")


def test_without_options_the_photographs_have_those_of_the_page(client: TestClient, page: Json) -> None:
    assert client.post(f"{page['url']}/batch").json()["options"]["vividness"] == 0.7


def test_a_batch_is_begun_once_for_a_key(client: TestClient, page: Json) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = (client.post(f"{page['url']}/batch", headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["total"] == 1
    client.put(f"{page['url']}/frames", json=frames())
    refused(client.post(f"{page['url']}/batch", headers=key), 422, "idempotency-mismatch")


def test_a_page_is_accepted_once_for_a_key_and_is_no_photograph(client: TestClient, photo: bytes) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = (client.post("/v1/pages", content=photo, headers=key) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    refused(client.post("/v1/jobs", content=photo, headers=key), 422, "idempotency-mismatch")


def test_what_belongs_to_one_photograph_is_refused(client: TestClient, photo: bytes) -> None:
    hint = '[{"x":0.4,"y":0.3,"color":"#a04030"}]'
    for name, files in (("hints", {}), ("reference", {"reference": ("r.jpg", photo)})):
        sent = client.post(
            "/v1/pages", files={"photo": ("p.jpg", photo), **files}, data={} if files else {name: hint}
        )
        assert name in refused(sent, 422, "invalid-option")
    refused(client.post("/v1/pages", content=b"a text"), 415, "unsupported-format")


def test_a_page_is_a_job_and_a_job_is_no_page(
    client: TestClient, bench: Bench, page: Json, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    job = client.get(f"/v1/jobs/{page['id']}").json()
    assert (job["kind"], job["result"]) == ("page", None)
    assert "batch" in refused(client.get(f"/v1/jobs/{page['id']}/result"), 409, "result-not-ready")
    other = client.post("/v1/jobs", content=photo).json()["id"]
    for call in ("", "/original", "/preview"):
        refused(client.get(f"/v1/pages/{other}{call}"), 404, "page-not-found")
    refused(client.delete(f"/v1/pages/{other}"), 404, "page-not-found")
    assert client.get(f"/v1/jobs/{other}").json()["kind"] == "photograph"
    told = Event.model_validate_json(end_of(bench.store.get(page["id"]))).payload().data
    assert told["url"] == page["url"]
    assert "result_url" not in told


def test_a_page_that_failed_says_why_and_can_be_tried_again(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    page = client.post("/v1/pages", content=photo).json()
    bench.store.change(page["id"], lambda r: r.claim("w", utc_now(), 3))
    failed(bench, page["id"], "worker-lost", "The worker died.")
    seen = client.get(page["url"]).json()
    assert (seen["state"], seen["error"]["code"]) == ("failed", "worker-lost")
    assert client.post(f"/v1/jobs/{page['id']}:retry").status_code == 202
    assert bench.store.get(page["id"]).state is JobState.QUEUED


def test_deleting_a_page_leaves_nothing_of_it(client: TestClient, bench: Bench, page: Json) -> None:
    assert bench.files()
    refused(client.delete(page["url"], headers={"If-Match": '"0-"'}), 412, "precondition-failed")
    assert client.delete(page["url"]).status_code == 204
    assert bench.files() == []
    refused(client.get(page["url"]), 404, "page-not-found")


def test_after_its_time_the_scan_is_gone_and_the_record_says_so(
    client: TestClient, bench: Bench, page: Json
) -> None:
    due = bench.store.get(page["id"]).original.expires_at
    assert due
    bench.store.change(page["id"], lambda job: job.sweep(due))
    maintenance(bench).sweep()
    assert bench.files() == []
    refused(client.get(f"{page['url']}/original"), 410, "original-expired")
    refused(client.post(f"{page['url']}/batch"), 410, "original-expired")
    assert client.get(page["url"]).json()["pages"][0]["preview_url"] is None


def test_photographs_count_in_the_day_of_who_has_them_cut(
    keyed: TestClient, bench: Bench, photo: bytes
) -> None:
    record, token = new_key(bench, limits=KeyLimits(daily_jobs=4))
    mine = bearer(token)
    page = keyed.post("/v1/pages", content=photo, headers=mine).json()
    found(bench, page["id"], LEFT, RIGHT)
    assert keyed.post(f"{page['url']}/batch", headers=mine).status_code == 201
    used = Allowance(bench.redis).used(record.owner)
    assert (used.jobs, used.bytes, used.pixels, used.actions) == (3, 2 * len(photo), 96 * 64 + 2 * 40 * 50, 1)
    files = bench.files()
    refused(keyed.post(f"{page['url']}/batch", headers=mine), 429, "quota-exceeded")
    # Nothing of it is left: neither a file nor a batch that waits for photographs.
    assert bench.files() == files
    assert len(keyed.get("/v1/batches", headers=mine).json()["items"]) == 1


def test_a_queue_that_has_no_room_for_the_photographs_refuses_them(
    settings: ServiceSettings, bench: Bench, photo: bytes
) -> None:
    with TestClient(create_app(settings.model_copy(update={"max_queued": 1}))) as client:
        page = client.post("/v1/pages", content=photo).json()
        found(bench, page["id"], LEFT, RIGHT)
        assert "never" in refused(client.post(f"{page['url']}/batch"), 429, "queue-full")
        client.put(f"{page['url']}/frames", json=frames())
        assert client.post(f"{page['url']}/batch").status_code == 201


def test_another_owner_finds_no_page(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    page = keyed.post("/v1/pages", content=photo, headers=show(bench)).json()
    refused(keyed.get(page["url"], headers=show(bench)), 404, "page-not-found")


def beat(bench: Bench, name: str, **kinds: tuple[str, ...]) -> None:
    model = ModelUsed(name="m", version="1", provider="CPU")
    status = WorkerStatus(name=name, host="h", pid=1, started_at=utc_now(), model=model, **kinds)
    bench.fleet.beat(status, 600)


def test_no_page_is_taken_while_a_worker_lives_that_would_colour_it_whole(
    client: TestClient, bench: Bench, page: Json, photo: bytes
) -> None:
    batch = client.post("/v1/batches").json()["url"]
    beat(bench, "new", kinds=(PHOTOGRAPH, PAGE))
    beat(bench, "old")
    files = bench.files()
    answers = (
        client.post("/v1/pages", content=photo),
        client.post(f"{page['url']}/batch"),
        client.put(f"{batch}/items/a.jpg?split=auto", content=photo),
    )
    for answer in answers:
        refused(answer, 503, "workers-too-old")
        assert answer.headers["retry-after"]
    assert bench.files() == files
    assert client.put(f"{batch}/items/a.jpg", content=photo).status_code == 201
    bench.fleet.leave("old")
    assert client.post("/v1/pages", content=photo).status_code == 202


def test_a_call_whose_answer_was_lost_is_answered_whatever_has_become_of_day_and_queue(
    keyed: TestClient, bench: Bench, photo: bytes
) -> None:
    _, token = new_key(bench, limits=KeyLimits(daily_jobs=3, daily_actions=1))
    mine = bearer(token)
    page = keyed.post("/v1/pages", content=photo, headers=mine).json()
    found(bench, page["id"], LEFT, RIGHT)
    key = {**mine, "Idempotency-Key": "k"}
    first = keyed.post(f"{page['url']}/batch", headers=key)
    again = keyed.post(f"{page['url']}/batch", headers=key)
    assert (first.status_code, again.status_code) == (201, 200), again.text
    assert again.json()["id"] == first.json()["id"]
    refused(keyed.post(f"{page['url']}/batch", headers=mine), 429, "quota-exceeded")


def test_a_call_that_fails_leaves_the_batch_that_another_with_its_key_has_filled(
    client: TestClient, bench: Bench, page: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have begun it; the one that fails is the slower one."""
    key = {"Idempotency-Key": "k"}
    add, begun, quicker = BatchStore.add, [], []

    def slower(store: BatchStore, record: JobRecord, charge: Charge | None = None) -> tuple[JobRecord, bool]:
        begun.append(record)
        if len(begun) == 1:
            quicker.append(client.post(f"{page['url']}/batch", headers=key).json())
            raise StorageFull("There is no room.")
        return add(store, record, charge)

    monkeypatch.setattr(BatchStore, "add", slower)
    refused(client.post(f"{page['url']}/batch", headers=key), 507, "storage-full")
    batch = client.get(quicker[0]["url"]).json()
    assert (batch["state"], batch["total"]) == ("sealed", 1)


def test_a_scan_of_many_pages_takes_frames_for_all_of_them(
    client: TestClient, bench: Bench, photo: bytes
) -> None:
    sent = client.post("/v1/pages", content=photo).json()
    page = ScannedPage(width=9000, height=9000)
    found(bench, sent["id"])
    bench.store.change(
        sent["id"],
        lambda job: job.model_copy(update={"split": Split(pages=(page,) * 100)}),
    )
    place = {"width": 901.25, "height": 777.75, "angle": -1.234}
    row = [{"x": 500.5 + 1000 * (n % 4), "y": 500.25 + 1000 * (n // 4), **place} for n in range(20)]
    url = f"{sent['url']}/frames"
    assert client.put(url, json={"pages": [{"frames": row}] * 100}).json()["photographs"] == 2000
    many = {"pages": [{"frames": [*row, {"x": 8000, "y": 8000, **place}]}] + [{"frames": row}] * 99}
    assert "2,000" in refused(client.put(url, json=many), 422, "bad-frames")
    outside = {"pages": [{"frames": []}] * 99 + [{"frames": [{"x": 99000, "y": 0, **place}]}]}
    assert refused(client.put(url, json=outside), 422, "bad-frames").startswith("Page 100:")


@pytest.mark.parametrize("name", ["photo .jpg", "x..jpg", "a/.jpg", "album", "con .jpg"])
def test_the_photographs_of_whatever_item_is_taken_have_names_that_are_taken(
    client: TestClient, bench: Bench, photo: bytes, name: str
) -> None:
    batch = client.post("/v1/batches").json()["url"]
    sent = client.put(f"{batch}/items/{name}?split=auto", content=photo)
    if sent.status_code == 201:
        split = Split(pages=(ScannedPage(width=1, height=1),))
        record = bench.store.get(sent.json()["id"]).model_copy(update={"split": split})
        assert [item_name(f"{each}.jpg") for each in names_of(record)]
    else:
        refused(sent, 422, "invalid-name")


def test_a_name_without_room_for_those_of_its_photographs_is_refused_at_once(
    client: TestClient, photo: bytes
) -> None:
    batch = client.post("/v1/batches").json()["url"]
    name = "d/" * 508 + "12.jpg"
    assert client.put(f"{batch}/items/{name}", content=photo).status_code == 201
    refused(client.put(f"{batch}/items/x{name[1:]}?split=auto", content=photo), 422, "invalid-name")
