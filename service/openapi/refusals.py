"""One of each problem, for the OpenAPI document, and those that a call need not name, because many have them."""

from http import HTTPStatus
from typing import Any

from photochrom import errors

from ..edge import problems
from ..edge.problems import Kind, add_example, make_problem

_WITH_KEY: tuple[Kind, ...] = (
    errors.KeyRequired,
    errors.InvalidKey,
    errors.MissingScope,
    errors.TooManyRequests,
)
_CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def examples() -> dict[str, Any]:
    """Return every problem as callers meet it, by its code."""
    return {kind.code: {"value": _example(kind)} for kind in problems.all_kinds()}


def _example(kind: Kind) -> dict[str, Any]:
    body = make_problem(kind.http_status, kind.code, kind.sample, "/v1/jobs", "01m82jkk9e75enz50t650yysbb")
    members = kind.members if isinstance(kind, problems.Refusal) else ()
    return {**body.model_dump(exclude_none=True), **dict(members)}


def add_of_keys(answers: dict[str, Any]) -> None:
    """Add what `auth.KeyGuard` may answer."""
    for kind in _WITH_KEY:
        _add(answers, kind)


def add_common(answers: dict[str, Any], method: str) -> None:
    """Add what the guards before a call, FastAPI's validation and a fault of ours may answer."""
    if "403" in answers:
        _add(answers, errors.ForeignHost)
        if method in _CHANGING:
            _add(answers, errors.ForeignOrigin)
    if "422" in answers:
        answers["422"]["content"] = {
            kind: body
            for kind, body in answers["422"].get("content", {}).items()
            if kind == problems.MEDIA_TYPE
        }
        _add(answers, problems.INVALID_REQUEST)
    answers.setdefault("500", {"description": "A fault of ours"})
    _add(answers, problems.INTERNAL_ERROR)


def _add(answers: dict[str, Any], kind: Kind) -> None:
    status = str(kind.http_status)
    add_example(answers.setdefault(status, {"description": HTTPStatus(kind.http_status).phrase}), kind)
