"""The calls on scans of album pages."""

import hashlib
from functools import partial
from typing import Annotated

from fastapi import Header, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import Headers

from photochrom.as_json import AS_JSON
from photochrom.errors import (
    BadFrames,
    FramesNotReady,
    IdempotencyMismatch,
    InvalidOption,
    JobConflict,
    ObjectNotFound,
    OriginalExpired,
    PageNotFound,
    PreconditionFailed,
    QueueFull,
    QuotaExceeded,
    StorageUnavailable,
    TooManyBatches,
    WorkersTooOld,
)
from photochrom.jobs.record import JobRecord

from ..batches.schemas import BatchView, NewBatch, view_of
from ..deps import CallerDep, PageId, ServicesDep
from ..edge import problems
from ..edge.conditions import IfMatch, instead
from ..edge.prefix import address
from ..edge.routing import Router
from ..edge.storage_threads import waits_for_storage
from ..jobs.calls import erase, position_of, require_known
from ..jobs.files import FILE_HEADERS, PHOTO, PICTURE, as_it_came, file_answers
from ..live.later import RETRY_AFTER
from ..live.standing import Standing
from ..live.waiting import IfNoneMatch, Prefer, answer
from ..uploads.accept import accept_page
from ..uploads.described import REFUSALS, Described, page_body
from ..uploads.take import take
from .schemas import NewFrames, PageView
from .standing import page_of, standing
from .start import start

router = Router(prefix="/v1/pages", tags=["pages"])


@router.post(
    "",
    status_code=202,
    response_model=PageView,
    summary="Find the photographs on an album page",
    responses={
        200: {
            "model": PageView,
            "description": "Found within `Prefer: wait`, or by an earlier call with this key",
        },
        **problems.responses(IdempotencyMismatch, *REFUSALS),
    },
    openapi_extra=Described(page_body),
)
async def create_page(
    request: Request,
    services: ServicesDep,
    caller: CallerDep,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
    prefer: Prefer = None,
) -> Response:
    """Upload one scan as you upload a photograph; options apply to the photographs on it.

    Then check the frames, replace those that are wrong, and start a batch of the photographs.
    """
    return await take(
        request,
        services,
        caller,
        accept_page,
        idempotency_key=idempotency_key,
        prefer=prefer,
        path="/v1/pages",
        look=partial(page_of, services.store),
        standing=partial(_standing, services),
    )


@router.get(
    "/{page_id:id}",
    response_model=PageView,
    summary="See the photographs found on a page",
    responses={304: {"description": "Unchanged since this ETag"}, **problems.responses(PageNotFound)},
)
async def read_page(
    page_id: PageId, services: ServicesDep, if_none_match: IfNoneMatch = None, prefer: Prefer = None
) -> Response:
    """Poll this with If-None-Match and `Prefer: wait`, or listen to the events of the job with this id."""
    return await answer(
        services.watcher,
        page_id,
        lambda: _standing(services, page_of(services.store, page_id)),
        prefer=prefer,
        longest=services.settings.wait_limit,
        if_none_match=if_none_match,
        retry_after=RETRY_AFTER,
    )


@router.put(
    "/{page_id}/frames",
    summary="Replace the frames of a page",
    response_model=PageView,
    responses=problems.responses(
        *problems.JSON_BODY, PageNotFound, JobConflict, FramesNotReady, PreconditionFailed, BadFrames
    ),
)
def put_frames(
    page_id: PageId, services: ServicesDep, response: Response, frames: NewFrames, if_match: IfMatch = None
) -> PageView:
    """Say where the photographs lie, in pixels of the upright page: moved, added, joined, removed or turned.

    A photograph at an angle of 90 is turned back by a quarter when it is cut. A page without frames is one photograph.
    """

    def framed(record: JobRecord) -> JobRecord:
        if record.split is None or not record.split.pages:
            raise FramesNotReady(f"The page is {record.state}; its photographs are not found.")
        require_known(record, if_match)
        return record.frame(frames.over(record.split))

    page_of(services.store, page_id)
    record = services.store.change(page_id, framed)
    response.headers["ETag"] = standing(record).etag
    return PageView.of(record, None)


