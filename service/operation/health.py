"""Whether the service lives, whether it is ready, and what it works with."""

import asyncio
from collections import Counter, defaultdict
from datetime import timedelta

from fastapi import Request, Response

from photochrom.access.quotas import Allowance
from photochrom.jobs.parts import ModelUsed
from photochrom.photo.options import OutputFormat
from photochrom.photo.sniff import PhotoFormat
from photochrom.times import utc_now

from ..caller import Caller
from ..deps import CallerDep, ServicesDep
from ..edge import problems
from ..edge.routing import Router
from .schemas import AllowanceView, LimitsView, ModelView, Readiness, WorkerView

router = Router(tags=["service"])


@router.get("/healthz", summary="Is the API process alive?")
async def healthz() -> dict[str, str]:
    """Answer, without asking anybody else."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Would a photograph be colorized now?",
    response_model=Readiness,
    responses=problems.responses(problems.NOT_READY),
)
async def readyz(request: Request, services: ServicesDep) -> Response:
    """Check queue, storage and workers; 503 with the same parts if one of them is missing.

    Anybody may ask, so machines, processes and folders are not named here; the log and `/metrics` name them. The
    answer is at most five seconds old.
    """
    (queue, workers), storage = await asyncio.gather(
        services.looks.workers.found(), services.looks.storage.found()
    )
    first = workers[0].model if workers else None
    found = Readiness(
        ready=queue == "ok" and storage == "ok" and bool(workers),
        queue=queue,
        storage=storage,
        workers=[
            WorkerView(
                name=f"worker {number}", model=w.model, film_model=w.film_model, busy=w.job_id is not None
            )
            for number, w in enumerate(workers, start=1)
        ],
        model=_named(first),
        film_model=_named(workers[0].film_model) if workers else None,
        provider=first.provider if first else None,
    )
    if found.ready:
        return Response(found.model_dump_json(), media_type="application/json")
    missing = [f"queue: {queue}", f"storage: {storage}", f"workers: {len(workers)}"]
    return problems.problem(
        request, 503, "not-ready", "; ".join(missing) + ".", members=found.model_dump(mode="json")
    )


@router.get("/v1/models", summary="Models that the workers have loaded", responses=problems.responses())
def models(services: ServicesDep) -> list[ModelView]:
    """Return each model with its workers by execution provider; none while no worker lives."""
    loaded: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    able: dict[tuple[str, str], set[str]] = {}
    written: dict[tuple[str, str], set[OutputFormat]] = defaultdict(
        lambda: set(OutputFormat) - {OutputFormat.SAME}
    )
    finders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for worker in services.fleet.alive():
        for used, takes in (
            (worker.model, worker.capabilities),
            (worker.film_model, worker.film_capabilities),
        ):
            if used is not None:
                model = used.name, used.version
                loaded[model][used.provider] += 1
                able[model] = able.get(model, set(takes)) & set(takes)
                written[model] &= set(worker.writes)
                if worker.finder is not None:
                    finders[model].add(f"{worker.finder.name} {worker.finder.version}")
    return [
        ModelView(
            name=model[0],
            version=model[1],
            capabilities=sorted(able[model]),
            writes=sorted(written[model]),
            providers=dict(providers),
            finders=sorted(finders[model]),
        )
        for model, providers in sorted(loaded.items())
    ]


@router.get(
    "/v1/limits",
    summary="What this server takes, how long it keeps it, and what the caller may still send",
    responses=problems.responses(),
)
def limits(services: ServicesDep, caller: CallerDep) -> LimitsView:
    """Return the limits on uploads, and what is left of the caller's own quota."""
    settings = services.settings
    return LimitsView(
        max_upload_bytes=settings.max_upload_bytes,
        max_pixels=settings.max_pixels,
        max_wait_seconds=settings.wait_limit,
        input_retention_seconds=_seconds(settings.input_retention),
        result_retention_seconds=_seconds(settings.result_retention),
        record_retention_seconds=_seconds(settings.record_retention),
        formats=[known.media_type for known in PhotoFormat],
        allowance=_allowance(services.allowance, caller),
    )


def _named(model: ModelUsed | None) -> str | None:
    return f"{model.name} {model.version}" if model else None


def _seconds(kept: timedelta | None) -> float | None:
    return None if kept is None else kept.total_seconds()


def _allowance(allowance: Allowance, caller: Caller) -> AllowanceView | None:
    if caller.key is None:
        return None
    return AllowanceView.of(caller.limits, allowance.used(caller.owner), utc_now())
