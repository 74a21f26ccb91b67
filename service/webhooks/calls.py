"""The calls on webhooks; `dispatcher` sends the events, in a process of its own."""

from datetime import timedelta

from fastapi import Request, Response

from photochrom.errors import (
    DeliveryNotFound,
    InvalidOption,
    PreconditionFailed,
    QuotaExceeded,
    StorageUnavailable,
    TooManyWebhooks,
    WebhookDisabled,
    WebhookNotFound,
    WebhookRejected,
)
from photochrom.ids import new_id
from photochrom.jobs import events
from photochrom.jobs.events import EventType
from photochrom.times import utc_now
from photochrom.webhooks.record import DeliveryState, Webhook, new_secret

from ..access.ledger import ACTION, charged
from ..caller import Caller
from ..deps import CallerDep, DeliveryId, ServicesDep, WebhookId
from ..edge import problems
from ..edge.conditions import IfMatch, require_match, tag_of_json
from ..edge.paging import Cursor, Limit, link_next
from ..edge.prefix import address
from ..edge.routing import Router
from ..outbound.destinations import check_url
from ..settings import ServiceSettings
from .schemas import (
    DeliveryPage,
    DeliveryView,
    NewSecretView,
    NewWebhook,
    Rotation,
    WebhookChange,
    WebhookList,
    WebhookView,
)

router = Router(prefix="/v1/webhooks", tags=["webhooks"])
_NO_STORE = {"Cache-Control": "no-store"}


@router.post(
    "",
    status_code=201,
    summary="Have events sent to you",
    responses=problems.responses(*problems.JSON_BODY, TooManyWebhooks, WebhookRejected),
)
def create_webhook(
    new: NewWebhook, services: ServicesDep, caller: CallerDep, response: Response
) -> NewSecretView:
    """Register an endpoint for events of the caller's jobs and batches; with the scope `events:all`, of all owners.

    It lives as long as the key that registers it. The secret in the answer signs its events (Standard Webhooks); it is
    not shown again.
    """
    webhook = Webhook(
        id=new_id(),
        owner=caller.owner,
        key_id=caller.key.id if caller.key else "",
        all_owners=caller.hears_all,
        url=_checked(services.settings, new.url),
        events=_subscribable(new.events),
        batch_items=new.batch_items,
        description=new.description,
        secrets=(new_secret(),),
        created_at=utc_now(),
    )
    services.webhooks.create(webhook, services.settings.webhook_limit)
    response.headers.update({"Location": address(f"/v1/webhooks/{webhook.id}"), **_NO_STORE})
    return NewSecretView.of(webhook, utc_now())


@router.get("", summary="List webhooks, oldest first", responses=problems.responses())
def list_webhooks(services: ServicesDep, caller: CallerDep) -> WebhookList:
    """Return all webhooks on one page: there are few."""
    seen = filter(caller.sees_webhook, services.webhooks.all())
    return WebhookList(items=[WebhookView.of(webhook, utc_now()) for webhook in seen])


@router.get("/{webhook_id:id}", summary="See a webhook", responses=problems.responses(WebhookNotFound))
def read_webhook(webhook_id: WebhookId, services: ServicesDep, response: Response) -> WebhookView:
    """Return it without its secret; `disabled` and `failing_since` report its health."""
    return _tagged(services.webhooks.get(webhook_id), response)


@router.patch(
    "/{webhook_id:id}",
    summary="Change a webhook",
    responses=problems.responses(*problems.JSON_BODY, WebhookNotFound, PreconditionFailed, WebhookRejected),
)
def change_webhook(
    webhook_id: WebhookId,
    change: WebhookChange,
    services: ServicesDep,
    caller: CallerDep,
    response: Response,
    if_match: IfMatch = None,
) -> WebhookView:
    """Change the given fields. `enabled: true` resumes waiting deliveries; while disabled, no event is queued.

    A webhook whose key was revoked or has expired then belongs to the key that enables it.
    """
    update = change.model_dump(exclude={"enabled"}, exclude_none=True)
    if change.url is not None:
        update["url"] = _checked(services.settings, change.url)
    if change.events is not None:
        update["events"] = _subscribable(change.events)

    keys = services.keys.alive() if change.enabled else []

    def changed(webhook: Webhook) -> Webhook:
        _require_match(if_match, webhook)
        webhook = webhook.model_copy(update=update)
        if change.enabled and not webhook.lives(keys):
            webhook = _taken_over(webhook, caller)
        return webhook if change.enabled is None else webhook.enable(change.enabled)

    return _tagged(services.webhooks.change(webhook_id, changed), response)


