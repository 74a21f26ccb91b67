"""Every error as RFC 9457 problem+json, in one place, for answers and for the API's document."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from photochrom import errors

from .headers import ALWAYS
from .prefix import address

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:photochrom:problem:"
_SCHEMA = "#/components/schemas/Problem"

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


@dataclass(frozen=True)
class Refusal:
    """A problem without an error class of ours: FastAPI, Starlette or a call itself answers with it."""

    http_status: int
    code: str
    sample: str
    members: tuple[tuple[str, Any], ...] = ()


Kind = type[errors.PhotochromError] | Refusal
BAD_REQUEST = Refusal(400, "bad-request", "There was an error parsing the body")
NOT_FOUND = Refusal(404, "not-found", "There is nothing at this address; see /docs for the calls.")
METHOD_NOT_ALLOWED = Refusal(
    405,
    "method-not-allowed",
    "This address does not take this method; the Allow header says which it takes.",
)
OUT_OF_RANGE = Refusal(
    416, "range-not-satisfiable", "The file ends before this range; Content-Range says where."
)
INVALID_REQUEST = Refusal(
    422,
    "invalid-request",
    "limit: Input should be greater than or equal to 1",
    (("errors", [{"field": "limit", "detail": "Input should be greater than or equal to 1"}]),),
)
INTERNAL_ERROR = Refusal(
    500, "internal-error", "Something went wrong on our side; quote the request_id in a report."
)
NOT_READY = Refusal(503, "not-ready", "queue: ok; storage: ok; workers: 0.")
JSON_BODY: tuple[Kind, ...] = (BAD_REQUEST, errors.RequestTooSlow, errors.RequestTooLarge, INVALID_REQUEST)
"""The possible refusals of a call with a small JSON body."""
DISK: tuple[Kind, ...] = (errors.StorageFull, errors.StorageReadOnly)


def responses(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of these refusals, and of an unavailable queue, which any call may meet."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in (*kinds, errors.QueueUnavailable):
        add_example(
            found.setdefault(kind.http_status, {"description": HTTPStatus(kind.http_status).phrase}), kind
        )
    return found


def add_example(answer: dict[str, Any], kind: Kind) -> None:
    """Add this problem to an OpenAPI response."""
    body = answer.setdefault("content", {}).setdefault(
        MEDIA_TYPE, {"schema": {"$ref": _SCHEMA}, "examples": {}}
    )
    body["examples"][kind.code] = {"$ref": f"#/components/examples/{kind.code}"}


def all_kinds() -> list[Kind]:
    """Return every possible problem of an answer."""
    ours = (kind for kind in vars(errors).values() if isinstance(kind, type))
    known = [kind for kind in ours if issubclass(kind, errors.PhotochromError) and kind.sample]
    return [*known, *(one for one in globals().values() if isinstance(one, Refusal))]


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
    body = make_problem(status, code, detail, address(request.url.path), request_id, invalid)
    retry = {"Retry-After": str(_RETRY_SECONDS[status])} if status in _RETRY_SECONDS else {}
    content = {**(members or {}), **body.model_dump(exclude_none=True)}
    # The answer to an internal error is made outside every middleware.
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


def problem_of(request: Request, error: errors.PhotochromError) -> Response:
    """Return a domain error as a response."""
    return problem(request, error.http_status, error.code, str(error), headers=_headers_of(error))


def _headers_of(error: errors.PhotochromError) -> dict[str, str]:
    """Return the error's headers: how to send a key (RFC 6750), and when to retry."""
    if isinstance(error, errors.TooManyRequests | errors.QuotaExceeded):
        return {"Retry-After": str(error.retry_after)}
    said = _CHALLENGES.get(type(error))
    return {} if said is None else {"WWW-Authenticate": f'Bearer realm="photochrom"{said}'}
