"""An id for every request, and a line in the log under it."""

import logging
import re
import time
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.ids import new_id
from photochrom.logs import about

_log = logging.getLogger("service.requests")
# Health checks come every few seconds and would fill the log.
_UNTOLD = ("/healthz", "/readyz", "/metrics")
_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class RequestId:
    """Give each request an id (the caller's, if it is well formed) and send it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _SAFE_ID.fullmatch(given) else new_id()
        scope["request_id"] = request_id
        status: list[int] = []

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("x-request-id", request_id)
                status.append(message["status"])
            await send(message)

        start = time.perf_counter()
        with about(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                scope["failed"] = True
                raise
            finally:
                if scope["path"] not in _UNTOLD or scope.get("failed"):
                    _tell(scope, status, time.perf_counter() - start)


def _tell(scope: Scope, status: list[int], seconds: float) -> None:
    """Log the request without its query, which holds the caller's options and may be private."""
    answered = "500" if scope.get("failed") else str(status[0]) if status else "no answer"
    path = quote(scope["path"])  # decoded, it may hold line breaks
    ended = {"method": scope["method"], "path": path, "status": answered, "seconds": round(seconds, 4)}
    _log.info("%s %s: %s in %.3f s", scope["method"], path, answered, seconds, extra=ended)
