"""What endpoints ask for, each named once."""

import re
from dataclasses import dataclass
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request
from redis import Redis

from photochrom.batch_store import BatchStore
from photochrom.errors import BatchNotFound, DeliveryNotFound, JobNotFound, WebhookNotFound
from photochrom.fleet import Fleet
from photochrom.ids import PATTERN
from photochrom.job_store import JobStore
from photochrom.queue import JobQueue
from photochrom.storage import Storage
from photochrom.webhook_store import WebhookStore

from .events import JobWatcher
from .settings import ServiceSettings

_ID = re.compile(PATTERN)


@dataclass(frozen=True)
class Services:
    """Everything that lives as long as the app."""

    settings: ServiceSettings
    redis: Redis
    store: JobStore
    queue: JobQueue
    storage: Storage
    fleet: Fleet
    watcher: JobWatcher
    batches: BatchStore
    webhooks: WebhookStore
    unpacking: CapacityLimiter
    """Threads that archives are unpacked on: not those that all other calls share."""


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


async def _job_id(job_id: str) -> str:
    if not _ID.fullmatch(job_id):
        raise JobNotFound(job_id)
    return job_id


async def _batch_id(batch_id: str) -> str:
    if not _ID.fullmatch(batch_id):
        raise BatchNotFound(batch_id)
    return batch_id


async def _webhook_id(webhook_id: str) -> str:
    if not _ID.fullmatch(webhook_id):
        raise WebhookNotFound(webhook_id)
    return webhook_id


async def _delivery_id(delivery_id: str) -> str:
    if not _ID.fullmatch(delivery_id):
        raise DeliveryNotFound(delivery_id)
    return delivery_id


# What is no id must not become part of a key: "{id}:jobs" is one that holds something else.
JobId = Annotated[str, Depends(_job_id)]
BatchId = Annotated[str, Depends(_batch_id)]
WebhookId = Annotated[str, Depends(_webhook_id)]
DeliveryId = Annotated[str, Depends(_delivery_id)]
ServicesDep = Annotated[Services, Depends(_services)]
