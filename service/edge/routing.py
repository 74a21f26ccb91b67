"""Routes of which every one that can be read answers HEAD, too."""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Router(APIRouter):
    """FastAPI's, whose `get` adds HEAD, as RFC 9110 asks for; the document shows GET alone."""

    def get(self, path: str, *args: Any, **kwargs: Any) -> Callable[[Endpoint], Endpoint]:
        """Register a call for GET and HEAD; takes what `APIRouter.get` takes."""
        read, ask = super().get(path, *args, **kwargs), self.head(path, include_in_schema=False)
        return lambda endpoint: read(ask(endpoint))
