"""The files of a job: result and original, small previews of both, and the map of where the network guessed."""

import hashlib
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from starlette.datastructures import Headers

from photochrom.errors import (
    JobNotFound,
    ObjectNotFound,
    OriginalExpired,
    PreconditionFailed,
    ResultExpired,
    ResultNotReady,
    StorageUnavailable,
)
from photochrom.jobs.parts import Original, Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from photochrom.storage.storage import Storage

from ..deps import JobId, ServicesDep
from ..edge import problems
from ..edge.conditions import instead
from ..edge.routing import Router
from ..edge.storage_threads import waits_for_storage
from ..edge.stored_files import stored_response

router = Router(prefix="/v1/jobs", tags=["jobs"])
# Asked for again each time, which costs a 304: what was deleted, or is another's after signing out, is not shown.
FILE_HEADERS = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}


def file_answers(
    *kinds: problems.Kind, missing: problems.Kind = JobNotFound
) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of a file that takes Range, and of these refusals."""
    answers = problems.responses(
        missing,
        StorageUnavailable,
        PreconditionFailed,
        problems.OUT_OF_RANGE,
        *kinds,
    )
    answers[416]["description"] = "The range lies outside of the file"
    known: dict[int | str, dict[str, Any]] = {
        206: {"description": "The range that was asked for"},
        304: {"description": "Unchanged since this ETag"},
    }
    return {**known, **answers}


# Generators of clients that know no `image/*` take the second for any bytes.
_BYTES = {"schema": {"type": "string", "format": "binary"}}
PICTURE: dict[str, Any] = {"content": {"image/jpeg": _BYTES, "application/octet-stream": _BYTES}}
"""The OpenAPI entry of a small picture."""
PHOTO: dict[str, Any] = {"content": {"image/*": _BYTES, "application/octet-stream": _BYTES}}
_OF_RESULT = (ResultNotReady, ResultExpired)
_OF_PICTURE = (*_OF_RESULT, ObjectNotFound, problems.INVALID_REQUEST)


class Pictured(StrEnum):
    """Whose preview."""

    RESULT = "result"
    ORIGINAL = "original"


@router.get(
    "/{job_id}/result",
    summary="Download the colorized photograph",
    response_class=FileResponse,
    responses={
        200: PHOTO,
        307: {"description": "A link to the object store, if that was asked for and there is one"},
        **file_answers(*_OF_RESULT),
    },
)
@waits_for_storage
def download_result(
    job_id: JobId,
    request: Request,
    services: ServicesDep,
    redirect: Annotated[
        bool,
        Query(
            description="Redirect to the object store, by a link that is valid for some minutes; no effect on a disk."
        ),
    ] = False,
) -> Response:
    """Return the file; takes Range, and If-None-Match with the ETag, which is its SHA-256."""
    result = result_of(services.store, job_id)
    tag = {"ETag": f'"{result.sha256}"'}
    if (other := instead(request, Headers(FILE_HEADERS | tag))) is not None:
        return other
    # A link is signed for GET alone.
    if redirect and request.method == "GET" and (link := services.storage.link(result.key)):
        return RedirectResponse(link, 307, headers={"Cache-Control": "no-store"})
    return _file(
        request, services.storage, result.key, result.media_type, name=result.name, headers=FILE_HEADERS | tag
    )


@router.get(
    "/{job_id}/original",
    summary="Download the photograph as it came in",
    response_class=FileResponse,
    responses={
        200: PHOTO,
        **file_answers(OriginalExpired),
    },
)
@waits_for_storage
def download_original(job_id: JobId, request: Request, services: ServicesDep) -> Response:
    """Return exactly the bytes that were sent, while they are kept."""
    return as_it_came(request, services.storage, services.store.get(job_id).original)


@router.get(
    "/{job_id}/reference",
    summary="Download the photograph that lent its palette",
    response_class=FileResponse,
    responses={
        200: PHOTO,
        **file_answers(ObjectNotFound, OriginalExpired),
    },
)
@waits_for_storage
def download_reference(job_id: JobId, request: Request, services: ServicesDep) -> Response:
    """Return the reference that was sent with the job, while it is kept."""
    reference = services.store.get(job_id).reference
    if reference is None:
        raise ObjectNotFound("This job has no reference photograph.")
    return as_it_came(request, services.storage, reference)


def as_it_came(request: Request, storage: Storage, part: Original) -> Response:
    """Answer with a file that was sent; raise `OriginalExpired` where it is gone."""
    headers = FILE_HEADERS | {"ETag": f'"{part.sha256}"'}
    try:
        return stored_response(
            request, storage, part.key, media_type=part.media_type, name=part.name, headers=headers
        )
    except ObjectNotFound as error:
        raise OriginalExpired("The original was deleted when its time was over.") from error


@router.get(
    "/{job_id}/preview",
    summary="See a small picture of the result or of the original",
    response_class=FileResponse,
    responses={
        200: PICTURE,
        **file_answers(*_OF_PICTURE),
    },
)
@waits_for_storage
def preview(
    job_id: JobId, request: Request, services: ServicesDep, of: Pictured = Pictured.RESULT
) -> Response:
    """Return an upright JPEG of at most 1,024 pixels, also of an original that browsers cannot show."""
    result = result_of(services.store, job_id)
    key = result.preview_key if of is Pictured.RESULT else result.original_preview_key
    return _small(request, services.storage, key, "image/jpeg")


@router.get(
    "/{job_id}/confidence",
    summary="See where the network was sure",
    response_class=FileResponse,
    responses={
        200: {"content": {"image/png": _BYTES, "application/octet-stream": _BYTES}},
        **file_answers(*_OF_PICTURE),
    },
)
@waits_for_storage
def confidence(job_id: JobId, request: Request, services: ServicesDep) -> Response:
    """Return a small upright grey PNG, to lay over the result: white where the network was sure, black where not."""
    return _small(request, services.storage, result_of(services.store, job_id).confidence_key, "image/png")


@router.get(
    "/{job_id}/repairs",
    summary="See what was repaired",
    response_class=FileResponse,
    responses={
        200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
        **file_answers(*_OF_PICTURE),
    },
)
@waits_for_storage
def repairs(job_id: JobId, request: Request, services: ServicesDep) -> Response:
    """Return an upright grey PNG of the result's size: white where repaired, grey where damage was found and left."""
    return _small(request, services.storage, result_of(services.store, job_id).repairs_key, "image/png")


