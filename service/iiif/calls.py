"""The calls of viewers: manifests, what is known of a picture, and its tiles, which a worker makes when asked."""

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from photochrom.errors import (
    BatchNotFound,
    JobConflict,
    JobNotFound,
    ObjectNotFound,
    QuotaExceeded,
    ResultExpired,
    ResultNotReady,
    StorageUnavailable,
    TilesNotReady,
)
from photochrom.jobs.parts import Result
from photochrom.jobs.queue import Extra
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from photochrom.photo.tiles import HEAD, Tiling, place_of, span_of, tiling_of
from photochrom.storage.storage import Storage

from ..caller import Caller
from ..deps import BatchId, CallerDep, JobId, Services, ServicesDep
from ..edge import problems
from ..edge.conditions import instead
from ..edge.prefix import address
from ..edge.routing import Router
from ..edge.storage_threads import on_storage_thread
from ..edge.streaming import streamed
from ..jobs.extras import ask_for
from ..jobs.files import Pictured, result_of
from ..live.waiting import wait_until
from .image import info, number_of
from .manifest import manifest_of_batch, manifest_of_job

router = Router(tags=["iiif"])
_OF_RESULT = (JobNotFound, ResultNotReady, ResultExpired)
_MADE = (JobConflict, QuotaExceeded)
_TILE: dict[str, Any] = {
    "content": {
        kind: {"schema": {"type": "string", "format": "binary"}}
        for kind in ("image/jpeg", "application/octet-stream")
    }
}


@router.get(
    "/v1/jobs/{job_id}/iiif/manifest.json",
    summary="Show a job in an IIIF viewer",
    responses=problems.responses(*_OF_RESULT),
)
def job_manifest(job_id: JobId, services: ServicesDep, request: Request) -> dict[str, Any]:
    """Return a manifest of the Presentation API 3: one canvas, with a choice of colour and grey."""
    result = result_of(services.store, job_id)
    return manifest_of_job(services.store.get(job_id), result, _origin(services, request))


@router.get(
    "/v1/batches/{batch_id}/iiif/manifest.json",
    summary="Show a batch in an IIIF viewer",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **problems.responses(BatchNotFound),
    },
)
def batch_manifest(batch_id: BatchId, services: ServicesDep, request: Request) -> Response:
    """Stream a manifest of the Presentation API 3: a canvas for each result that is there, in the order of sending."""
    batch = services.batches.get(batch_id)
    parts = manifest_of_batch(batch, _results(services.store, batch_id), _origin(services, request))
    return streamed(request, parts, "application/json", {})


@router.get(
    "/v1/jobs/{job_id}/iiif/{of}",
    summary="Go to a picture's info.json",
    status_code=303,
    response_class=RedirectResponse,
    responses=problems.responses(JobNotFound, problems.INVALID_REQUEST),
)
def picture(job_id: JobId, of: Pictured) -> Response:
    """Redirect to info.json, as the Image API requires."""
    return RedirectResponse(address(f"/v1/jobs/{job_id}/iiif/{of}/info.json"), 303)


@router.get(
    "/v1/jobs/{job_id}/iiif/{of}/info.json",
    summary="See what an IIIF viewer has to know of a picture",
    responses=problems.responses(*_OF_RESULT, *_MADE, problems.INVALID_REQUEST),
)
def picture_info(
    job_id: JobId, of: Pictured, services: ServicesDep, caller: CallerDep, request: Request
) -> dict[str, Any]:
    """Return the picture's size and tiles (Image API 3, level 0), and have a worker make them."""
    result = _asked(services, caller, job_id)
    base = f"{_origin(services, request)}/v1/jobs/{job_id}/iiif/{of}"
    return info(base, Tiling(*result.upright_size))


@router.get(
    "/v1/jobs/{job_id}/iiif/{of}/{region}/{size}/0/default.jpg",
    summary="Download a tile of a picture",
    response_class=Response,
    responses={
        200: _TILE,
        304: {"description": "Unchanged since this ETag"},
        **problems.responses(
            *_OF_RESULT, *_MADE, ObjectNotFound, TilesNotReady, StorageUnavailable, problems.INVALID_REQUEST
        ),
    },
)
async def tile(
    job_id: JobId,
    of: Pictured,
    region: str,
    size: str,
    request: Request,
    services: ServicesDep,
    caller: CallerDep,
) -> Response:
    """Return one of the tiles that info.json names; the first one waits while a worker makes them all.

    That counts as one photograph that is sent. They are kept as long as the result.
    """
    look = partial(_asked_for_tile, services, caller, job_id, region, size)
    result = await wait_until(
        services.watcher, job_id, look, lambda seen: seen.tiles_key is not None, services.settings.wait_limit
    )
    if result.tiles_key is None:
        raise TilesNotReady(TilesNotReady.sample)
    key = result.tiles_key if of is Pictured.RESULT else result.original_tiles_key
    if key is None:
        raise ObjectNotFound(
            "There are no tiles of the original: it was deleted before anybody asked for them."
        )
    tag = hashlib.sha256(f"{key} {region} {size}".encode()).hexdigest()[:32]
    headers = {
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{tag}"',
    }
    found = Response(headers=headers)
    if (other := instead(request, found.headers)) is not None:
        return other
    data = await on_storage_thread(_read, services.storage, key, region, size)
    return Response(data, headers=headers, media_type="image/jpeg")


def _asked(services: Services, caller: Caller, job_id: str) -> Result:
    """Return the result; where it has no tiles yet, have them made, unless they are, or others of this owner."""
    result = result_of(services.store, job_id)
    if result.tiles_key is None:
        record = services.store.get(job_id)
        ask_for(services, caller, record, Extra.TILES, JobRecord.ask_for_tiles)
    return result


def _asked_for_tile(services: Services, caller: Caller, job_id: str, region: str, size: str) -> Result:
    """Return the result as `_asked` does; nothing is made for a tile that there cannot be."""
    _place(Tiling(*result_of(services.store, job_id).upright_size), region, size)
    return _asked(services, caller, job_id)


def _place(tiling: Tiling, region: str, size: str) -> int:
    number = number_of(tiling, region, size)
    if number is None:
        raise ObjectNotFound("There is no such tile; info.json says which there are.")
    return number


def _read(storage: Storage, key: str, region: str, size: str) -> bytes:
    number = _place(tiling_of(_part(storage, key, HEAD)), region, size)
    return _part(storage, key, span_of(_part(storage, key, place_of(number))))


def _part(storage: Storage, key: str, span: tuple[int, int]) -> bytes:
    return b"".join(storage.read(key, *span).chunks)


def _results(store: JobStore, batch_id: str) -> Iterator[JobRecord]:
    """Yield them in the order of sending."""
    for records in store.listed(JobState.SUCCEEDED, batch_id):
        yield from records


def _origin(services: Services, request: Request) -> str:
    """Return scheme, host and path of the service: the identifiers of IIIF are whole addresses."""
    public = urlsplit(services.settings.public_url)
    scheme, host = (
        (public.scheme, public.netloc) if public.netloc else (request.url.scheme, request.url.netloc)
    )
    return f"{scheme}://{host}{address('')}"
