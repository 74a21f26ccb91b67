"""What endpoints ask for, each named once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from redis import Redis

from photochrom.access.key_store import KeyStore
from photochrom.access.quotas import Allowance
from photochrom.batches.store import BatchStore
from photochrom.batches.turns import Turns
from photochrom.errors import BatchNotFound, DeliveryNotFound, JobNotFound, PageNotFound, WebhookNotFound
from photochrom.ids import PATTERN
from photochrom.jobs.fleet import Fleet
from photochrom.jobs.queue import JobQueue
from photochrom.jobs.store import JobStore
from photochrom.storage.storage import Storage
from photochrom.webhooks.store import WebhookStore

from .archives_at_once import ArchivesAtOnce
from .caller import EVERYBODY, Caller
from .outbound.fetch import Fetcher
from .settings import ServiceSettings
from .standing import ServiceLooks
from .uploads_at_once import UploadsAtOnce
from .watcher import JobWatcher

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
    turns: Turns
    keys: KeyStore
    allowance: Allowance
    webhooks: WebhookStore
    looks: ServiceLooks
    uploads: UploadsAtOnce
    fetcher: Fetcher | None
    """Fetches photographs from addresses; None where the operator does not want that."""
    archives: ArchivesAtOnce


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


def _caller(request: Request) -> Caller:
    return cast("Caller", getattr(request.state, "caller", EVERYBODY))


ServicesDep = Annotated[Services, Depends(_services)]
CallerDep = Annotated[Caller, Depends(_caller)]


async def _job_id(job_id: str, services: ServicesDep, caller: CallerDep) -> str:
    if not _ID.fullmatch(job_id) or not await _sees(caller, services.store.owner, job_id):
        raise JobNotFound(job_id)
    return job_id


async def _hints_of(
    services: ServicesDep,
    caller: CallerDep,
    hints_of: Annotated[
        list[str],
        Query(
            max_length=64,
            description="Jobs whose hints are proposed, of the same files as those of the series; all those of the "
            "series where none is named. One of this photograph itself says beside which spots none are wanted.",
        ),
    ] = [],  # noqa: B006 - FastAPI copies it
) -> list[str]:
    return [await _job_id(named, services, caller) for named in hints_of]


async def _page_id(page_id: str, services: ServicesDep, caller: CallerDep) -> str:
    try:
        return await _job_id(page_id, services, caller)
    except JobNotFound:
        raise PageNotFound(page_id) from None


async def _batch_id(batch_id: str, services: ServicesDep, caller: CallerDep) -> str:
    if not _ID.fullmatch(batch_id) or not await _sees(caller, services.batches.owner, batch_id):
        raise BatchNotFound(batch_id)
    return batch_id


async def _sees(caller: Caller, owner: Callable[[str], str], key: str) -> bool:
    """Ask for the owner only where it matters; ids are never used twice, so what was seen once may be used."""
    return caller.only is None or caller.sees(await run_in_threadpool(owner, key))


async def _webhook_id(webhook_id: str, services: ServicesDep, caller: CallerDep) -> str:
    if not _ID.fullmatch(webhook_id):
        raise WebhookNotFound(webhook_id)
    if caller.only is not None:
        webhook = await run_in_threadpool(services.webhooks.get, webhook_id)
        if not caller.sees_webhook(webhook):
            raise WebhookNotFound(webhook_id)
    return webhook_id


async def _delivery_id(delivery_id: str) -> str:
    # Whose it is, its webhook says: a delivery is only looked for among those of one.
    if not _ID.fullmatch(delivery_id):
        raise DeliveryNotFound(delivery_id)
    return delivery_id


# The only ways by which calls take ids. What is no id must not become part of a key: "{id}:jobs" is one that holds
# something else. And what is another's is not there: the answer is the same as to an id that never was.
JobId = Annotated[str, Depends(_job_id)]
HintsOf = Annotated[list[str], Depends(_hints_of)]
PageId = Annotated[str, Depends(_page_id)]
BatchId = Annotated[str, Depends(_batch_id)]
WebhookId = Annotated[str, Depends(_webhook_id)]
DeliveryId = Annotated[str, Depends(_delivery_id)]