def result_of(store: JobStore, job_id: str) -> Result:
    """Return the result of a job.

    Raises:
        JobNotFound, ResultNotReady, ResultExpired: there is none.
    """
    record = store.get(job_id)
    if record.state is JobState.EXPIRED:
        raise ResultExpired("The result was deleted when its time was over; upload the photograph again.")
    if record.result is None:
        raise ResultNotReady(_why_no_result(record))
    return record.result


def _why_no_result(record: JobRecord) -> str:
    if record.state is JobState.FAILED and record.error:
        return f"The job failed ({record.error.code}): {record.error.detail}"
    if record.split is not None and record.state is JobState.SUCCEEDED:
        return "This is a page; its photographs have results of their own, in the batch that is made of them."
    return f"The job is {record.state}; there is no result{'' if record.finished else ' yet'}."


def _small(request: Request, storage: Storage, key: str | None, media_type: str) -> Response:
    """Return a small picture, whose key always stands for the same one."""
    tag = {"ETag": f'W/"{hashlib.sha256((key or "").encode()).hexdigest()}"'}
    return _file(request, storage, key, media_type, headers=FILE_HEADERS | tag)


def _file(
    request: Request,
    storage: Storage,
    key: str | None,
    media_type: str,
    *,
    headers: dict[str, str],
    name: str | None = None,
) -> Response:
    if key is None:
        raise ObjectNotFound("There is no such picture of this job.")
    try:
        return stored_response(request, storage, key, media_type=media_type, name=name, headers=headers)
    except ObjectNotFound as error:
        raise ResultExpired("The result has just been deleted.") from error
