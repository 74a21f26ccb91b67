"""Puts the API together."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from redis import Redis
from starlette.middleware.cors import CORSMiddleware

from photochrom import __version__, tracing
from photochrom.access.key_store import KeyStore
from photochrom.access.quotas import Allowance
from photochrom.batches.store import BatchStore
from photochrom.batches.turns import Turns
from photochrom.errors import DataTooNew
from photochrom.jobs.fleet import Fleet
from photochrom.jobs.queue import JobQueue, connect
from photochrom.jobs.store import JobStore
from photochrom.ownership import Ownership
from photochrom.storage.choose import open_for_uploads
from photochrom.webhooks.store import WebhookStore

from . import page
from .access import sessions
from .access.auth import KeyGuard
from .access.origins import OriginGuard, hosts_of
from .archives_at_once import ArchivesAtOnce
from .batches import archives
from .batches import calls as batches
from .batches import events as batch_events
from .deps import Services
from .edge import handlers
from .edge.bodies import BodyLimit
from .edge.canonical import Canonical
from .edge.compression import JsonGzip
from .edge.conditions import Conditions
from .edge.failures import Failures
from .edge.headers import AnswerHeaders
from .edge.prefix import Forwarded
from .edge.request_id import RequestId
from .iiif import calls as iiif
from .iiif.sharing import ViewersOrigins
from .jobs import calls as jobs
from .jobs import events as job_events
from .jobs import files, proposals, suggestions
from .openapi import document, swagger
from .operation import health, metrics
from .operation.data import claim, until_known
from .operation.metrics import RequestMeter
from .operation.traces import RequestTrace
from .outbound.fetch import fetcher_of
from .pages import calls as pages
from .settings import ServiceSettings
from .standing import ServiceLooks
from .uploads_at_once import UploadsAtOnce
from .watcher import JobWatcher
from .webhooks import calls as webhooks

_log = logging.getLogger(__name__)
_ABOUT = """Colorizes black-and-white photographs at full resolution.

Upload with `POST /v1/jobs`, poll `GET /v1/jobs/{id}`, download `GET /v1/jobs/{id}/result`.
Errors are problem+json (RFC 9457) with a stable `code`."""
_START_SECONDS = 1.0
# Each takes a core for minutes.
_ARCHIVES_AT_A_TIME = 2
_PARTS = (
    jobs,
    files,
    suggestions,
    proposals,
    iiif,
    pages,
    batches,
    archives,
    job_events,
    batch_events,
    webhooks,
    sessions,
    health,
    metrics,
)
_ROUTERS = tuple(part.router for part in _PARTS)
# What a page of another origin may read beside the few headers that are always open to it.
_EXPOSED = [
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
]


def create_app(settings: ServiceSettings) -> FastAPI:
    """Return the ASGI app; it connects when it starts, not here."""
    app = FastAPIOffline(
        title="Photochrom",
        version=__version__,
        description=_ABOUT,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        static_url=swagger.FILES,
        # Starlette's redirects name a scheme and a host, which behind a proxy are not the caller's.
        redirect_slashes=False,
        separate_input_output_schemas=False,
        # FastAPI's built-in spans record query strings, which may be private; ours are in `traces`.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.settings = settings
    app.state.registry = metrics.own_registry()
    routers = (*_ROUTERS, swagger.router, page.page_router())
    app.state.calls = [call for router in routers for call in router.routes]
    handlers.install(app)
    document.describe(app)
    # `include_router` would work every route out anew for each app, at its first request: a tenth of a second.
    app.router.routes.extend(app.state.calls)
    app.add_middleware(Conditions)
    app.add_middleware(KeyGuard, required=settings.keys_required, limits=settings.key_limits())
    app.add_middleware(OriginGuard, hosts=hosts_of(settings), origins=settings.cors_origins)
    app.add_middleware(JsonGzip)
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_upload_bytes,
        max_archive_bytes=settings.max_archive_bytes,
        patience=settings.client_timeout,
    )
    app.add_middleware(Failures)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        )
    if settings.iiif_origins:
        app.add_middleware(ViewersOrigins, origins=settings.iiif_origins)
    app.add_middleware(AnswerHeaders)
    app.add_middleware(RequestMeter, registry=app.state.registry)
    app.add_middleware(RequestId)
    if tracing.on():
        app.add_middleware(RequestTrace)
    proxies = [str(proxy) for proxy in settings.trusted_proxies]
    app.add_middleware(Forwarded, trusted_hosts=proxies, prefix=settings.prefix)
    app.add_middleware(Canonical)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: ServiceSettings = app.state.settings
    redis = connect(settings.redis_url)
    store = JobStore(redis, settings.retention())
    queue = JobQueue(redis, job_timeout=settings.job_timeout)
    fleet, storage = Fleet(redis), open_for_uploads(settings)
    looks = ServiceLooks(fleet, storage)
    services = Services(
        settings=settings,
        redis=redis,
        store=store,
        queue=queue,
        batches=BatchStore(redis, store, queue, settings.record_retention),
        turns=Turns(redis, store, queue),
        webhooks=WebhookStore(redis),
        storage=storage,
        fleet=fleet,
        looks=looks,
        uploads=UploadsAtOnce(settings.uploads_at_once),
        watcher=JobWatcher(settings.redis_url),
        keys=KeyStore(redis),
        allowance=Allowance(redis),
        fetcher=fetcher_of(settings),
        archives=ArchivesAtOnce(_ARCHIVES_AT_A_TIME),
    )
    services.storage.discard_drafts()
    app.state.services = services
    async with services.watcher.listening(), looks.shared():
        checking = asyncio.create_task(_check(redis, Ownership(redis, storage, store.named)))
        # Where queue or storage hang, the service starts all the same.
        await asyncio.wait({checking}, timeout=_START_SECONDS)
        yield
        checking.cancel()
    redis.close()


async def _check(redis: Redis, ownership: Ownership) -> None:
    """Work with data that this version knows and that have an owner."""
    try:
        await until_known(redis)
        await claim(ownership)
    except DataTooNew as error:
        _log.critical("%s", error)
        signal.raise_signal(signal.SIGTERM)
