"""One span for each request, which continues the caller's trace; installed only where traces are configured."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom import tracing
from photochrom.logs import about

from ..edge.methods import known_method

# Health checks come every few seconds and concern no photograph.
_UNTRACED = ("/healthz", "/readyz", "/metrics")


class RequestTrace:
    """Trace a request to the last byte of its answer; names are those of OpenTelemetry's HTTP conventions."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in _UNTRACED:
            await self._app(scope, receive, send)
            return
        parent = Headers(scope=scope).get("traceparent", "")
        method = known_method(scope)
        told = {"http.request.method": method}
        with tracing.continued(method, parent, "SERVER", told), about(**tracing.ids()):

            async def send_traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    path = getattr(scope.get("route"), "path_format", "unknown")
                    tracing.rename(f"{method} {path}")
                    ended = {"http.response.status_code": message["status"], "http.route": path}
                    tracing.tell(ended | {"photochrom.request_id": scope.get("request_id", "")})
                await send(message)

            await self._app(scope, receive, send_traced)
