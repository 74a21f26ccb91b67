"""`/metrics` for Prometheus: queue, workers and jobs as Redis knows them, and this process's own requests."""

import time
from collections.abc import Iterator
from typing import cast

from fastapi import Request, Response
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from redis import Redis
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.jobs import counters
from photochrom.jobs.findings import LEFT, OWNED, UNREADABLE, Findings
from photochrom.jobs.fleet import Fleet
from photochrom.jobs.queue import JobQueue
from photochrom.jobs.states import UNFINISHED
from photochrom.jobs.store import JobStore

from ..deps import ServicesDep
from ..edge import problems
from ..edge.methods import known_method
from ..edge.routing import Router

router = Router(tags=["service"])
_FINDINGS = {
    OWNED: (
        "photochrom_storage_owned",
        "1 where queue and storage are known to belong together; 0 where nothing is deleted for want of a job.",
    ),
    LEFT: (
        "photochrom_orphans_left",
        "Files that no job names, left alone at the last look because they were too many.",
    ),
}
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def own_registry() -> CollectorRegistry:
    """Return what concerns this API process alone: its memory, CPU time and open files, by their usual names."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


class RequestMeter:
    """Counts requests and the seconds until each answer began (a stream has no end worth measuring)."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._seconds = Histogram(
            "photochrom_http_request_seconds",
            "Seconds until the answer began, by the call's method and path as documented, and status; 499 is a "
            "caller who left, and an answer that we broke off counts once more, as 500.",
            ("method", "path", "status"),
            buckets=_BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        counted: list[int] = []

        def measured(status: int) -> None:
            counted.append(status)
            # Of unknown paths and methods only that they are unknown: their number has no bound.
            path = getattr(scope.get("route"), "path_format", "unknown")
            self._seconds.labels(known_method(scope), path, status).observe(time.perf_counter() - start)

        async def send_measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                measured(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_measured)
        except Exception:
            scope["failed"] = True
            raise
        finally:
            if scope.get("failed") and 500 not in counted:
                measured(500)


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"example": "photochrom_queue_jobs 3.0\n"}}},
        **problems.responses(),
    },
)
def metrics(request: Request, services: ServicesDep) -> Response:
    """Return every meter in Prometheus' text format."""
    from_redis = CollectorRegistry()
    from_redis.register(_Redis(services.redis, services.store, services.queue, services.fleet))
    own: CollectorRegistry = request.app.state.registry
    return Response(generate_latest(from_redis) + generate_latest(own), media_type=CONTENT_TYPE_LATEST)


class _Redis(Collector):
    """What Redis knows, read anew for every scrape."""

    def __init__(self, redis: Redis, store: JobStore, queue: JobQueue, fleet: Fleet) -> None:
        self._redis, self._store, self._queue_of_jobs, self._fleet = redis, store, queue, fleet

    def collect(self) -> Iterator[Metric]:
        yield from self._queue()
        yield from self._workers()
        yield from _jobs(counters.read(self._redis))
        yield from _findings(Findings(self._redis).read())

    def _queue(self) -> Iterator[Metric]:
        # Of a batch only a few items are here at a time, so that others get their turn: to scale by, take the next.
        yield GaugeMetricFamily(
            "photochrom_queue_jobs",
            "Jobs in the queue, ready for a worker.",
            value=self._queue_of_jobs.waiting(),
        )
        counts = self._store.counts()
        unfinished = GaugeMetricFamily(
            "photochrom_unfinished_jobs",
            "Jobs that are not at their end, by state; items that wait for their turn in a batch included.",
            labels=("state",),
        )
        for state in UNFINISHED:
            unfinished.add_metric((state,), counts[state])
        yield unfinished
        memory = cast("dict[str, int]", self._redis.info("memory"))
        yield GaugeMetricFamily(
            "photochrom_queue_memory_bytes", "Memory of the queue's server.", value=memory["used_memory"]
        )
        yield GaugeMetricFamily(
            "photochrom_queue_memory_limit_bytes",
            "What it may take before it refuses jobs; 0 where it has no limit.",
            value=memory["maxmemory"],
        )

    def _workers(self) -> Iterator[Metric]:
        workers = GaugeMetricFamily(
            "photochrom_workers", "Live worker processes.", labels=("provider", "busy")
        )
        memory = GaugeMetricFamily(
            "photochrom_worker_resident_bytes", "Memory of each live worker.", labels=("worker",)
        )
        alive = self._fleet.alive()
        kinds = [(w.model.provider, str(w.job_id is not None).lower()) for w in alive]
        for kind in sorted(set(kinds)):
            workers.add_metric(kind, kinds.count(kind))
        for worker in alive:
            memory.add_metric((worker.name,), worker.resident_bytes)
        yield from (workers, memory)


def _findings(found: dict[str, int]) -> Iterator[Metric]:
    # What nobody has looked for yet is not shown: it is neither right nor wrong.
    for name, number in found.items():
        if name in _FINDINGS:
            yield GaugeMetricFamily(*_FINDINGS[name], value=number)
    yield CounterMetricFamily(
        "photochrom_unreadable_records",
        "Records that this version could not read when their time was over; each is counted once a day.",
        value=found.get(UNREADABLE, 0),
    )


def _jobs(readings: counters.Readings) -> Iterator[Metric]:
    ended = CounterMetricFamily("photochrom_jobs", "Jobs that ended, by state.", labels=("state",))
    failed = CounterMetricFamily("photochrom_job_failures", "Failed jobs, by error code.", labels=("code",))
    made = CounterMetricFamily(
        "photochrom_photographs",
        "Photographs colorized, by model and execution provider.",
        labels=("model", "version", "provider"),
    )
    seconds = HistogramMetricFamily(
        "photochrom_job_seconds", "Seconds by stage; `wait` is the time in the queue.", labels=("stage",)
    )
    for state, count in sorted(readings.jobs.items()):
        ended.add_metric((state,), count)
    for code, count in sorted(readings.failures.items()):
        failed.add_metric((code,), count)
    for model, count in sorted(readings.models.items()):
        made.add_metric(model, count)
    for stage, found in sorted(readings.stages.items()):
        bounds = ["+Inf" if bound == float("inf") else str(bound) for bound in counters.BOUNDS]
        seconds.add_metric((stage,), list(zip(bounds, map(float, found.counts), strict=True)), found.seconds)
    yield from (ended, failed, made, seconds)
