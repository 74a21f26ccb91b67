"""One ledger of what an owner of keys may take: nothing that stays or takes a worker is free of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi.testclient import TestClient

from photochrom.access.key_store import SESSIONS
from photochrom.access.keys import KeyLimits
from photochrom.access.quotas import Allowance, Use
from photochrom.errors import TooManyWebhooks
from photochrom.ids import new_id
from photochrom.jobs import scripts
from photochrom.times import utc_now
from photochrom.webhooks.record import Webhook, new_secret
from photochrom.webhooks.store import WebhookStore
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench, add_item, failed, finished, new_batch
from support.servers.keyring import bearer, new_key, show

FEW = KeyLimits(daily_jobs=3, daily_actions=3)


@pytest.fixture
def keyed(settings: ServiceSettings) -> Iterator[TestClient]:
    bounded = {"auth": "keys", "open_batches": 2, "max_queued_per_owner": 2}
    with TestClient(create_app(settings.model_copy(update=bounded))) as client:
        yield client


@pytest.fixture
def headers(bench: Bench) -> dict[str, str]:
    return show(bench, limits=FEW)


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def sent(client: TestClient, photo: bytes, headers: dict[str, str]) -> str:
    return str(client.post("/v1/jobs", content=photo, headers=headers).json()["id"])


def test_batches_are_counted_and_only_so_many_are_open(keyed: TestClient, headers: dict[str, str]) -> None:
    first, _ = (keyed.post("/v1/batches", headers=headers).json()["url"] for _ in range(2))
    assert keyed.get("/v1/limits", headers=headers).json()["allowance"]["actions"]["left"] == 1
    assert refusal(keyed.post("/v1/batches", headers=headers)) == (409, "too-many-batches")
    assert keyed.post(f"{first}:seal", headers=headers).status_code == 200
    # What is refused is not counted.
    assert keyed.post("/v1/batches", headers=headers).status_code == 201
    assert keyed.post(f"{first}:seal", headers=headers).status_code == 200
    assert refusal(keyed.post("/v1/batches", headers=headers)) == (429, "quota-exceeded")


@pytest.mark.parametrize("end", [":seal", ":cancel", ""])
def test_a_batch_that_takes_no_more_makes_place_for_another(
    keyed: TestClient, bench: Bench, end: str
) -> None:
    headers = show(bench)
    urls = [keyed.post("/v1/batches", headers=headers).json()["url"] for _ in range(2)]
    assert refusal(keyed.post("/v1/batches", headers=headers)) == (409, "too-many-batches")
    ended = keyed.post(urls[0] + end, headers=headers) if end else keyed.delete(urls[0], headers=headers)
    assert ended.status_code < 300
    assert keyed.post("/v1/batches", headers=headers).status_code == 201


def test_trying_again_counts_as_sending(
    keyed: TestClient, bench: Bench, photo: bytes, headers: dict[str, str]
) -> None:
    job = sent(keyed, photo, headers)
    for expected in (202, 202, 429):
        failed(bench, job)
        answer = keyed.post(f"/v1/jobs/{job}:retry", headers=headers)
        assert answer.status_code == expected
        # What is refused for another reason costs nothing.
        assert keyed.post(f"/v1/jobs/{job}:retry", headers=headers).status_code in (409, 429)


def test_trying_the_failed_of_a_batch_again_counts_each(
    keyed: TestClient, bench: Bench, photo: bytes
) -> None:
    record, token = new_key(bench, limits=FEW)
    headers = bearer(token)
    batch = keyed.post("/v1/batches", headers=headers).json()["url"]
    for name in ("a.jpg", "b.jpg"):
        failed(bench, keyed.put(f"{batch}/items/{name}", content=photo, headers=headers).json()["id"])
    assert refusal(keyed.post(f"{batch}:retry-failed", headers=headers)) == (429, "quota-exceeded")
    assert Allowance(bench.redis).used(record.owner).jobs == 2
    bench.redis.delete(*bench.redis.keys("quota:*"))
    assert keyed.post(f"{batch}:retry-failed", headers=headers).json()["retried"] == 2
    assert Allowance(bench.redis).used(record.owner) == Use(jobs=2)


def test_what_cannot_be_tried_again_is_neither_counted_nor_said_to_be_tried(
    keyed: TestClient, bench: Bench, photo: bytes
) -> None:
    record, token = new_key(bench, limits=KeyLimits(daily_jobs=5))
    headers = bearer(token)
    batch = keyed.post("/v1/batches", headers=headers).json()
    kept, gone = (
        failed(bench, keyed.put(f"{batch['url']}/items/{name}", content=photo, headers=headers).json()["id"])
        for name in ("a.jpg", "b.jpg")
    )
    forgotten = gone.original.model_copy(update={"key": ""})
    bench.store.change(gone.id, lambda job: job.model_copy(update={"original": forgotten}))
    assert bench.batches.retry_failed(batch["id"])
    # It is under way: a second call takes nothing.
    assert keyed.post(f"{batch['url']}:retry-failed", headers=headers).json()["retried"] == 0
    assert Allowance(bench.redis).used(record.owner).jobs == 2
    bench.turns.retry_items(batch["id"])
    failed(bench, kept.id)
    assert keyed.post(f"{batch['url']}:retry-failed", headers=headers).json()["retried"] == 1
    assert Allowance(bench.redis).used(record.owner).jobs == 3


def test_a_call_that_is_answered_again_or_refused_costs_nothing(keyed: TestClient, bench: Bench) -> None:
    record, token = new_key(bench, limits=FEW)
    said, headers = {"name": "x"}, {**bearer(token), "Idempotency-Key": "one"}
    first = keyed.post("/v1/batches", json=said, headers=headers)
    again = keyed.post("/v1/batches", json=said, headers=headers)
    assert (again.json()["id"], again.status_code) == (first.json()["id"], 200)
    assert refusal(keyed.post("/v1/batches", headers=headers)) == (422, "idempotency-mismatch")
    hook = keyed.post("/v1/webhooks", json={"url": "https://example.com/"}, headers=bearer(token)).json()[
        "id"
    ]
    keyed.patch(f"/v1/webhooks/{hook}", json={"enabled": False}, headers=bearer(token)).raise_for_status()
    assert refusal(keyed.post(f"/v1/webhooks/{hook}:ping", headers=bearer(token))) == (
        409,
        "webhook-disabled",
    )
    assert Allowance(bench.redis).used(record.owner) == Use(actions=1)
    Allowance(bench.redis).charge(record.owner, Use(actions=2), FEW)
    # The day is used up, and an answer that was lost is given all the same.
    assert keyed.post("/v1/batches", json=said, headers=headers).json()["id"] == first.json()["id"]


def test_of_calls_at_once_to_try_again_one_is_counted(keyed_url: str, bench: Bench, photo: bytes) -> None:
    record, token = new_key(bench)
    with httpx.Client(base_url=keyed_url, headers=bearer(token), timeout=30) as client:
        job = client.post("/v1/jobs", content=photo).json()["id"]
        failed(bench, job)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.post(f"/v1/jobs/{job}:retry").status_code, range(8)))
    assert sorted(answers) == [202] + 7 * [409]
    assert Allowance(bench.redis).used(record.owner).jobs == 2


def test_test_events_are_counted(keyed: TestClient, headers: dict[str, str]) -> None:
    hook = keyed.post("/v1/webhooks", json={"url": "https://example.com/"}, headers=headers).json()["id"]
    answers = [keyed.post(f"/v1/webhooks/{hook}:ping", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]


def test_a_key_signs_in_so_many_browsers_and_at_its_pace(keyed: TestClient, bench: Bench) -> None:
    _, token = new_key(bench, limits=KeyLimits(requests_per_minute=SESSIONS + 2))
    for _ in range(SESSIONS + 2):
        keyed.cookies.clear()
        assert keyed.post("/v1/session", json={"key": token}).status_code == 200
    assert len(bench.redis.keys("session:*")) == SESSIONS
    # The newest is good.
    bench.redis.delete(*bench.redis.keys("rate:*"))
    assert keyed.get("/v1/keys/me").status_code == 200
    bench.redis.delete(*bench.redis.keys("rate:*"))
    answers = [keyed.post("/v1/session", json={"key": token}).status_code for _ in range(SESSIONS + 8)]
    assert 429 in answers


def test_nobody_fills_the_queue_alone(keyed: TestClient, bench: Bench, photo: bytes) -> None:
    alice, bob = show(bench), show(bench)
    for _ in range(2):
        sent(keyed, photo, alice)
    assert refusal(keyed.post("/v1/jobs", content=photo, headers=alice)) == (429, "queue-full")
    assert keyed.post("/v1/jobs", content=photo, headers=bob).status_code == 202


def test_suggestions_are_counted_one_after_the_other_and_given_up(
    keyed: TestClient, bench: Bench, photo: bytes
) -> None:
    record, token = new_key(bench, limits=KeyLimits(daily_jobs=9))
    headers = bearer(token)
    jobs = [finished(bench, sent(keyed, photo, headers)).id for _ in range(2)]

    def ask(job: str) -> int:
        return keyed.get(f"/v1/jobs/{job}/suggestions?x=0&y=0", headers=headers).status_code

    bench.redis.delete("rq:queue:photochrom")
    for job in (jobs[0], jobs[0], jobs[1]):
        assert ask(job) == 202
    # One prediction, one photograph: whoever asks meanwhile waits.
    assert bench.redis.lrange("rq:queue:photochrom", 0, -1) == [f"{jobs[0]}-suggestions".encode()]
    assert Allowance(bench.redis).used(record.owner).jobs == 3
    told = []
    for _ in range(5):
        bench.redis.delete(f"rq:job:{jobs[0]}-suggestions")  # its worker died of it
        told.append(ask(jobs[0]))
    assert told == [202, 202, 202, 202, 409]
    assert Allowance(bench.redis).used(record.owner).jobs == 7


def test_suggestions_go_before_others_but_not_before_who_has_waited_for_long(
    keyed: TestClient, bench: Bench, photo: bytes
) -> None:
    headers = show(bench)
    shown = finished(bench, sent(keyed, photo, headers)).id
    bench.redis.delete("rq:queue:photochrom")
    waiting = sent(keyed, photo, show(bench))
    (entry,) = bench.redis.lrange("rq:queue:photochrom", 0, -1)
    url = f"/v1/jobs/{shown}/suggestions?x=0&y=0"
    keyed.get(url, headers=headers)
    assert bench.redis.lrange("rq:queue:photochrom", 0, -1)[1:] == [entry]
    bench.redis.lpop("rq:queue:photochrom")
    bench.redis.delete(f"rq:job:{shown}-suggestions")
    bench.redis.hset(f"rq:job:{entry.decode()}", "enqueued_at", "2026-01-01T00:00:00.000000Z")
    keyed.get(url, headers=headers)
    assert bench.redis.lrange("rq:queue:photochrom", 0, -1)[:1] == [entry]
    assert waiting in entry.decode()


def hook(owner: str) -> Webhook:
    return Webhook(
        id=new_id(),
        owner=owner,
        url="https://example.com/",
        events=(),
        secrets=(new_secret(),),
        created_at=utc_now(),
    )


def test_webhooks_that_are_registered_side_by_side_are_no_more_than_allowed(bench: Bench) -> None:
    def create(_: int) -> bool:
        try:
            WebhookStore(bench.redis).create(hook("o"), 3)
        except TooManyWebhooks:
            return False
        return True

    with ThreadPoolExecutor(12) as callers:
        assert sum(callers.map(create, range(24))) == 3


def test_events_that_nobody_sends_take_no_more_than_their_share(bench: Bench, photo: bytes) -> None:
    bench.redis.zadd("webhooks", {"w": 0})
    bench.redis.rpush("webhooks:outbox", *["old"] * scripts.OUTBOX_MOST)
    finished(bench, bench.submit(photo).id)
    assert bench.redis.llen("webhooks:outbox") == scripts.OUTBOX_MOST
    assert bench.redis.lindex("webhooks:outbox", -1) != b"old"
    assert bench.redis.hget("meters", '["events_lost"]') == b"1"


def test_only_batches_with_items_that_wait_are_looked_at(bench: Bench, photo: bytes) -> None:
    new_batch(bench)
    busy = new_batch(bench)
    for number in range(3):
        add_item(bench, busy, f"{number}.jpg", photo)
    assert bench.turns.with_held_items() == [busy]
    # Those of before the set was kept are found, once.
    bench.redis.delete("batches:held", "batches:held:kept")
    assert bench.turns.with_held_items() == [busy]
    bench.batches.delete(busy)
    assert bench.turns.with_held_items() == []