@router.delete(
    "/{webhook_id:id}",
    status_code=204,
    summary="Erase a webhook and its log",
    responses=problems.responses(WebhookNotFound, PreconditionFailed, StorageUnavailable),
)
def delete_webhook(webhook_id: WebhookId, services: ServicesDep, if_match: IfMatch = None) -> None:
    """Delete it. Nothing more is sent, not even deliveries that wait for another attempt."""
    check = None if if_match is None else lambda webhook: _require_match(if_match, webhook)
    services.webhooks.delete(webhook_id, check)


@router.post(
    "/{webhook_id}:rotate-secret",
    summary="Replace the secret",
    responses=problems.responses(*problems.JSON_BODY, WebhookNotFound),
)
def rotate_secret(
    webhook_id: WebhookId, services: ServicesDep, response: Response, rotation: Rotation | None = None
) -> NewSecretView:
    """Return a new secret, shown once; during the overlap, events carry a second signature by the old secret."""
    overlap = timedelta(seconds=(rotation or Rotation()).overlap_seconds)
    webhook = services.webhooks.change(webhook_id, lambda one: one.rotate(utc_now(), overlap))
    response.headers.update(_NO_STORE)
    return NewSecretView.of(webhook, utc_now())


@router.post(
    "/{webhook_id}:ping",
    status_code=202,
    summary="Send a test event",
    responses=problems.responses(WebhookNotFound, WebhookDisabled, QuotaExceeded),
)
def ping_webhook(
    webhook_id: WebhookId, services: ServicesDep, caller: CallerDep, response: Response
) -> DeliveryView:
    """Send `webhook.ping`, in one attempt; its delivery tells what came of it."""
    with charged(services.allowance, caller, ACTION):
        webhook = services.webhooks.get(webhook_id)
        delivery = services.webhooks.send(webhook, events.ping(webhook.id), services.settings.links_begin)
    view = DeliveryView.of(delivery)
    response.headers["Location"] = view.url
    return view


@router.get(
    "/{webhook_id}/deliveries",
    summary="List what was sent, newest first",
    responses=problems.responses(WebhookNotFound, problems.INVALID_REQUEST),
)
def list_deliveries(
    webhook_id: WebhookId,
    services: ServicesDep,
    request: Request,
    response: Response,
    state: DeliveryState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DeliveryPage:
    """Return one page of deliveries with their attempts; `state=failed` selects those that were given up."""
    services.webhooks.get(webhook_id)
    deliveries, following = services.webhooks.page(webhook_id, limit, before=cursor, state=state)
    link_next(request, response, following)
    return DeliveryPage(items=[DeliveryView.of(one) for one in deliveries], next_cursor=following)


@router.get(
    "/{webhook_id}/deliveries/{delivery_id:id}",
    summary="See a delivery",
    responses=problems.responses(WebhookNotFound, DeliveryNotFound),
)
def read_delivery(webhook_id: WebhookId, delivery_id: DeliveryId, services: ServicesDep) -> DeliveryView:
    """Return one delivery with its payload and attempts."""
    services.webhooks.get(webhook_id)
    return DeliveryView.of(services.webhooks.delivery(webhook_id, delivery_id))


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}:replay",
    status_code=202,
    summary="Send an event once more",
    responses=problems.responses(WebhookNotFound, DeliveryNotFound, WebhookDisabled, QuotaExceeded),
)
def replay_delivery(
    webhook_id: WebhookId, delivery_id: DeliveryId, services: ServicesDep, caller: CallerDep
) -> DeliveryView:
    """Send it again under the same `webhook-id`, whatever became of it, with all its attempts anew."""
    with charged(services.allowance, caller, ACTION):
        return DeliveryView.of(services.webhooks.replay(webhook_id, delivery_id))


def _checked(settings: ServiceSettings, url: str) -> str:
    return check_url(
        url,
        allow_http=settings.webhook_allow_http,
        allowed=settings.webhook_allowed_networks,
        ports=settings.webhook_ports,
    )


def _taken_over(webhook: Webhook, caller: Caller) -> Webhook:
    """Bind a webhook that has lost its key to the caller's key, and limit its events to those the caller may see."""
    key_id, owner = (caller.key.id, webhook.owner) if caller.key else ("", "")
    heard = webhook.all_owners and caller.hears_all
    return webhook.model_copy(update={"key_id": key_id, "owner": owner, "all_owners": heard})


def _subscribable(chosen: tuple[EventType, ...]) -> tuple[EventType, ...]:
    if EventType.PING in chosen:
        raise InvalidOption(f"{EventType.PING} is sent when you call :ping; leave it out of `events`.")
    return tuple(dict.fromkeys(chosen))


def _tagged(webhook: Webhook, response: Response) -> WebhookView:
    view = WebhookView.of(webhook, utc_now())
    response.headers["ETag"] = _tag_of(view)
    return view


def _require_match(if_match: str | None, webhook: Webhook) -> None:
    require_match(if_match, _tag_of(WebhookView.of(webhook, utc_now())))


def _tag_of(view: WebhookView) -> str:
    return tag_of_json(view.model_dump_json())
