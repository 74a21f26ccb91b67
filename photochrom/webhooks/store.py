"""Webhooks and deliveries in Redis: whatever is accepted here survives a crash of any process except Redis itself."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

from pydantic import ValidationError
from redis import Redis
from redis.client import Pipeline

from ..access.key_store import KeyStore
from ..errors import DeliveryNotFound, TooManyWebhooks, WebhookDisabled, WebhookNotFound
from ..ids import first_id_at, new_id
from ..jobs.events import Event
from ..proven_time import ProvenTime
from ..records import readable, texts
from ..times import utc_now
from . import scripts
from .record import Delivery, DeliveryState, Disabled, Webhook

_INDEX = "webhooks"  # `photochrom up` looks for it
_FOR_ITEMS = "webhooks:items"
_OUTBOX = "webhooks:outbox"
_MANY = 1000


class WebhookStore:
    """The only reader and writer of webhooks; safe to share between threads."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._keys = KeyStore(redis)
        self._time = ProvenTime(redis)
        self._fan_out = redis.register_script(scripts.FAN_OUT)
        self._keep = redis.register_script(scripts.KEEP)
        self._claim = redis.register_script(scripts.CLAIM)
        self._settle = redis.register_script(scripts.SETTLE)

    def create(self, webhook: Webhook, limit: int) -> Webhook:
        """Store a new webhook.

        Raises:
            TooManyWebhooks: its owner has `limit` of them.
        """

        def add(pipeline: Pipeline) -> None:
            # Another that is registered meanwhile changes the index, and has this look again.
            if sum(other.owner == webhook.owner for other in self.all()) >= limit:
                raise TooManyWebhooks(f"There are {limit} webhooks already; delete one that is not needed.")
            pipeline.multi()
            _write(pipeline, webhook)

        self._redis.transaction(add, _INDEX)
        return webhook

    def get(self, webhook_id: str) -> Webhook:
        """Return the record; raise `WebhookNotFound` if there is none."""
        return Webhook.model_validate_json(_read(self._redis, webhook_id))

    def all(self) -> list[Webhook]:
        """Return all webhooks, oldest first."""
        ids = texts(self._redis.zrange(_INDEX, 0, -1))
        return readable(
            Webhook, cast("list[bytes]", self._redis.mget([_key(one) for one in ids]) if ids else [])
        )

    def change(self, webhook_id: str, change: Callable[[Webhook], Webhook]) -> Webhook:
        """Apply `change` to the newest record, again if another process was faster; return what was written.

        Raises:
            WebhookNotFound: there is no such webhook.
        """

        def apply(pipeline: Pipeline) -> Webhook:
            old = Webhook.model_validate_json(_read(pipeline, webhook_id))
            new = change(old)
            pipeline.multi()
            if new is not old:
                _write(pipeline, new)
            return new

        transaction = cast("Any", self._redis.transaction)
        return cast("Webhook", transaction(apply, _key(webhook_id), value_from_callable=True))

    def delete(self, webhook_id: str, check: Callable[[Webhook], None] | None = None) -> None:
        """Delete the webhook and its log; nothing more is sent.

        If `check` raises for the version that would be deleted, it stays.

        Raises:
            WebhookNotFound: there is no such webhook.
        """

        def apply(pipeline: Pipeline) -> None:
            text = _read(pipeline, webhook_id)
            if check is not None:  # else one that cannot be read can still be deleted
                check(Webhook.model_validate_json(text))
            pipeline.multi()
            pipeline.delete(_key(webhook_id))
            pipeline.zrem(_INDEX, webhook_id)
            pipeline.srem(_FOR_ITEMS, webhook_id)

        self._redis.transaction(apply, _key(webhook_id))
        self._forget(webhook_id, "+")
        self._redis.delete(*_indexes(webhook_id))

    def disable_orphans(self) -> list[Webhook]:
        """Disable the webhooks whose key is no longer valid; return those that were enabled until now.

        This uses the proven time: a clock that runs ahead may not disable a webhook.
        """
        enabled = [one for one in self.all() if not one.disabled]
        keys = self._keys.alive(self._time.now()) if enabled else []
        return [self._disable(one) for one in enabled if not one.lives(keys)]

    def _disable(self, webhook: Webhook) -> Webhook:
        with suppress(WebhookNotFound):
            return self.change(webhook.id, lambda one: one.disable(Disabled.KEY_ENDED))
        return webhook

    def fan_out(self, public_url: str, chunk: int = 100) -> int:
        """Make deliveries of up to `chunk` new events; return the number of events."""
        entries = cast("list[bytes]", self._redis.lrange(_OUTBOX, 0, chunk - 1))
        # In this order: events after a key's end are not sent to its webhooks.
        keys = self._keys.alive() if entries else []
        webhooks = [one for one in (self.all() if entries else []) if one.lives(keys)]
        return sum(self._deliver(entry, webhooks, public_url) for entry in entries)

    def send(self, webhook: Webhook, event: Event, public_url: str) -> Delivery:
        """Queue one event for one webhook.

        Raises:
            WebhookDisabled: the webhook is disabled.
        """
        _refuse_disabled(webhook)
        delivery = _delivery(webhook, event, public_url)
        self._keep(args=[webhook.id, delivery.id, delivery.model_dump_json()])
        return delivery

    def claim(self, webhook_id: str, limit: int, seconds: float) -> list[Delivery]:
        """Return up to `limit` deliveries that are due; they come due again unless they are settled in time."""
        found = self._claim(keys=[f"{_key(webhook_id)}:due"], args=[limit, seconds])
        return readable(Delivery, cast("list[bytes]", found))

    def settle(self, delivery: Delivery, settled: Delivery) -> bool:
        """Write the outcome of a claimed delivery; return False if it was replayed or deleted meanwhile."""
        following = settled.next_attempt_at
        delay = "" if following is None else max(0.0, (following - utc_now()).total_seconds())
        args: list[str | int | float] = [
            delivery.id,
            delivery.revision,
            settled.revision,
            settled.state,
            settled.model_dump_json(),
            delay,
        ]
        return bool(self._settle(keys=[_key(delivery.webhook_id)], args=args))

    def page(
        self, webhook_id: str, limit: int, *, before: str | None = None, state: DeliveryState | None = None
    ) -> tuple[list[Delivery], str | None]:
        """Return up to `limit` deliveries, newest first, and the cursor for `before` of the next page."""
        newest = f"({before}" if before else "+"
        index = f"{_key(webhook_id)}:deliveries" + (f":{state}" if state else "")
        ids = texts(self._redis.zrevrangebylex(index, newest, "-", start=0, num=limit + 1))
        return self._deliveries(ids[:limit]), ids[limit - 1] if len(ids) > limit else None

    def delivery(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Return one delivery; raise `DeliveryNotFound` if this webhook has none of this id."""
        found = self._deliveries([delivery_id])
        if not found or found[0].webhook_id != webhook_id:
            raise DeliveryNotFound(delivery_id)
        return found[0]

    def replay(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Send it once more, whatever its outcome.

        Raises:
            WebhookNotFound, DeliveryNotFound, WebhookDisabled.
        """
        _refuse_disabled(self.get(webhook_id))
        while True:
            delivery = self.delivery(webhook_id, delivery_id)
            again = delivery.replay(utc_now())
            if self.settle(delivery, again):
                return again

    def forget(self, until: datetime) -> None:
        """Delete the deliveries that are older than `until`."""
        for webhook_id in texts(self._redis.zrange(_INDEX, 0, -1)):
            self._forget(webhook_id, f"({first_id_at(until)}")

    def _deliver(self, entry: bytes, webhooks: Sequence[Webhook], public_url: str) -> bool:
        try:
            event = Event.model_validate_json(entry)
        except ValidationError:
            event = None  # of a newer version; an unreadable event must not block the others
        wanting = [webhook for webhook in webhooks if event and webhook.wants(event)]
        made = [_delivery(webhook, event, public_url) for webhook in wanting if event]
        triples = [part for one in made for part in (one.webhook_id, one.id, one.model_dump_json())]
        return bool(self._fan_out(keys=[_OUTBOX], args=[entry, *triples]))

    def _deliveries(self, ids: Iterable[str]) -> list[Delivery]:
        pipeline = self._redis.pipeline(transaction=False)
        for delivery_id in ids:
            pipeline.hget(f"delivery:{delivery_id}", "record")
        return readable(Delivery, pipeline.execute())

    def _forget(self, webhook_id: str, until: str) -> None:
        indexes = _indexes(webhook_id)
        while ids := texts(self._redis.zrangebylex(indexes[0], "-", until, start=0, num=_MANY)):
            pipeline = self._redis.pipeline()
            pipeline.delete(*(f"delivery:{one}" for one in ids))
            for index in indexes:
                pipeline.zrem(index, *ids)
            pipeline.execute()


def _delivery(webhook: Webhook, event: Event, public_url: str) -> Delivery:
    now = utc_now()
    return Delivery(
        id=new_id(),
        webhook_id=webhook.id,
        event_id=event.id,
        type=event.type,
        body=event.payload(public_url).model_dump_json(),
        created_at=now,
        next_attempt_at=now,
    )


def _read(redis: Redis, webhook_id: str) -> bytes:
    text = redis.get(_key(webhook_id))
    if text is None:
        raise WebhookNotFound(webhook_id)
    return cast("bytes", text)


def _write(pipeline: Pipeline, webhook: Webhook) -> None:
    pipeline.set(_key(webhook.id), webhook.model_dump_json())
    pipeline.zadd(_INDEX, {webhook.id: 0})
    if webhook.batch_items:
        pipeline.sadd(_FOR_ITEMS, webhook.id)
    else:
        pipeline.srem(_FOR_ITEMS, webhook.id)


def _refuse_disabled(webhook: Webhook) -> None:
    if webhook.disabled:
        raise WebhookDisabled(f"The webhook is disabled ({webhook.disabled}); enable it first.")


def _key(webhook_id: str) -> str:
    return f"webhook:{webhook_id}"


def _indexes(webhook_id: str) -> list[str]:
    index = f"{_key(webhook_id)}:deliveries"
    return [index, *(f"{index}:{state}" for state in DeliveryState), f"{_key(webhook_id)}:due"]