@router.post(
    "/{page_id}/batch",
    status_code=201,
    summary="Cut a page, and colorize its photographs as a batch",
    responses={
        200: {"model": BatchView, "description": "The batch that an earlier call with this key began"},
        **problems.responses(
            *problems.JSON_BODY,
            *problems.DISK,
            PageNotFound,
            FramesNotReady,
            OriginalExpired,
            IdempotencyMismatch,
            InvalidOption,
            TooManyBatches,
            QueueFull,
            QuotaExceeded,
            StorageUnavailable,
            WorkersTooOld,
        ),
    },
)
@waits_for_storage
def start_batch(
    page_id: PageId,
    services: ServicesDep,
    caller: CallerDep,
    response: Response,
    new: NewBatch | None = None,
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> BatchView:
    """Begin a batch whose items are the page itself and, as soon as it is cut, its photographs.

    Those of `album.jpg` are called `album/1.jpg`, `album/2.jpg` and so on. Without `options` they have the page's.
    """
    page = page_of(services.store, page_id)
    batch, is_new = start(services, caller, page, new or NewBatch(), idempotency_key)
    response.headers["Location"] = address(f"/v1/batches/{batch.id}")
    if not is_new:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    return view_of(services.store, batch)


@router.get(
    "/{page_id}/original",
    summary="Download the scan as it came in",
    response_class=FileResponse,
    responses={200: PHOTO, **file_answers(OriginalExpired, missing=PageNotFound)},
)
@waits_for_storage
def download_scan(page_id: PageId, request: Request, services: ServicesDep) -> Response:
    """Return exactly the bytes that were sent, while they are kept."""
    return as_it_came(request, services.storage, page_of(services.store, page_id).original)


@router.get(
    "/{page_id}/preview",
    summary="See a small picture of a page",
    response_class=FileResponse,
    responses={
        200: PICTURE,
        **file_answers(
            FramesNotReady, ObjectNotFound, OriginalExpired, problems.INVALID_REQUEST, missing=PageNotFound
        ),
    },
)
@waits_for_storage
def page_preview(
    page_id: PageId,
    request: Request,
    services: ServicesDep,
    page: Annotated[int, Query(ge=1, le=1000, description="Of the scan, from 1."), AS_JSON] = 1,
) -> Response:
    """Return an upright JPEG of at most 1,600 pixels, to draw the frames on."""
    record = page_of(services.store, page_id)
    split = record.split
    if split is None or not split.pages:
        raise FramesNotReady(f"The page is {record.state}; its photographs are not found.")
    if page > len(split.previews) or split.previews_key is None:
        raise ObjectNotFound("There is no such picture of this page.")
    digest = hashlib.sha256(f"{split.previews_key} {page}".encode()).hexdigest()
    headers = FILE_HEADERS | {"ETag": f'W/"{digest}"'}
    if (other := instead(request, Headers(headers))) is not None:
        return other
    start_at = sum(split.previews[: page - 1])
    try:
        read = services.storage.read(split.previews_key, start_at, start_at + split.previews[page - 1])
    except ObjectNotFound as error:
        raise OriginalExpired("The scan was deleted when its time was over.") from error
    return Response(b"".join(read.chunks), media_type="image/jpeg", headers=headers)


@router.delete(
    "/{page_id:id}",
    status_code=204,
    summary="Erase a page and its scan",
    responses=problems.responses(PageNotFound, PreconditionFailed, StorageUnavailable),
)
@waits_for_storage
def delete_page(page_id: PageId, services: ServicesDep, if_match: IfMatch = None) -> None:
    """Delete the page; batches that were started from it stay, with their own copies of the scan."""
    page_of(services.store, page_id)
    erase(services, page_id, if_match)


def _standing(services: ServicesDep, record: JobRecord) -> Standing:
    return standing(record, position_of(services.queue, record))
