"""Conditional requests (RFC 9110, 13): 304 to who has it already, 412 to who knows another state."""

import hashlib
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

from fastapi import Header
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.errors import PreconditionFailed

from .compression import is_plain_json
from .problems import problem_of

IfMatch = Annotated[
    str | None, Header(description="The ETag of an earlier answer; 412 if the state has changed since.")
]
_TAG = re.compile(r'(?:W/)?("[^"]*")')
_READS = {"GET", "HEAD"}
# What a 304 says again of the answer that it stands for (RFC 9110, 15.4.5).
_KEPT = (
    "Cache-Control",
    "ETag",
    "Last-Modified",
    "Vary",
    "X-Content-Type-Options",
    "Content-Security-Policy",
)


def matches(given: str | None, tag: str) -> bool:
    """Return whether a list of tags holds this one; weakly, as RFC 9110 asks for If-None-Match.

    Also of If-Match, which RFC 9110 compares strongly: our tags of JSON are weak for its compressed form alone, and
    name the state that they guard.
    """
    if given is None:
        return False
    return given.strip() == "*" or tag.removeprefix("W/") in _TAG.findall(given)


def require_match(if_match: str | None, tag: str) -> None:
    """Go on only where the caller knows this state, or asks for none.

    Raises:
        PreconditionFailed: it knows another one.
    """
    if if_match is not None and not matches(if_match, tag):
        raise PreconditionFailed("It has changed since this ETag; read it again before you change it.")


def instead(request: Request, headers: Headers) -> Response | None:
    """Return 304 or 412 where the request's conditions ask for it, None where the answer of these headers goes out."""
    asked, tag, changed = request.headers, headers.get("etag", ""), _date(headers.get("last-modified"))
    try:
        require_match(asked.get("if-match"), tag)
        if "if-match" not in asked:
            _require_unmodified(changed, _date(asked.get("if-unmodified-since")))
    except PreconditionFailed as error:
        return problem_of(request, error)
    if "if-none-match" in asked:
        known = matches(asked["if-none-match"], tag)
    else:
        known = _is_known(changed, _date(asked.get("if-modified-since")))
    if not known:
        return None
    return Response(status_code=304, headers={name: headers[name] for name in _KEPT if name in headers})


def _require_unmodified(changed: datetime | None, since: datetime | None) -> None:
    if changed is not None and since is not None and changed > since:
        raise PreconditionFailed("It has changed since the date in If-Unmodified-Since.")


def _is_known(changed: datetime | None, since: datetime | None) -> bool:
    return changed is not None and since is not None and changed <= since


def _date(given: str | None) -> datetime | None:
    """Return an HTTP date; None for one that is none, which counts as not sent."""
    try:
        found = parsedate_to_datetime(given or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


class Conditions:
    """Give JSON that is read a tag of its bytes, where it has none of its own, and hear what is asked of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] not in _READS:
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def send_if_asked(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_whole_json(message):
                held.append(message)
                return
            if held:
                start = held.pop()
                # No JSON is empty: such is HEAD of a stream, whose bytes nobody knows yet.
                if not message.get("more_body", False) and (body := message.get("body", b"")):
                    headers = MutableHeaders(scope=start)
                    headers.setdefault("ETag", _tag_of(body))
                    if (other := instead(Request(scope), headers)) is not None:
                        await other(scope, receive, send)
                        return
                await send(start)
            await send(message)

        await self._app(scope, receive, send_if_asked)


def _is_whole_json(start: Message) -> bool:
    return start["status"] == 200 and is_plain_json(Headers(raw=start["headers"]))


def _tag_of(body: bytes) -> str:
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def tag_of_json(text: str) -> str:
    """Return the tag that this JSON has where it is read."""
    return _tag_of(text.encode())
