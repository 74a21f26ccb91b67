"""`python -m service.webhooks.dispatcher`: sends the events of webhooks; settings from the environment.

A process of its own: what it talks to is not ours, and must keep neither the API nor a worker waiting. What it has to
do lies in Redis: kill it, and the next one goes on; run several, and they share the work.
"""

import asyncio
import logging
import os
import random
import signal
import socket
import ssl
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from photochrom.processes.late_models import late_models
from photochrom.processes.start import importing

with importing(), late_models():
    from redis.exceptions import RedisError

    from photochrom import logs
    from photochrom.errors import DataTooNew, WebhookNotFound
    from photochrom.jobs.fleet import Dispatchers
    from photochrom.jobs.queue import connect
    from photochrom.proven_time import ProvenTime
    from photochrom.settings import UNUSABLE
    from photochrom.webhooks.record import Attempt, Delivery, Webhook
    from photochrom.webhooks.store import WebhookStore

    from ..operation.data import until_known
    from ..outbound.destinations import PinnedNetwork, Resolve, system_resolver
    from ..settings import ServiceSettings
    from .sender import Sender

_log = logging.getLogger(__name__)
_POLL_SECONDS = 0.5
_REDIS_SECONDS = 2.0
_FORGET_SECONDS = 3600.0
_BEAT_SECONDS = 5.0
# Events that happen after a key's end go to none of its webhooks anyway; this ends what waits for another attempt.
_KEYS_SECONDS = 1.0
_BEAT_TTL = 30  # a queue that is slow for a moment makes nobody ill
# More would be a load on the receiver, and one that hangs must not take all we have.
_AT_ONCE = 4
# An attempt is over by then, or its process is dead.
_LEASE_MARGIN = 30.0
_A_DAY = timedelta(days=1)


@dataclass
class Dispatcher:
    """Turns events into deliveries and sends those that are due, a few at a time to each webhook."""

    store: WebhookStore
    sender: Sender
    settings: ServiceSettings
    board: Dispatchers
    time: ProvenTime
    _under_way: Counter[str] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _forget_at: float = 0.0
    _beat_at: float = 0.0
    _keys_at: float = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then let what is under way end."""
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            try:
                busy = await self._look()
            except RedisError as error:
                _log.warning("Waiting for Redis: %s", error)
                await asyncio.wait({stopping}, timeout=_REDIS_SECONDS)
            else:
                pause = 0 if busy else _POLL_SECONDS
                # Whatever ends makes room for the next.
                await asyncio.wait(
                    {stopping, *self._tasks}, timeout=pause, return_when=asyncio.FIRST_COMPLETED
                )
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _look(self) -> bool:
        """Begin what is to be done; return True if there may be more at once."""
        if time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + _BEAT_SECONDS
            await asyncio.to_thread(self.board.beat, socket.gethostname(), _BEAT_TTL)
        if time.monotonic() >= self._keys_at:
            self._keys_at = time.monotonic() + _KEYS_SECONDS
            for webhook in await asyncio.to_thread(self.store.disable_orphans):
                _log.warning("Webhook %s is disabled: its key was revoked, or has expired", webhook.id)
        fanned_out = await asyncio.to_thread(self.store.fan_out, self.settings.links_begin)
        for webhook in await asyncio.to_thread(self.store.all):
            if not webhook.disabled:
                await self._begin(webhook)
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + _FORGET_SECONDS
            await asyncio.to_thread(self.forget)
        return fanned_out > 0

    async def _begin(self, webhook: Webhook) -> None:
        room = _AT_ONCE - self._under_way[webhook.id]
        if room <= 0:
            return
        lease = self.settings.webhook_timeout + _LEASE_MARGIN
        for delivery in await asyncio.to_thread(self.store.claim, webhook.id, room, lease):
            self._under_way[webhook.id] += 1
            task = asyncio.create_task(self._deliver(webhook, delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, webhook: Webhook, delivery: Delivery) -> None:
        try:
            attempt = await self.sender.send(webhook, delivery)
            await asyncio.to_thread(self._note, delivery, attempt)
        except RedisError as error:
            # It comes due again when its lease is over: at least once is the promise.
            _log.warning("Cannot note delivery %s: %s", delivery.id, error)
        except Exception:
            _log.exception("Delivery %s failed on our side", delivery.id)
        finally:
            self._under_way[webhook.id] -= 1

    def _note(self, delivery: Delivery, attempt: Attempt) -> None:
        settled = delivery.after(attempt, self.settings.webhook_retry_delays, random.random())  # noqa: S311
        if not self.store.settle(delivery, settled):
            return
        patience, now = self.settings.webhook_patience, self.time.now()
        with suppress(WebhookNotFound):
            heard = self.store.change(
                delivery.webhook_id, lambda webhook: webhook.heard(attempt, patience, now)
            )
            if heard.disabled:
                _log.warning("Webhook %s is disabled: %s", heard.id, heard.disabled)

    def forget(self) -> None:
        """Forget what has been shown for long enough."""
        self.store.forget(self.time.now() - self._log_retention())

    def _log_retention(self) -> timedelta:
        """Return how long to keep deliveries: longer than they are tried."""
        tried = timedelta(seconds=2 * sum(self.settings.webhook_retry_delays))
        return max(self.settings.webhook_log_retention, tried + _A_DAY)


async def dispatch(settings: ServiceSettings, stop: asyncio.Event, resolve: Resolve | None = None) -> None:
    """Run a dispatcher until `stop` is set; `resolve` is the system's resolver unless given."""
    network = PinnedNetwork(
        resolve or system_resolver(), settings.webhook_allowed_networks, settings.webhook_ports
    )
    sender = Sender(network, settings.webhook_timeout, ssl.create_default_context())
    with connect(settings.redis_url) as redis:
        checking, stopping = asyncio.create_task(until_known(redis)), asyncio.create_task(stop.wait())
        await asyncio.wait({checking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not checking.done():
            checking.cancel()
            return
        checking.result()
        dispatcher = Dispatcher(WebhookStore(redis), sender, settings, Dispatchers(redis), ProvenTime(redis))
        await dispatcher.run(stop)


async def _until_told(settings: ServiceSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await dispatch(settings, stop)


def main() -> int:
    """Send until SIGTERM or SIGINT."""
    try:
        settings = ServiceSettings()
    except UNUSABLE as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG
    logs.configure(settings.log_format)
    try:
        asyncio.run(_until_told(settings))
    except DataTooNew as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG
    return 0


if __name__ == "__main__":
    sys.exit(main())
