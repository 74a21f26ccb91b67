"""The laws of signatures, attempts and patience."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from photochrom.access.keys import KeyRecord, Scope
from photochrom.jobs.events import EventType, ping
from photochrom.times import utc_now
from photochrom.webhooks.record import Attempt, Delivery, DeliveryState, Disabled, Webhook, new_secret
from support.servers.receiver import make_ping, make_webhook

PATIENCE = timedelta(days=5)


def attempt(status: int | None = 500, **more: object) -> Attempt:
    return Attempt.model_validate({"at": utc_now(), "seconds": 0.5, "status": status, **more})


def delivery(kind: EventType = EventType.JOB_SUCCEEDED) -> Delivery:
    return make_ping(make_webhook()).model_copy(update={"type": kind})


def headers(webhook: Webhook, body: bytes, *, later: timedelta = timedelta(0)) -> dict[str, str]:
    now = utc_now()
    stamp = int(now.timestamp())
    signed = webhook.signatures("evt_1", stamp, body, now + later)
    return {"webhook-id": "evt_1", "webhook-timestamp": str(stamp), "webhook-signature": signed}


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=5))
def test_the_standards_own_library_takes_our_signatures_and_nothing_altered(data: dict[str, str]) -> None:
    webhook, body = make_webhook(), json.dumps(data)
    given = headers(webhook, body.encode())
    verifier = Verifier(webhook.secrets[0].value)
    assert verifier.verify(body, given) == data
    for altered in (
        {**given, "webhook-id": "evt_2"},
        {**given, "webhook-timestamp": str(int(utc_now().timestamp()) - 5)},
    ):
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body, altered)
    with pytest.raises(WebhookVerificationError):
        verifier.verify(body + " ", given)
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret().value).verify(body, given)


def test_the_old_secret_signs_until_its_time_is_over_and_never_a_third() -> None:
    first = make_webhook()
    second = first.rotate(utc_now(), timedelta(hours=1))
    third = second.rotate(utc_now(), timedelta(hours=1))
    old, new = first.secrets[0].value, second.secrets[0].value
    for secret in (old, new):
        Verifier(secret).verify("{}", headers(second, b"{}"))
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify("{}", headers(second, b"{}", later=timedelta(hours=2)))
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify("{}", headers(third, b"{}"))
    assert len(headers(third, b"{}")["webhook-signature"].split()) == 2


def test_a_secret_has_as_many_bits_as_the_hash() -> None:
    assert new_secret().value.startswith("whsec_")
    assert len(new_secret().value) == len("whsec_") + 44
    assert new_secret() != new_secret()


@given(
    delays=st.lists(st.floats(0, 1e5), max_size=8),
    jitter=st.floats(0, 1),
    asked=st.none() | st.floats(0, 1e9),
)
def test_a_failing_delivery_is_tried_once_more_than_there_are_delays(
    delays: list[float], jitter: float, asked: float | None
) -> None:
    one = delivery()
    for tries, delay in enumerate(delays, start=1):
        tried = attempt(retry_after=asked)
        one = one.after(tried, delays, jitter)
        assert (one.state, one.tries, one.revision) == (DeliveryState.PENDING, tries, tries + 1)
        assert one.next_attempt_at is not None
        waited = (one.next_attempt_at - tried.at).total_seconds() - tried.seconds
        assert delay - 1e-3 <= waited <= max(delay * 1.2, max(delays) if asked else 0) + 1e-3
    one = one.after(attempt(), delays, jitter)
    assert (one.state, one.next_attempt_at) == (DeliveryState.FAILED, None)


def test_what_was_taken_is_not_sent_again() -> None:
    done = delivery().after(attempt(204), (5, 300), 0)
    assert (done.state, done.next_attempt_at) == (DeliveryState.DELIVERED, None)


def test_what_is_gone_and_a_ping_have_one_attempt() -> None:
    assert delivery().after(attempt(410), (5, 300), 0).state is DeliveryState.FAILED
    assert delivery(EventType.PING).after(attempt(), (5, 300), 0).state is DeliveryState.FAILED


def test_a_replay_keeps_the_message_and_the_log_and_has_all_attempts_anew() -> None:
    failed = delivery().after(attempt(), (), 0)
    again = failed.replay(utc_now())
    assert (again.state, again.tries, again.event_id, again.body) == (
        DeliveryState.PENDING,
        0,
        failed.event_id,
        failed.body,
    )
    assert again.attempts == failed.attempts
    assert again.after(attempt(), (5,), 0).state is DeliveryState.PENDING


def test_the_log_of_attempts_is_bounded() -> None:
    one = delivery()
    for _ in range(50):
        one = one.after(attempt(), (), 0).replay(utc_now())
    assert len(one.attempts) == 30


def test_patience_counts_from_the_first_failure_after_a_success() -> None:
    webhook, start = make_webhook(), utc_now()
    failing = webhook.heard(attempt(at=start), PATIENCE, start)
    assert (failing.failing_since, failing.disabled) == (start, None)
    assert failing.heard(attempt(at=start + PATIENCE / 2), PATIENCE, start + PATIENCE / 2).disabled is None
    assert (
        failing.heard(attempt(at=start + PATIENCE), PATIENCE, start + PATIENCE).disabled is Disabled.FAILING
    )
    recovered = failing.heard(attempt(200, at=start + PATIENCE / 2), PATIENCE, start + PATIENCE / 2)
    assert recovered.heard(attempt(at=start + PATIENCE), PATIENCE, start + PATIENCE).disabled is None
    assert webhook.heard(attempt(200), PATIENCE, utc_now()) is webhook


def test_gone_disables_at_once_and_whoever_enables_gets_fresh_patience() -> None:
    gone = make_webhook().heard(attempt(410), PATIENCE, utc_now())
    assert gone.disabled is Disabled.GONE
    assert gone.enable(False).disabled is Disabled.GONE
    assert make_webhook().enable(False).disabled is Disabled.BY_CALLER
    assert (gone.enable(True).disabled, gone.enable(True).failing_since) == (None, None)


def key(**chosen: object) -> KeyRecord:
    return KeyRecord.generate("test", frozenset({Scope.WRITE}), created_at=utc_now(), **chosen)[0]  # type: ignore[arg-type]


def test_a_webhook_lives_as_long_as_its_own_key_and_one_of_nobody_has_none_to_lose() -> None:
    first = key()
    second = key(owner=first.owner)
    webhook = make_webhook(owner=first.owner, key_id=first.id)
    assert webhook.lives([second, first])
    assert not webhook.lives([second])
    older = make_webhook(owner=first.owner)  # before webhooks knew their key
    assert older.lives([second])
    assert not older.lives([key()])
    assert make_webhook().lives([])


@pytest.mark.parametrize(
    ("owner", "all_owners", "of", "wanted"),
    [
        ("alice", False, "alice", True),
        ("alice", False, "bob", False),
        ("alice", False, "", False),
        ("alice", True, "bob", True),
        ("alice", True, "", True),
        # What was registered before keys were asked for hears of what was sent before, and of nobody.
        ("", False, "", True),
        ("", False, "bob", False),
    ],
)
def test_a_webhook_hears_of_its_owner_or_of_all(owner: str, all_owners: bool, of: str, wanted: bool) -> None:
    event = ping("").model_copy(update={"type": EventType.JOB_FAILED, "owner": of})
    assert make_webhook(owner=owner, all_owners=all_owners).wants(event) is wanted
