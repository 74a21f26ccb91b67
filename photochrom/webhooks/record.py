"""The records of webhooks and their deliveries; pure, without Redis.

They follow Standard Webhooks 1.0 (standardwebhooks.com), so a receiver can verify with any of its libraries: header
names, signature and payload are the standard's.
"""

import base64
import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, Field

from ..access.keys import KeyRecord
from ..ids import PATTERN
from ..jobs.events import SUBSCRIBABLE, Event, EventType
from ..records import STORED

_SECRET_PREFIX = "whsec_"  # noqa: S105 - the standard's, to be found by secret scanners
_SECRET_BYTES = 32
_ATTEMPTS_KEPT = 30


class _Part(BaseModel):
    model_config = STORED


class Secret(_Part):
    """A signing key; during a rotation, the older of two has an expiry time."""

    value: str
    expires_at: datetime | None = None

    def sign(self, message: bytes) -> str:
        """Return `v1,` and the HMAC-SHA256 of the message in base64."""
        key = base64.b64decode(self.value.removeprefix(_SECRET_PREFIX))
        return "v1," + base64.b64encode(hmac.digest(key, message, "sha256")).decode()


def new_secret() -> Secret:
    """Return a fresh one: `whsec_` and 32 random bytes in base64."""
    return Secret(value=_SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode())


class Disabled(StrEnum):
    """Why nothing is sent."""

    BY_CALLER = "by-caller"
    GONE = "gone"  # it answered 410
    FAILING = "failing"  # for days, without one success
    KEY_ENDED = "key-ended"  # the key that registered it was revoked, or has expired


class Attempt(_Part):
    """One request and its outcome."""

    at: datetime
    seconds: float
    status: Annotated[int | None, Field(description="HTTP status; null when there was no answer.")] = None
    response: Annotated[str, Field(description="The beginning of the answer's body.")] = ""
    error: Annotated[str | None, Field(description="Why there was no answer.")] = None
    retry_after: Annotated[float | None, Field(description="Seconds that the receiver asked for.")] = None

    @property
    def accepted(self) -> bool:
        """True if the receiver accepted it: only 2xx says so, a redirect does not."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """True if the receiver wants no more."""
        return self.status == 410


class Webhook(_Part):
    """One endpoint of a receiver."""

    id: Annotated[str, Field(pattern=PATTERN)]
    owner: Annotated[
        str,
        Field(description="Whose jobs and batches it receives events of; empty for those made without keys."),
    ] = ""
    key_id: Annotated[str, Field(description="The key whose end also ends the webhook; empty for none.")] = ""
    all_owners: Annotated[bool, Field(description="Whether it receives events of all owners.")] = False
    url: str
    events: tuple[EventType, ...] = SUBSCRIBABLE
    batch_items: Annotated[bool, Field(description="Whether it also receives events of a batch's items.")] = (
        False
    )
    description: str = ""
    secrets: tuple[Secret, ...]
    created_at: datetime
    disabled: Disabled | None = None
    failing_since: datetime | None = None

    def wants(self, event: Event) -> bool:
        """Return whether it receives the event: its type is registered, and the owner is its own."""
        if event.owner != self.owner and not self.all_owners:
            return False
        if self.disabled or (event.item and not self.batch_items):
            return False
        return event.type in self.events

    def rotate(self, now: datetime, overlap: timedelta) -> Self:
        """Sign with a new secret, and with the last one for `overlap` more; older ones end now."""
        last = self.secrets[0].model_copy(update={"expires_at": now + overlap})
        return self.model_copy(update={"secrets": (new_secret(), last)})

    def signatures(self, message_id: str, timestamp: int, body: bytes, now: datetime) -> str:
        """Return the `webhook-signature` header: one signature for each valid secret."""
        message = f"{message_id}.{timestamp}.".encode() + body
        return " ".join(secret.sign(message) for secret in self.valid_secrets(now))

    def valid_secrets(self, now: datetime) -> tuple[Secret, ...]:
        """Return the secrets that sign: one, or two while rotating."""
        return tuple(one for one in self.secrets if one.expires_at is None or one.expires_at > now)

    def heard(self, attempt: Attempt, patience: timedelta, now: datetime) -> Self:
        """Update it after an attempt: if the receiver is gone, or fails for longer than `patience`, disable it.

        `now` is the proven time: a clock that has run ahead must not disable a webhook.
        """
        if attempt.accepted:
            return self.model_copy(update={"failing_since": None}) if self.failing_since else self
        since = self.failing_since or now
        disabled = self.disabled
        if attempt.gone:
            disabled = Disabled.GONE
        elif now - since >= patience:
            disabled = disabled or Disabled.FAILING
        return self.model_copy(update={"failing_since": since, "disabled": disabled})

    def enable(self, enabled: bool) -> Self:
        """Enable it, with a new period of patience, or disable it."""
        if enabled:
            return self.model_copy(update={"disabled": None, "failing_since": None})
        return self.disable(Disabled.BY_CALLER)

    def disable(self, why: Disabled) -> Self:
        """Disable it; an earlier reason stays."""
        return self if self.disabled else self.model_copy(update={"disabled": why})

    def lives(self, keys: Collection[KeyRecord]) -> bool:
        """Return whether its own key is among these valid keys.

        A webhook that was registered before webhooks stored their key is valid as long as its owner has any key; one
        that was registered without a key stays valid.
        """
        if self.key_id:
            return any(key.id == self.key_id for key in keys)
        return not self.owner or any(key.owner == self.owner for key in keys)


class DeliveryState(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(_Part):
    """One event on its way to one webhook."""

    id: Annotated[str, Field(pattern=PATTERN)]
    revision: int = 1
    webhook_id: str
    event_id: str
    type: EventType
    body: Annotated[str, Field(description="What is sent, the same with every attempt.")]
    state: DeliveryState = DeliveryState.PENDING
    created_at: datetime
    next_attempt_at: datetime | None = None
    tries: Annotated[int, Field(description="Attempts since it was created or replayed.")] = 0
    attempts: Annotated[tuple[Attempt, ...], Field(description="The last ones, oldest first.")] = ()

    def after(self, attempt: Attempt, delays: Sequence[float], jitter: float) -> Self:
        """Return the delivery after an attempt: delivered, due again after a delay, or failed for good.

        `delays` are seconds before the second, third, ... attempt; `jitter` in 0..1 lengthens them by up to a fifth,
        so that deliveries that failed together are not retried together. A ping has one attempt: somebody is watching.
        """
        update: dict[str, object] = {
            "revision": self.revision + 1,
            "tries": self.tries + 1,
            "attempts": (*self.attempts, attempt)[-_ATTEMPTS_KEPT:],
            "next_attempt_at": None,
        }
        if attempt.accepted:
            return self.model_copy(update={**update, "state": DeliveryState.DELIVERED})
        if attempt.gone or self.type is EventType.PING or self.tries >= len(delays):
            return self.model_copy(update={**update, "state": DeliveryState.FAILED})
        wait = max(delays[self.tries] * (1 + jitter / 5), min(attempt.retry_after or 0, max(delays)))
        done = attempt.at + timedelta(seconds=attempt.seconds)
        return self.model_copy(update={**update, "next_attempt_at": done + timedelta(seconds=wait)})

    def replay(self, now: datetime) -> Self:
        """Start again under the same message id, by which a receiver can recognise a duplicate."""
        fresh = {"state": DeliveryState.PENDING, "tries": 0, "next_attempt_at": now}
        return self.model_copy(update={"revision": self.revision + 1, **fresh})
