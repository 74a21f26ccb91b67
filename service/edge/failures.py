"""Errors that no call has caught. A caller who left is not a failure; all else is logged once, with its request id."""

import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .handlers import internal_error

_log = logging.getLogger(__name__)
# nginx's status for a caller that closed before there was an answer; only the log and the metrics see it.
LEFT = 499


class BreaksOff(Exception):
    """The answer has begun and must not seem complete: the connection is closed in the middle of it."""


class Failures:
    """Answer for what the app raises, inside the middlewares that log, count and add headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except BreaksOff as reason:
            _log.info("The answer was broken off: %s", reason)
        except ClientDisconnect:
            if not begun:
                await Response(status_code=LEFT)(scope, receive, send)
        except Exception as error:
            scope["failed"] = True
            if begun:
                # The server closes the connection, since the answer is not complete.
                _log.exception("Request %s failed in the middle of its answer", scope.get("request_id"))
            else:
                await internal_error(Request(scope), error)(scope, receive, send)
