"""Events on their way, by the real process, to a real receiver."""

import json
import os
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from fastapi.testclient import TestClient
from standardwebhooks.webhooks import Webhook as Verifier

from photochrom import ids
from photochrom.errors import DeliveryNotFound
from photochrom.jobs.events import ping
from photochrom.jobs.fleet import Dispatchers
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.processes.valkey import valkey
from photochrom.proven_time import ProvenTime
from photochrom.webhooks.store import WebhookStore
from service.app import create_app
from service.outbound.destinations import PinnedNetwork, system_resolver
from service.settings import ServiceSettings
from service.webhooks.dispatcher import Dispatcher
from service.webhooks.sender import Sender
from support.pictures.photographs import grey_jpeg
from support.queue.proven_time import machines_of
from support.queue.queueing import Bench, workers
from support.servers.dispatching import dispatcher
from support.servers.receiver import Receiver, make_webhook, receiver
from support.waiting import wait_for


@pytest.fixture
def settings(bench: Bench) -> ServiceSettings:
    return ServiceSettings(
        redis_url=bench.redis_url,
        data_dir=bench.data,
        allowed_hosts=("testserver",),
        webhook_allow_http=True,
        webhook_allowed_networks=("127.0.0.0/8",),
    )


def register(client: TestClient, to: Receiver, **chosen: object) -> dict[str, str]:
    response = client.post("/v1/webhooks", json={"url": to.url, **chosen})
    assert response.status_code == 201, response.text
    return dict(response.json())


def verified(secret: str, to: Receiver, index: int = 0) -> dict[str, object]:
    """Verify as a receiver would, by the standard's own library; return the payload."""
    request = to.requests[index]
    Verifier(secret).verify(request.body, request.headers)
    return dict(json.loads(request.body))


def deliveries(client: TestClient, webhook: dict[str, str], state: str = "") -> list[dict[str, object]]:
    found = client.get(f"/v1/webhooks/{webhook['id']}/deliveries", params={"state": state} if state else {})
    return list(found.json()["items"])


