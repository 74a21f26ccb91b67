"""A webhook lives as long as the key that registered it, and hears of what that key may hear of."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from photochrom.access import key_store
from photochrom.access.key_store import KeyStore
from photochrom.access.keys import KeyRecord, Scope
from photochrom.jobs.record import JobRecord
from photochrom.times import utc_now
from photochrom.webhooks.record import Disabled, Webhook
from photochrom.webhooks.store import WebhookStore
from service.app import create_app
from service.settings import ServiceSettings
from support.queue.queueing import Bench
from support.servers.dispatching import dispatcher
from support.servers.keyring import bearer, new_key, show
from support.servers.running import wait_for

NEW = {"url": "https://photos.example/h", "batch_items": True}
Headers = dict[str, str]


@pytest.fixture
def keyed(settings: ServiceSettings) -> Iterator[TestClient]:
    required = settings.model_copy(update={"auth": "keys"})
    with TestClient(create_app(required), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def webhooks(bench: Bench) -> WebhookStore:
    return WebhookStore(bench.redis)


def registered(keyed: TestClient, headers: Headers) -> str:
    response = keyed.post("/v1/webhooks", json=NEW, headers=headers)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


@pytest.fixture
def done(
    keyed: TestClient, photo: bytes, finish: Callable[[str], JobRecord], webhooks: WebhookStore
) -> Callable[[Headers], str]:
    """Send a photograph with these headers, see it done, and make deliveries of what happened."""

    def done(headers: Headers) -> str:
        job_id = str(keyed.post("/v1/jobs", content=photo, headers=headers).json()["id"])
        finish(job_id)
        while webhooks.fan_out(""):
            pass
        return job_id

    return done


def heard(webhooks: WebhookStore, webhook_id: str) -> list[str]:
    return [one.body for one in webhooks.page(webhook_id, 100)[0]]


def revoke(bench: Bench, record: KeyRecord) -> None:
    KeyStore(bench.redis).revoke(record.id)


def expire(bench: Bench, record: KeyRecord) -> None:
    over = record.model_copy(update={"expires_at": utc_now() - timedelta(seconds=1)})
    KeyStore(bench.redis).add(over)


@pytest.mark.parametrize("end", [revoke, expire])
@pytest.mark.parametrize("scopes", [(), (Scope.ADMIN,), (Scope.READ, Scope.WRITE, Scope.ALL_EVENTS)])
def test_it_hears_of_nothing_from_the_moment_its_key_ends(
    keyed: TestClient,
    bench: Bench,
    webhooks: WebhookStore,
    done: Callable[[Headers], str],
    end: Callable[[Bench, KeyRecord], None],
    scopes: tuple[Scope, ...],
) -> None:
    record, token = new_key(bench, *scopes)
    same_owner = bearer(new_key(bench, owner=record.owner)[1])
    hook = registered(keyed, bearer(token))
    done(same_owner)
    assert len(heard(webhooks, hook)) == 1
    end(bench, record)
    done(same_owner)
    done(show(bench))
    assert len(heard(webhooks, hook)) == 1
    assert [one.id for one in webhooks.disable_orphans()] == [hook]
    assert webhooks.get(hook).disabled is Disabled.KEY_ENDED
    assert webhooks.disable_orphans() == []
    assert keyed.post(f"/v1/webhooks/{hook}:ping", headers=show(bench, Scope.ADMIN)).status_code == 409


def test_it_lives_on_with_the_key_that_enables_it_and_hears_of_no_more_than_that_may(
    keyed: TestClient, bench: Bench, webhooks: WebhookStore, done: Callable[[Headers], str]
) -> None:
    record, token = new_key(bench)
    hook = registered(keyed, bearer(token))
    KeyStore(bench.redis).revoke(record.id)
    webhooks.disable_orphans()
    after, other = bearer(new_key(bench, owner=record.owner)[1]), show(bench)
    path = f"/v1/webhooks/{hook}"
    assert keyed.patch(path, json={"enabled": True}, headers=other).status_code == 404
    assert keyed.patch(path, json={"enabled": True}, headers=after).json()["disabled"] is None
    done(after)
    done(other)
    assert len(heard(webhooks, hook)) == 1
    assert webhooks.disable_orphans() == []


def test_hearing_of_all_owners_has_a_scope_of_its_own(
    keyed: TestClient, bench: Bench, webhooks: WebhookStore, done: Callable[[Headers], str]
) -> None:
    listening = show(bench, Scope.READ, Scope.WRITE, Scope.ALL_EVENTS)
    usual, listener, admin = (
        registered(keyed, who) for who in (show(bench), listening, show(bench, Scope.ADMIN))
    )
    job_id = done(show(bench))
    assert heard(webhooks, usual) == []
    for hook in (listener, admin):
        assert [job_id in body for body in heard(webhooks, hook)] == [True]
    # Hearing is not seeing.
    assert keyed.get(f"/v1/jobs/{job_id}", headers=listening).status_code == 404


def test_one_that_hears_of_all_is_not_there_for_a_lesser_key_of_its_owner(
    keyed: TestClient, bench: Bench
) -> None:
    admin, token = new_key(bench, Scope.ADMIN)
    hook = registered(keyed, bearer(token))
    lesser = bearer(new_key(bench, owner=admin.owner)[1])
    answer = keyed.patch(f"/v1/webhooks/{hook}", json={"url": "https://elsewhere.example/"}, headers=lesser)
    assert answer.status_code == 404
    assert keyed.get("/v1/webhooks", headers=lesser).json()["items"] == []
    assert keyed.get("/v1/webhooks", headers=bearer(token)).json()["items"][0]["all_owners"] is True


def test_one_from_before_keys_were_asked_for_hears_of_nobody_after(
    client: TestClient,
    keyed: TestClient,
    bench: Bench,
    photo: bytes,
    finish: Callable[[str], JobRecord],
    webhooks: WebhookStore,
    done: Callable[[Headers], str],
) -> None:
    hook = registered(client, {})
    early = client.post("/v1/jobs", content=photo).json()["id"]
    finish(early)
    done(show(bench))
    assert [early in body for body in heard(webhooks, hook)] == [True]
    mine = show(bench)
    assert keyed.get(f"/v1/webhooks/{hook}", headers=mine).status_code == 404
    assert keyed.get(f"/v1/webhooks/{hook}", headers=show(bench, Scope.ADMIN)).json()["disabled"] is None


def test_the_dispatcher_disables_it_without_waiting_for_an_event(
    keyed: TestClient, bench: Bench, webhooks: WebhookStore
) -> None:
    record, token = new_key(bench)
    hook = registered(keyed, bearer(token))
    with dispatcher(bench):
        KeyStore(bench.redis).revoke(record.id)

        def ended() -> Webhook | None:
            webhook = webhooks.get(hook)
            return webhook if webhook.disabled else None

        assert wait_for(ended, 30, "the end of the webhook").disabled is Disabled.KEY_ENDED


def test_no_clock_that_has_run_ahead_disables_it(
    keyed: TestClient, bench: Bench, webhooks: WebhookStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is not good while the clock says so; that it has expired, a month later would have to show."""
    _, token = new_key(bench, expires_at=utc_now() + timedelta(days=7))
    hook = registered(keyed, bearer(token))
    webhooks.disable_orphans()
    monkeypatch.setattr(key_store, "utc_now", lambda: utc_now() + timedelta(days=30))
    assert KeyStore(bench.redis).alive() == []
    assert webhooks.disable_orphans() == []
    assert webhooks.get(hook).disabled is None
