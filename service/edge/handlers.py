"""Which error becomes which problem: the domain raises, this file catches."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.exceptions import HTTPException

from photochrom import errors
from photochrom.full import MISCONF, takes_no_writes

from .prefix import address
from .problems import INTERNAL_ERROR, METHOD_NOT_ALLOWED, NOT_FOUND, InvalidField, problem, problem_of

_log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Register handlers that turn every error of the app into a problem."""
    app.add_exception_handler(errors.PhotochromError, _domain)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(ResponseError, queue_refuses)
    for unreachable in (RedisConnectionError, RedisTimeoutError):
        app.add_exception_handler(unreachable, queue_unavailable)
    app.add_exception_handler(Exception, _unexpected)


async def _domain(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.PhotochromError)
    return problem_of(request, error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "-").replace("'", "")
    detail = error.detail if error.detail != phrase else _PLAIN.get(error.status_code, phrase)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND and (elsewhere := _without_slash(request)):
        return Response(status_code=307, headers={"Location": elsewhere})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # The documents' own files are no calls of ours; Starlette knows what they take.
        allowed = _allowed(request) or set((error.headers or {}).get("Allow", "GET, HEAD").split(", "))
        headers = {"Allow": ", ".join(sorted({*allowed, "OPTIONS"}))}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
    return problem(request, error.status_code, code, detail, headers=headers)


def _allowed(request: Request) -> set[str]:
    """Return the methods of all calls at this path; Starlette lists only those of the first one."""
    return {method for call in _calls_at(request, request.scope["path"]) for method in call.methods or ()}


def _calls_at(request: Request, path: str) -> list[APIRoute]:
    calls: list[APIRoute] = request.app.state.calls
    return [call for call in calls if call.path_regex.match(path)]


def _without_slash(request: Request) -> str:
    """Return the address of the call that is meant by one with a slash at its end; "" if there is none.

    Without scheme and host, which only the caller knows.
    """
    path = request.scope["path"]
    if not path.endswith("/") or _calls_at(request, path) or not _calls_at(request, path[:-1]):
        return ""
    query = request.scope["query_string"].decode("latin-1")
    return address(quote(path[:-1])) + (f"?{query}" if query else "")


_PLAIN = {known.http_status: known.sample for known in (NOT_FOUND, METHOD_NOT_ALLOWED)}


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    invalid = [
        InvalidField(
            field=".".join(str(part) for part in item["loc"][1:]) or "body",
            detail=str(item["msg"]).removeprefix("Value error, "),
        )
        for item in _told(error.errors())
    ]
    said = "; ".join(f"{item.field}: {item.detail}" for item in invalid)
    return problem(request, 422, "invalid-request", said or "The request is not valid.", invalid=invalid)


def _told(found: Sequence[Any]) -> list[Any]:
    """Leave out that a list is too short where an entry of it is wrong: it is, because that one was not counted."""

    def follows(item: Any) -> bool:
        at = tuple(item["loc"])
        return item["type"] == "too_short" and any(
            len(other["loc"]) > len(at) and tuple(other["loc"][: len(at)]) == at for other in found
        )

    return [item for item in found if not follows(item)]


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
    """Answer when Redis does not."""
    _log.warning("Redis: %s", error)
    return problem(
        request, 503, errors.QueueUnavailable.code, "The queue cannot be reached; try again in a moment."
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    return internal_error(request, error)


def internal_error(request: Request, error: Exception) -> Response:
    """Answer for an error of ours, and log it with its traceback."""
    _log.error("Request %s failed", request.scope.get("request_id"), exc_info=error)
    return problem(request, INTERNAL_ERROR.http_status, INTERNAL_ERROR.code, INTERNAL_ERROR.sample)
