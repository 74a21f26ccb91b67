"""Every error as RFC 9457 problem+json, in one place: the domain raises, this file knows HTTP."""

import logging
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.exceptions import HTTPException

from photochrom import errors
from photochrom.full import MISCONF, takes_no_writes

from .headers import ALWAYS

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:photochrom:problem:"

STATUS_OF: dict[type[errors.PhotochromError], int] = {
    errors.PhotoTooLarge: 413,
    errors.RequestTooLarge: 413,
    errors.RequestTooSlow: 408,
    errors.KeyRequired: 401,
    errors.InvalidKey: 401,
    errors.MissingScope: 403,
    errors.TooManyRequests: 429,
    errors.QuotaExceeded: 429,
    errors.ForeignHost: 403,
    errors.ForeignOrigin: 403,
    errors.UnsupportedFormat: 415,
    errors.PhotoRejected: 422,
    errors.JobNotFound: 404,
    errors.BatchNotFound: 404,
    errors.ItemNotFound: 404,
    errors.WebhookNotFound: 404,
    errors.DeliveryNotFound: 404,
    errors.WebhookRejected: 422,
    errors.WebhookDisabled: 409,
    errors.TooManyWebhooks: 409,
    errors.BatchClosed: 409,
    errors.ItemConflict: 409,
    errors.InvalidName: 422,
    errors.ArchiveRejected: 422,
    errors.ObjectNotFound: 404,
    errors.ResultNotReady: 409,
    errors.JobConflict: 409,
    errors.ResultExpired: 410,
    errors.OriginalExpired: 410,
    errors.IdempotencyMismatch: 422,
    errors.InvalidOption: 422,
    errors.CapabilityMissing: 422,
    errors.QueueFull: 429,
    errors.TooManyArchives: 429,
    errors.TooManyUploads: 429,
    errors.TooManyBatches: 409,
    errors.StorageFull: 507,
    errors.StorageUnavailable: 503,
    errors.QueueUnavailable: 503,
}
_CHALLENGES = {
    errors.KeyRequired: "",
    errors.InvalidKey: ', error="invalid_token"',
    errors.MissingScope: ', error="insufficient_scope"',
}
_RETRY_SECONDS = {429: 30, 503: 5}


class InvalidField(BaseModel):
    """One thing that is wrong with the request."""

    field: str
    detail: str


class Problem(BaseModel):
    """RFC 9457; `code` is stable and what programs should branch on."""

    type: Annotated[str, Field(examples=[TYPE_PREFIX + "job-not-found"])]
    code: Annotated[str, Field(examples=["job-not-found"])]
    title: Annotated[str, Field(examples=["Not Found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(examples=["There is no job '01k…'; it may have been deleted."])]
    instance: Annotated[str, Field(description="Path of the request.")]
    request_id: Annotated[str, Field(description="Also in the X-Request-ID header and in our log.")]
    errors: Annotated[list[InvalidField] | None, Field(description="For validation errors.")] = None


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of these error statuses; `openapi.describe` gives them their body."""
    return {status: {"description": HTTPStatus(status).phrase} for status in statuses}


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""
    app.add_exception_handler(errors.PhotochromError, _domain)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(ResponseError, queue_refuses)
    for unreachable in (RedisConnectionError, RedisTimeoutError):
        app.add_exception_handler(unreachable, queue_unavailable)
    app.add_exception_handler(Exception, _unexpected)


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    invalid: list[InvalidField] | None = None,
    headers: dict[str, str] | None = None,
    members: dict[str, Any] | None = None,
) -> Response:
    """Return one problem as a response; `members` extend it, as RFC 9457 allows."""
    request_id = request.scope.get("request_id", "")
    body = make_problem(status, code, detail, request.url.path, request_id, invalid)
    retry = {"Retry-After": str(_RETRY_SECONDS[status])} if status in _RETRY_SECONDS else {}
    content = {**(members or {}), **body.model_dump(exclude_none=True)}
    # The answer to an error of ours is made outside of every middleware.
    sent = {**ALWAYS, "X-Request-ID": body.request_id, **retry, **(headers or {})}
    return JSONResponse(content, status, sent, media_type=MEDIA_TYPE)


def make_problem(
    status: int,
    code: str,
    detail: str,
    instance: str,
    request_id: str,
    invalid: list[InvalidField] | None = None,
) -> Problem:
    """Return the body of a problem; type and title follow from code and status."""
    return Problem(
        type=TYPE_PREFIX + code,
        code=code,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=instance,
        request_id=request_id,
        errors=invalid,
    )


def status_of(error: type[errors.PhotochromError]) -> int:
    """Return the HTTP status of a domain error: that of its nearest base in the table."""
    return next((STATUS_OF[kind] for kind in error.__mro__ if kind in STATUS_OF), 500)


def problem_of(request: Request, error: errors.PhotochromError) -> Response:
    """Return a domain error as a response."""
    return problem(request, status_of(type(error)), error.code, str(error), headers=_headers_of(error))


def _headers_of(error: errors.PhotochromError) -> dict[str, str]:
    """Return what the error's own headers say: how to show a key (RFC 6750), and when to try again."""
    if isinstance(error, errors.TooManyRequests | errors.QuotaExceeded):
        return {"Retry-After": str(error.retry_after)}
    said = _CHALLENGES.get(type(error))
    return {} if said is None else {"WWW-Authenticate": f'Bearer realm="photochrom"{said}'}


async def _domain(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.PhotochromError)
    return problem_of(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "-").replace("'", "")
    detail = error.detail if error.detail != phrase else _PLAIN.get(error.status_code, phrase)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (allowed := _allowed(request)):
        headers = {"Allow": ", ".join(sorted(allowed))}
    return problem(request, error.status_code, code, detail, headers=headers)


def _allowed(request: Request) -> set[str]:
    """Return the methods of all calls at this path; Starlette names those of the first one only."""
    calls: list[APIRoute] = request.app.state.calls
    return {
        method for call in calls if call.path_regex.match(request.url.path) for method in call.methods or ()
    }


_PLAIN = {
    404: "There is nothing at this address; see /docs for what there is.",
    405: "This address does not take this method; the Allow header says which it takes.",
}


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    invalid = [
        InvalidField(field=".".join(str(part) for part in item["loc"][1:]), detail=item["msg"])
        for item in error.errors()
    ]
    said = "; ".join(f"{item.field}: {item.detail}" for item in invalid)
    return problem(request, 422, "invalid-request", said or "The request is not valid.", invalid=invalid)


async def queue_refuses(request: Request, error: Exception) -> Response:
    """Answer for Redis, which takes no writes while its memory or its disk is full."""
    if not takes_no_writes(error):
        return await _unexpected(request, error)
    _log.warning("Redis: %s", error)
    full = (
        "The disk of the queue is full; free some space and try again."
        if MISCONF in str(error)
        else "The queue's memory is full; delete jobs that are not needed, or try again later."
    )
    return problem(request, 507, errors.StorageFull.code, full)


async def queue_unavailable(request: Request, error: Exception) -> Response:
    """Answer for Redis, which does not."""
    _log.warning("Redis: %s", error)
    return problem(
        request, 503, errors.QueueUnavailable.code, "The queue cannot be reached; try again in a moment."
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    return internal_error(request, error)


def internal_error(request: Request, error: Exception) -> Response:
    """Answer for an error of ours, and log it with its traceback."""
    _log.error("Request %s failed", request.scope.get("request_id"), exc_info=error)
    return problem(
        request, 500, "internal-error", "Something went wrong on our side; quote the request_id in a report."
    )
