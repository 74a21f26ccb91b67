"""What one key made is not there for another: every call of the OpenAPI document is tried, also those yet to come."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, astuple, dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from photochrom.access.keys import Scope
from photochrom.jobs.record import JobRecord
from photochrom.webhooks.store import WebhookStore
from service.access.auth import is_open
from service.app import create_app
from service.settings import ServiceSettings
from support.documented import calls
from support.queue.queueing import Bench
from support.servers.keyring import bearer, new_key, show

Headers = dict[str, str]
_GONE = {"job-not-found", "batch-not-found", "webhook-not-found", "delivery-not-found", "page-not-found"}
# Event streams of what is not over have no end; here all is over.
CALLS = sorted((method.upper(), path) for method, path in calls())
BODIES = {"PUT": b"\xff\xd8\xff\xe0 a photograph", "POST": None}
FRAMES = b'{"pages": [{"frames": []}]}'


@pytest.fixture
def keyed(settings: ServiceSettings) -> Iterator[TestClient]:
    # Nobody makes tiles here, so nobody waits for them.
    required = settings.model_copy(update={"auth": "keys", "wait_limit": 0.2})
    with TestClient(create_app(required), raise_server_exceptions=False) as client:
        yield client


@dataclass
class Belongings:
    """A finished job, a completed batch with one item, a webhook with one delivery, and an album page."""

    job_id: str
    batch_id: str
    item_id: str
    webhook_id: str
    delivery_id: str
    page_id: str

    def fill(self, path: str) -> str:
        """Put them into a path; a parameter of another name has to be added here, with something that is A's."""
        tile = {"of": "result", "region": "full", "size": "max"}
        return path.format(**asdict(self), **tile, name="a.jpg")

    def ids(self) -> tuple[str, ...]:
        return astuple(self)


def belongings(
    client: TestClient, photo: bytes, finish: Callable[[str], JobRecord], headers: Headers
) -> Belongings:
    job = client.post("/v1/jobs", content=photo, headers=headers).json()["id"]
    batch = client.post("/v1/batches", headers=headers).json()["id"]
    item = client.put(f"/v1/batches/{batch}/items/a.jpg", content=photo, headers=headers).json()["id"]
    assert client.post(f"/v1/batches/{batch}:seal", headers=headers).status_code == 200
    for job_id in (job, item):
        finish(job_id)
    hook = client.post("/v1/webhooks", json={"url": "https://photos.example/h"}, headers=headers).json()["id"]
    ping = client.post(f"/v1/webhooks/{hook}:ping", headers=headers).json()["id"]
    page = client.post("/v1/pages", content=photo, headers=headers).json()["id"]
    return Belongings(job, batch, item, hook, ping, page)


def ask(client: TestClient, method: str, path: str, headers: Headers) -> Any:
    body = FRAMES if path.endswith("/frames") else BODIES.get(method)
    return client.request(method, path, headers=headers, content=body)


def not_there(response: Any) -> bool:
    return response.status_code == 404 and response.json()["code"] in _GONE


