"""A router whose GET routes answer HEAD, too."""

import copy
from collections.abc import Callable
from typing import Any, TypeVar, cast

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.convertors import StringConvertor, register_url_convertor

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


ACTIONS = ("cancel", "pause", "ping", "replay", "resume", "retry", "retry-failed", "rotate-secret", "seal")


class _Id(StringConvertor):
    regex = "[^/]+" + "".join(f"(?<!:{action})" for action in ACTIONS)


# `{job_id:id}` leaves `{job_id}:cancel` to the call of that name, which answers GET with 405 and what it takes.
register_url_convertor("id", _Id())


class Router(APIRouter):
    """FastAPI's router with a `get` that adds HEAD, as RFC 9110 requires; the OpenAPI document shows only GET."""

    def get(self, path: str, *args: Any, **kwargs: Any) -> Callable[[Endpoint], Endpoint]:
        """Register a call for GET and HEAD; takes what `APIRouter.get` takes."""
        read = super().get(path, *args, **kwargs)

        def register(endpoint: Endpoint) -> Endpoint:
            read(endpoint)
            # A copy: to work a route out takes milliseconds, and every start of the API waits for all.
            ask = copy.copy(cast("APIRoute", self.routes[-1]))
            ask.methods, ask.include_in_schema = {"HEAD"}, False
            self.routes.append(ask)
            return endpoint

        return register
