"""What the API accepts and shows of webhooks and their deliveries."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from photochrom.as_json import AsJson
from photochrom.jobs.events import SUBSCRIBABLE, EventType, Payload
from photochrom.webhooks.record import Attempt, Delivery, DeliveryState, Disabled, Webhook

from ..edge.prefix import address
from ..edge.view import View

_EVENTS = Field(min_length=1, max_length=len(SUBSCRIBABLE), description="Events that it receives.")
_ITEMS = Field(
    description="Whether `job.*` events of each item of a batch are sent, too; there may be thousands."
)
_URL = Field(min_length=1, max_length=2048, examples=["https://photos.example/hooks/photochrom"])


class _Taken(AsJson):
    model_config = ConfigDict(extra="forbid")


class NewWebhook(_Taken):
    """Where events are to go."""

    url: Annotated[str, _URL]
    events: Annotated[tuple[EventType, ...], _EVENTS] = SUBSCRIBABLE
    batch_items: Annotated[bool, _ITEMS] = False
    description: Annotated[str, Field(max_length=200, examples=["The archive's catalogue"])] = ""


class WebhookChange(_Taken):
    """The fields to change; a field that is left out stays."""

    url: Annotated[str | None, _URL] = None
    events: Annotated[tuple[EventType, ...] | None, _EVENTS] = None
    batch_items: Annotated[bool | None, _ITEMS] = None
    description: Annotated[str | None, Field(max_length=200)] = None
    enabled: Annotated[
        bool | None, Field(description="True also enables a webhook that was disabled because it failed.")
    ] = None


class Rotation(_Taken):
    """How a secret is replaced."""

    overlap_seconds: Annotated[
        int, Field(ge=0, le=30 * 86_400, description="Seconds that the old secret signs beside the new one.")
    ] = 86_400


class WebhookView(View):
    """One webhook, without its secret."""

    id: Annotated[str, Field(examples=["01kb3v9m5w8xw7z4y2q6c1n0ra"])]
    url: Annotated[str, Field(description="Where its events go.")]
    events: list[EventType]
    batch_items: bool
    all_owners: Annotated[
        bool, Field(description="True for one that receives events of the jobs of all owners.")
    ]
    description: str
    enabled: bool
    disabled: Annotated[Disabled | None, Field(description="Why nothing is sent, if so.")]
    failing_since: Annotated[datetime | None, Field(description="The first failure after the last success.")]
    created_at: datetime
    secrets: Annotated[int, Field(description="Valid secrets: 2 while one is being replaced.")]

    @classmethod
    def of(cls, webhook: Webhook, now: datetime) -> "WebhookView":
        """Show `webhook`."""
        return cls(**_shown(webhook, now))


class NewSecretView(WebhookView):
    """One webhook with its new secret, which is shown only once."""

    secret: Annotated[str, Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])]

    @classmethod
    def of(cls, webhook: Webhook, now: datetime) -> "NewSecretView":
        """Show `webhook` and the first of its secrets."""
        return cls(secret=webhook.secrets[0].value, **_shown(webhook, now))


def _shown(webhook: Webhook, now: datetime) -> dict[str, Any]:
    shared = webhook.model_dump(include=set(WebhookView.model_fields) - {"secrets"})
    return {**shared, "enabled": webhook.disabled is None, "secrets": len(webhook.valid_secrets(now))}


class AttemptView(View):
    """One request and its outcome."""

    at: datetime
    seconds: float
    status: Annotated[int | None, Field(description="HTTP status; null when there was no answer.")]
    response: Annotated[str, Field(description="The first 1,024 bytes of the answer.")]
    error: Annotated[str | None, Field(description="Why there was no answer.")]

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptView":
        """Show `attempt`."""
        return cls.model_validate(attempt.model_dump(include=set(cls.model_fields)))


class DeliveryView(View):
    """One event on its way to one webhook."""

    id: Annotated[str, Field(examples=["01kb3v9m5w8xw7z4y2q6c1n0rb"])]
    url: str
    event_id: Annotated[str, Field(description="The `webhook-id` header; the same with every attempt.")]
    type: EventType
    state: DeliveryState
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: Annotated[list[AttemptView], Field(description="The last 30, oldest first.")]
    payload: Annotated[Payload, Field(description="The body that is sent.")]

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryView":
        """Show `delivery`."""
        shared = delivery.model_dump(include=set(cls.model_fields) - {"attempts"})
        return cls(
            **shared,
            url=address(f"/v1/webhooks/{delivery.webhook_id}/deliveries/{delivery.id}"),
            attempts=[AttemptView.of(attempt) for attempt in delivery.attempts],
            payload=Payload.model_validate_json(delivery.body),
        )


class DeliveryPage(View):
    """Deliveries, newest first."""

    items: list[DeliveryView]
    next_cursor: Annotated[str | None, Field(description="For `cursor` of the next page; null on the last.")]


class WebhookList(View):
    """All webhooks, oldest first."""

    items: list[WebhookView]
