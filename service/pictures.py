"""What goes beside a result: small previews that any browser shows, and the map of where the network guessed."""

from enum import StrEnum

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from photochrom.errors import ObjectNotFound, ResultExpired, ResultNotReady
from photochrom.jobs import JobState, Result

from . import problems
from .deps import JobId, StorageDep, StoreDep

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
_HEADERS = {"Cache-Control": "private, max-age=3600, immutable", "X-Content-Type-Options": "nosniff"}
_PROBLEMS = problems.responses(404, 409, 410, 422, 503)


class Pictured(StrEnum):
    """Whose preview."""

    RESULT = "result"
    ORIGINAL = "original"


@router.get(
    "/{job_id}/preview",
    summary="See a small picture of the result or of the original",
    response_class=FileResponse,
    responses={200: {"content": {"image/jpeg": {}}}, **_PROBLEMS},
)
@router.head("/{job_id}/preview", include_in_schema=False)
def preview(job_id: JobId, store: StoreDep, storage: StorageDep, of: Pictured = Pictured.RESULT) -> Response:
    """Return an upright JPEG of at most 1,024 pixels; of an original, where its own format is not for browsers."""
    result = _result(job_id, store)
    key = result.preview_key if of is Pictured.RESULT else result.original_preview_key
    return _file(storage, key, "image/jpeg")


@router.get(
    "/{job_id}/confidence",
    summary="See where the network was sure",
    response_class=FileResponse,
    responses={200: {"content": {"image/png": {}}}, **_PROBLEMS},
)
@router.head("/{job_id}/confidence", include_in_schema=False)
def confidence(job_id: JobId, store: StoreDep, storage: StorageDep) -> Response:
    """Return a small upright grey PNG, to be stretched over the result: white where sure, black where guessed."""
    return _file(storage, _result(job_id, store).confidence_key, "image/png")


def _result(job_id: str, store: StoreDep) -> Result:
    record = store.get(job_id)
    if record.state is JobState.EXPIRED:
        raise ResultExpired("The result was deleted when its time was over; upload the photograph again.")
    if record.result is None:
        raise ResultNotReady(
            f"The job is {record.state}; there is no picture{'' if record.finished else ' yet'}."
        )
    return record.result


def _file(storage: StorageDep, key: str | None, media_type: str) -> Response:
    if key is None:
        raise ObjectNotFound("There is no such picture of this job.")
    try:
        path = storage.local_path(key)
    except ObjectNotFound as error:
        raise ResultExpired("The result has just been deleted.") from error
    return FileResponse(path, media_type=media_type, headers=_HEADERS)