def test_a_job_that_is_done_is_told_once_with_a_signature_that_holds(
    client: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    with receiver() as to, dispatcher(bench):
        webhook = register(client, to)
        job = client.post("/v1/jobs", content=photo).json()
        finish(job["id"])
        to.wait(1)
        told = verified(webhook["secret"], to)
        assert told["type"] == "job.succeeded"
        assert told["data"] == {
            "id": job["id"],
            "state": "succeeded",
            "batch_id": None,
            "item": None,
            "error_code": None,
            "url": job["url"],
            "result_url": f"{job['url']}/result",
        }
        (sent,) = wait_for(lambda: deliveries(client, webhook, "delivered"), 10, "the log")
        assert sent["event_id"] == to.requests[0].headers["webhook-id"]
        assert sent["payload"] == told
        assert [attempt["status"] for attempt in sent["attempts"]] == [204]
        assert len(to.requests) == 1


def test_a_receiver_that_fails_gets_the_same_message_again_until_it_takes_it(
    client: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    with receiver((500, {}, b"no"), (302, {"Location": "/elsewhere"}, b""), 200) as to, dispatcher(bench):
        webhook = register(client, to)
        finish(client.post("/v1/jobs", content=photo).json()["id"])
        to.wait(3)
        (sent,) = wait_for(lambda: deliveries(client, webhook, "delivered"), 10, "the log")
    assert [attempt["status"] for attempt in sent["attempts"]] == [500, 302, 200]
    assert sent["attempts"][0]["response"] == "no"
    # A redirect is never followed.
    assert {request.path for request in to.requests} == {"/hook"}
    assert len({request.headers["webhook-id"] for request in to.requests}) == 1
    assert len({request.body for request in to.requests}) == 1
    for index in range(3):
        verified(webhook["secret"], to, index)


def test_what_is_given_up_can_be_replayed(
    client: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    with receiver(500, 500, 500, 200) as to, dispatcher(bench):
        webhook = register(client, to)
        finish(client.post("/v1/jobs", content=photo).json()["id"])
        (failed,) = wait_for(lambda: deliveries(client, webhook, "failed"), 20, "giving up")
        assert len(to.requests) == 3
        # The webhook is noted after its delivery, by another write.
        failing = lambda: client.get(f"/v1/webhooks/{webhook['id']}").json()["failing_since"]  # noqa: E731
        wait_for(failing, 10, "the beginning of the failure")
        replayed = client.post(f"{failed['url']}:replay")
        assert (replayed.status_code, replayed.json()["state"]) == (202, "pending")
        (sent,) = wait_for(lambda: deliveries(client, webhook, "delivered"), 20, "the replay")
        wait_for(lambda: failing() is None, 10, "the end of the failure")
    assert sent["event_id"] == failed["event_id"]
    assert len(sent["attempts"]) == 4
    assert deliveries(client, webhook, "failed") == []


def test_a_receiver_that_is_gone_is_left_alone(
    client: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    with receiver(410, 204) as to, dispatcher(bench):
        webhook = register(client, to)
        finish(client.post("/v1/jobs", content=photo).json()["id"])
        wait_for(
            lambda: client.get(f"/v1/webhooks/{webhook['id']}").json()["disabled"] == "gone", 20, "the end"
        )
        refused = client.post(f"/v1/webhooks/{webhook['id']}:ping")
        assert (refused.status_code, refused.json()["code"]) == (409, "webhook-disabled")
        finish(client.post("/v1/jobs", content=photo).json()["id"])
        wait_for(lambda: bench.redis.llen("webhooks:outbox") == 0, 10, "a look at the outbox")
        client.patch(f"/v1/webhooks/{webhook['id']}", json={"enabled": True})
        finish(client.post("/v1/jobs", content=photo).json()["id"])
        to.wait(2)
    assert len(deliveries(client, webhook)) == len(to.requests) == 2


def test_two_secrets_sign_while_one_is_replaced(client: TestClient, bench: Bench) -> None:
    with receiver() as to, dispatcher(bench):
        webhook = register(client, to)
        rotated = client.post(f"/v1/webhooks/{webhook['id']}:rotate-secret").json()
        assert rotated["secret"] != webhook["secret"]
        assert rotated["secrets"] == 2
        ping = client.post(f"/v1/webhooks/{webhook['id']}:ping")
        assert ping.status_code == 202
        to.wait(1)
        for secret in (webhook["secret"], rotated["secret"]):
            assert verified(secret, to)["type"] == "webhook.ping"
        assert len(to.requests[0].headers["webhook-signature"].split()) == 2
        at_once = client.post(
            f"/v1/webhooks/{webhook['id']}:rotate-secret", json={"overlap_seconds": 0}
        ).json()
        client.post(f"/v1/webhooks/{webhook['id']}:ping")
        to.wait(2)
        assert verified(at_once["secret"], to, 1)
        assert len(to.requests[1].headers["webhook-signature"].split()) == 1


def test_a_job_whose_worker_is_killed_is_told_as_succeeded_and_never_as_failed(
    client: TestClient, bench: Bench
) -> None:
    with (
        receiver() as to,
        dispatcher(bench),
        workers(bench, heartbeat_ttl=2, maintenance_interval=1) as running,
    ):
        webhook = register(client, to)
        job = bench.submit(grey_jpeg(size=(8000, 6000)))
        bench.wait(job.id, JobState.RUNNING)
        running.kill_children()
        done = bench.wait(job.id, JobState.SUCCEEDED, seconds=60)
        assert done.attempt == 2
        small = bench.submit(b"no photograph")
        bench.wait(small.id, JobState.FAILED)
        to.wait(2)
    told = [json.loads(request.body) for request in to.requests]
    # In no certain order.
    assert {(one["type"], one["data"]["id"], one["data"]["error_code"]) for one in told} == {
        ("job.succeeded", job.id, None),
        ("job.failed", small.id, "unsupported-format"),
    }
    assert len(deliveries(client, webhook)) == 2


def test_what_waits_survives_the_death_of_dispatcher_and_queue(tmp_path: Path) -> None:
    """Kill -9 of the dispatcher amid a request, and of Valkey; both come back and the event arrives."""
    folder = tmp_path / "queue"
    with ExitStack() as stack:
        to = stack.enter_context(receiver(lambda handler: handler.rfile.read(), 204))
        url = stack.enter_context(valkey(folder))
        bench = Bench(url, tmp_path / "data")
        settings = ServiceSettings(
            redis_url=url,
            data_dir=bench.data,
            allowed_hosts=("testserver",),
            webhook_allow_http=True,
            webhook_allowed_networks=("127.0.0.0/8",),
        )
        client = stack.enter_context(TestClient(create_app(settings)))
        with dispatcher(bench, webhook_timeout=1) as process:
            webhook = register(client, to)
            delivery = client.post(f"/v1/webhooks/{webhook['id']}:ping").json()
            to.wait(1)
            process.kill()
            process.wait()
        # Its lease runs for half a minute more: the clock that tests it is Redis', so it is let expire by hand.
        due = f"webhook:{webhook['id']}:due"
        assert bench.redis.zscore(due, delivery["id"])
        bench.redis.zadd(due, {delivery["id"]: 0})
        server = psutil.Process(bench.redis.info("server")["process_id"])
        server.kill()
        psutil.wait_procs([server], timeout=10)
        stack.enter_context(valkey(folder))
        stack.enter_context(dispatcher(bench))
        to.wait(2)
        wait_for(lambda: deliveries(client, webhook, "delivered"), 10, "the log")
    assert to.requests[0].headers["webhook-id"] == to.requests[1].headers["webhook-id"]


def test_one_that_hangs_keeps_no_other_waiting(
    client: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    with receiver(lambda handler: handler.rfile.read()) as slow, receiver() as quick, dispatcher(bench):
        register(client, slow)
        register(client, quick)
        for _ in range(12):
            finish(client.post("/v1/jobs", content=photo).json()["id"])
        quick.wait(12, seconds=4)
        assert len(slow.requests) <= 4


def test_a_webhook_that_fails_for_long_is_disabled(
    client: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    with receiver(503) as to, dispatcher(bench, webhook_patience="PT0.05S"):
        webhook = register(client, to)
        finish(client.post("/v1/jobs", content=photo).json()["id"])
        wait_for(
            lambda: client.get(f"/v1/webhooks/{webhook['id']}").json()["disabled"] == "failing", 20, "the end"
        )
    assert len(to.requests) == 2


def test_a_dispatcher_told_to_stop_ends_its_requests_first(client: TestClient, bench: Bench) -> None:
    with receiver() as to, dispatcher(bench) as process:
        register(client, to)
        webhook = register(client, to)
        client.post(f"/v1/webhooks/{webhook['id']}:ping")
        to.wait(1)
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert deliveries(client, webhook, "delivered")


def test_a_setting_that_does_not_hold_ends_it(bench: Bench) -> None:
    with dispatcher(bench, webhook_allowed_networks='["home"]') as process:
        assert process.wait(timeout=20) == os.EX_CONFIG


def test_old_deliveries_are_forgotten(
    client: TestClient, bench: Bench, photo: bytes, finish: Callable[[str], JobRecord]
) -> None:
    from photochrom.times import utc_now

    with receiver() as to:
        webhook = register(client, to)
        client.post(f"/v1/webhooks/{webhook['id']}:ping")
        store = WebhookStore(bench.redis)
        store.forget(utc_now() - timedelta(days=1))
        assert len(deliveries(client, webhook)) == 1
        store.forget(utc_now() + timedelta(seconds=1))
        assert deliveries(client, webhook) == []
        assert not bench.redis.keys("delivery:*")
        assert not bench.redis.exists(f"webhook:{webhook['id']}:due")


def test_a_clock_that_runs_ahead_forgets_no_delivery(
    bench: Bench, settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is still to be sent least of all."""
    machines = machines_of(monkeypatch)
    monkeypatch.setattr(ids, "_last", 0)
    monkeypatch.setattr(ids, "time", SimpleNamespace(time_ns=lambda: int(machines.truth * 1e9)))
    store, webhook = WebhookStore(bench.redis), make_webhook()
    sender = Sender(PinnedNetwork(system_resolver(), ()), 1, ssl.create_default_context())
    sending = Dispatcher(store, sender, settings, Dispatchers(bench.redis), ProvenTime(bench.redis))
    sending.forget()
    store.create(webhook, 10)
    sent = store.send(webhook, ping(webhook.id), "")
    machines.jump(timedelta(days=365))
    sending.forget()
    assert store.delivery(webhook.id, sent.id) == sent
    machines.pass_by(timedelta(hours=1))
    sending.forget()
    with pytest.raises(DeliveryNotFound):
        store.delivery(webhook.id, sent.id)
