"""CORS of the viewers' calls alone, which the operator may open further than the rest of the API."""

import re

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_IIIF = re.compile(r"/v1/(jobs|batches)/[^/]+/iiif/.*")


class ViewersOrigins(CORSMiddleware):
    """Lets pages of these origins read what is for viewers."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        super().__init__(
            app, allow_origins=origins, allow_methods=["GET", "HEAD"], allow_headers=["Authorization"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and _IIIF.fullmatch(scope["path"]):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)
