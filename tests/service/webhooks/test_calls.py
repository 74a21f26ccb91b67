"""The calls on webhooks."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from photochrom.jobs.events import EventType, ping
from photochrom.times import utc_now
from photochrom.webhooks.store import WebhookStore
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.receiver import make_webhook

URL = "https://photos.example/hooks/photochrom"


def register(client: TestClient, **chosen: Any) -> dict[str, Any]:
    response = client.post("/v1/webhooks", json={"url": URL, **chosen})
    assert response.status_code == 201, response.text
    prefix = client.app.state.settings.prefix  # type: ignore[attr-defined]
    assert response.headers["location"] == f"{prefix}/v1/webhooks/{response.json()['id']}"
    return dict(response.json())


def test_the_secret_is_shown_once(client: TestClient) -> None:
    made = client.post("/v1/webhooks", json={"url": URL})
    assert made.headers["cache-control"] == "no-store"
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    for answer in (client.get(made.headers["location"]), client.get("/v1/webhooks")):
        assert answer.status_code == 200
        assert secret not in answer.text
    shown = client.get(made.headers["location"]).json()
    assert {**shown, "secret": secret} == made.json()
    assert (shown["enabled"], shown["secrets"], shown["batch_items"]) == (True, 1, False)
    assert len(shown["events"]) == 6


def test_all_are_listed_oldest_first(client: TestClient) -> None:
    ids = [register(client)["id"] for _ in range(3)]
    assert [one["id"] for one in client.get("/v1/webhooks").json()["items"]] == ids


def test_what_is_left_out_of_a_change_stays(client: TestClient) -> None:
    made = register(client, events=["job.failed", "job.failed"], description="mine")
    assert made["events"] == ["job.failed"]
    path = f"/v1/webhooks/{made['id']}"
    changed = client.patch(path, json={"batch_items": True, "enabled": False}).json()
    assert (changed["batch_items"], changed["enabled"], changed["disabled"]) == (True, False, "by-caller")
    assert (changed["events"], changed["description"], changed["url"]) == (["job.failed"], "mine", URL)
    again = client.patch(
        path, json={"enabled": True, "events": ["batch.completed"], "url": URL + "/2"}
    ).json()
    assert (again["enabled"], again["disabled"], again["events"]) == (True, None, ["batch.completed"])
    assert again["url"] == URL + "/2"
    assert client.get(path).json() == again


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://photos.example/"}, "webhook-rejected"),
        ({"url": "https://127.0.0.1/"}, "webhook-rejected"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "webhook-rejected"),
        ({"url": URL, "events": ["job.started"]}, "invalid-request"),
        ({"url": URL, "events": []}, "invalid-request"),
        ({"url": URL, "events": ["webhook.ping"]}, "invalid-option"),
        ({"url": URL, "secret": "mine"}, "invalid-request"),
        ({}, "invalid-request"),
    ],
)
def test_what_cannot_be_registered_is_said(client: TestClient, body: dict[str, Any], code: str) -> None:
    refused = client.post("/v1/webhooks", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    if "url" in body and body["url"] != URL:
        webhook = register(client)
        changed = client.patch(f"/v1/webhooks/{webhook['id']}", json={"url": body["url"]})
        assert (changed.status_code, changed.json()["code"]) == (422, code)


def test_there_is_an_end_to_how_many_there_may_be(settings: ServiceSettings) -> None:
    with TestClient(create_app(settings.model_copy(update={"webhook_limit": 1}))) as client:
        made = register(client)
        refused = client.post("/v1/webhooks", json={"url": URL})
        assert (refused.status_code, refused.json()["code"]) == (409, "too-many-webhooks")
        assert client.delete(f"/v1/webhooks/{made['id']}").status_code == 204
        register(client)


def test_deleting_one_forgets_its_log_and_its_neighbours_stay(client: TestClient, bench: Bench) -> None:
    one, other = register(client, batch_items=True), register(client)
    for webhook in (one, other):
        sent = client.post(f"/v1/webhooks/{webhook['id']}:ping")
        assert sent.headers["location"] == sent.json()["url"]
    assert client.delete(f"/v1/webhooks/{one['id']}").status_code == 204
    for path in ("", "/deliveries"):
        gone = client.get(f"/v1/webhooks/{one['id']}{path}")
        assert (gone.status_code, gone.json()["code"]) == (404, "webhook-not-found")
    assert client.delete(f"/v1/webhooks/{one['id']}").status_code == 404
    assert not [key for key in bench.redis.scan_iter() if one["id"].encode() in key]
    assert not bench.redis.exists("webhooks:items")
    assert len(client.get(f"/v1/webhooks/{other['id']}/deliveries").json()["items"]) == 1


def test_deliveries_come_in_pages_newest_first(client: TestClient) -> None:
    path = f"/v1/webhooks/{register(client)['id']}"
    ids = [client.post(f"{path}:ping").json()["id"] for _ in range(5)]
    found: list[str] = []
    following: str | None = f"{path}/deliveries?limit=2&state=pending"
    while following:
        page = client.get(following)
        found += [one["id"] for one in page.json()["items"]]
        following = page.links.get("next", {}).get("url")
    assert found == ids[::-1]
    assert client.get(f"{path}/deliveries?state=failed").json()["items"] == []
    shown = client.get(f"{path}/deliveries/{ids[0]}").json()
    assert (shown["type"], shown["state"], shown["attempts"]) == ("webhook.ping", "pending", [])
    assert shown["payload"]["data"] == {"id": path.rpartition("/")[2], "url": path}


def test_a_delivery_belongs_to_its_webhook(client: TestClient) -> None:
    one, other = (f"/v1/webhooks/{register(client)['id']}" for _ in range(2))
    delivery = client.post(f"{one}:ping").json()["id"]
    for method, path in (("GET", ""), ("POST", ":replay")):
        for wrong in (f"{other}/deliveries/{delivery}", f"{one}/deliveries/nope"):
            answer = client.request(method, wrong + path)
            assert (answer.status_code, answer.json()["code"]) == (404, "delivery-not-found")


def test_links_begin_where_callers_reach_us(settings: ServiceSettings) -> None:
    public = settings.model_copy(update={"public_url": "https://photos.example/colour"})
    with TestClient(create_app(public)) as client:
        webhook = register(client)
        sent = client.post(f"/v1/webhooks/{webhook['id']}:ping").json()
        assert sent["payload"]["data"]["url"] == f"https://photos.example/colour/v1/webhooks/{webhook['id']}"


def test_two_that_fan_out_at_once_make_one_delivery(bench: Bench) -> None:
    store, slower = WebhookStore(bench.redis), WebhookStore(bench.redis)
    webhook = store.create(make_webhook(), 9)
    event = ping(webhook.id).model_copy(update={"type": EventType.JOB_SUCCEEDED})
    bench.redis.rpush("webhooks:outbox", event.model_dump_json())
    entry = bench.redis.lindex("webhooks:outbox", 0)
    assert store.fan_out("") == 1
    # The other one had read the same entry before it was taken.
    assert not slower._deliver(entry, [webhook], "")
    assert len(store.page(webhook.id, 10)[0]) == 1


def test_an_event_that_cannot_be_read_stops_no_other(bench: Bench) -> None:
    store = WebhookStore(bench.redis)
    webhook = store.create(make_webhook(), 9)
    event = ping(webhook.id).model_copy(update={"type": EventType.JOB_SUCCEEDED})
    bench.redis.rpush("webhooks:outbox", '{"of": "a newer version"}', event.model_dump_json())
    assert store.fan_out("") == 2
    assert bench.redis.llen("webhooks:outbox") == 0
    assert len(store.page(webhook.id, 10)[0]) == 1


def test_what_is_claimed_comes_due_again_unless_it_is_settled(bench: Bench) -> None:
    store = WebhookStore(bench.redis)
    webhook = store.create(make_webhook(), 9)
    sent = store.send(webhook, ping(webhook.id), "")
    assert store.claim(webhook.id, 5, 60) == [sent]
    assert store.claim(webhook.id, 5, 60) == []
    bench.redis.zadd(f"webhook:{webhook.id}:due", {sent.id: 0})
    assert store.claim(webhook.id, 5, 60) == [sent]
    replayed = store.replay(webhook.id, sent.id)
    # What the first claimer has to say comes too late.
    assert not store.settle(sent, sent.replay(utc_now()))
    assert store.claim(webhook.id, 5, 60) == [replayed]