def test_nothing_of_one_key_is_there_for_another(
    keyed: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    mine, other = show(bench), show(bench)
    made = belongings(keyed, photo, finish, mine)
    files, records = bench.files(), [bench.store.get(job_id) for job_id in (made.job_id, made.item_id)]
    for method, path in CALLS:
        response = ask(keyed, method, made.fill(path), other)
        if "{" in path:
            assert not_there(response), f"{method} {path}: {response.status_code} {response.text[:200]}"
        else:
            assert not any(known in response.text for known in made.ids()), f"{method} {path}"
    assert files == [name for name in bench.files() if any(known in name for known in made.ids())]
    assert [bench.store.get(record.id) for record in records] == records
    assert not bench.batches.get(made.batch_id).canceled_at
    assert WebhookStore(bench.redis).get(made.webhook_id).disabled is None


@pytest.mark.parametrize("scopes", [(), (Scope.ADMIN,)])
def test_its_owner_and_an_admin_find_it_by_every_call(
    keyed: TestClient,
    bench: Bench,
    photo: bytes,
    finish: Callable[[str], JobRecord],
    scopes: tuple[Scope, ...],
) -> None:
    mine = show(bench)
    caller = show(bench, *scopes) if scopes else mine
    # Those that erase come last.
    for method, path in sorted(CALLS, key=lambda call: call[0] == "DELETE"):
        if "{" in path:
            made = belongings(keyed, photo, finish, mine)
            response = ask(keyed, method, made.fill(path), caller)
            assert not not_there(response), f"{method} {path}: {response.text[:200]}"
    listed = {job["id"] for job in keyed.get("/v1/jobs", headers=caller).json()["items"]}
    assert listed >= {made.item_id}


def test_every_call_asks_for_a_key_unless_it_is_known_to_be_open(keyed: TestClient) -> None:
    some = Belongings(*["01kb3v9m5w8xw7z4y2q6c1n0ra"] * 6)
    for method, path in CALLS:
        response = ask(keyed, method, some.fill(path), {})
        if path == "/v1/session":
            assert response.status_code in {204, 401}
        elif is_open(path):
            assert response.status_code in {200, 503}, path
        else:
            assert (response.status_code, response.json()["code"]) == (401, "key-required"), path
            assert response.headers["www-authenticate"] == 'Bearer realm="photochrom"'


def test_lists_are_of_ones_own_and_in_pages(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    one, two = show(bench), show(bench)
    made: dict[str, list[str]] = {"one": [], "two": []}
    for name, headers in itertools.chain(*[[("one", one), ("two", two)]] * 3):
        made[name].append(keyed.post("/v1/jobs", content=photo, headers=headers).json()["id"])
        keyed.post("/v1/batches", json={"name": name}, headers=headers)
    first = keyed.get("/v1/jobs?limit=2", headers=one).json()
    rest = keyed.get(f"/v1/jobs?cursor={first['next_cursor']}&state=queued", headers=one).json()
    assert [job["id"] for job in (*first["items"], *rest["items"])] == made["one"][::-1]
    names = [batch["name"] for batch in keyed.get("/v1/batches", headers=two).json()["items"]]
    assert names == ["two"] * 3
    keyed.delete(f"/v1/jobs/{made['one'][0]}", headers=one)
    bench.store.change(made["one"][1], lambda job: job.request_cancel(job.created_at))
    ids = {job["id"] for job in keyed.get("/v1/jobs?state=queued", headers=one).json()["items"]}
    assert ids == {made["one"][2]}


def test_an_idempotency_key_of_another_is_none(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    one, two = ({**show(bench), "Idempotency-Key": "k"} for _ in range(2))
    first = keyed.post("/v1/jobs", content=photo, headers=one)
    other = keyed.post("/v1/jobs", content=photo + b"!", headers=two)
    again = keyed.post("/v1/jobs", content=photo, headers=one)
    assert other.status_code == 202
    assert other.json()["id"] != first.json()["id"] == again.json()["id"]


def test_an_idempotency_key_of_anothers_batch_is_none(keyed: TestClient, bench: Bench) -> None:
    one, two = ({**show(bench), "Idempotency-Key": "k"} for _ in range(2))
    first, other, again = (keyed.post("/v1/batches", headers=key).json()["id"] for key in (one, two, one))
    assert other != first == again
    assert [batch["id"] for batch in keyed.get("/v1/batches", headers=one).json()["items"]] == [first]


def test_a_key_that_follows_another_shares_its_jobs(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    old, token = new_key(bench)
    job = keyed.post("/v1/jobs", content=photo, headers=bearer(token)).json()["id"]
    _, successor = new_key(bench, owner=old.owner)
    assert keyed.get(f"/v1/jobs/{job}", headers=bearer(successor)).status_code == 200


def test_what_an_admin_adds_to_a_batch_belongs_to_the_batch(
    keyed: TestClient, bench: Bench, photo: bytes
) -> None:
    mine = show(bench)
    batch = keyed.post("/v1/batches", headers=mine).json()["url"]
    job = keyed.put(f"{batch}/items/a.jpg", content=photo, headers=show(bench, Scope.ADMIN)).json()["url"]
    assert keyed.get(job, headers=mine).status_code == 200


def test_a_webhook_hears_of_its_owners_jobs_and_batches_alone(
    keyed: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    one, two, admin = show(bench), show(bench), show(bench, Scope.ADMIN)
    new = {"url": "https://photos.example/h", "batch_items": True}
    hooks = [keyed.post("/v1/webhooks", json=new, headers=who).json()["id"] for who in (one, two, admin)]
    made = belongings(keyed, photo, finish, one)
    while WebhookStore(bench.redis).fan_out(""):
        pass
    heard = [
        [
            each["payload"]["data"]["id"]
            for each in keyed.get(f"/v1/webhooks/{hook}/deliveries", headers=admin).json()["items"]
        ]
        for hook in hooks
    ]
    assert set(heard[0]) == set(heard[2]) == {made.job_id, made.item_id, made.batch_id}
    assert heard[1] == []


def test_what_was_made_without_keys_is_the_operators(keyed: TestClient, bench: Bench) -> None:
    """The service ran without keys once; nobody can tell whose those jobs are."""
    job = f"/v1/jobs/{bench.submit(b'x').id}"
    assert not_there(keyed.get(job, headers=show(bench)))
    assert keyed.get(job, headers=show(bench, Scope.ADMIN)).status_code == 200


def test_where_no_keys_are_asked_for_all_see_all(
    client: TestClient, keyed: TestClient, bench: Bench, photo: bytes
) -> None:
    job = keyed.post("/v1/jobs", content=photo, headers=show(bench)).json()["url"]
    assert client.get(job).status_code == 200


def test_the_result_of_another_lends_no_palette(
    keyed: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    theirs, ours = show(bench), show(bench)
    job = belongings(keyed, photo, finish, theirs).job_id

    def borrow(headers: Headers) -> Any:
        return keyed.post("/v1/jobs", params={"reference": job}, content=photo, headers=headers)

    refused = borrow(ours)
    assert (refused.status_code, refused.json()["code"]) == (422, "reference-rejected")
    unknown = keyed.post("/v1/jobs", params={"reference": "0" * 26}, content=photo, headers=ours)
    assert unknown.json()["detail"].replace("0" * 26, job) == refused.json()["detail"]
