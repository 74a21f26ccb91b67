"""Who calls: every request shows a key or a session, before any code of the calls themselves sees it.

Every path that is not listed as open requires a key, so a new call is protected by default. A call that names a job
or a batch by `deps.JobId` or `BatchId` finds only those of its owner.
"""

from fastapi.concurrency import run_in_threadpool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photochrom.access.key_store import KeyStore
from photochrom.access.keys import KeyLimits, KeyRecord
from photochrom.access.keys import Scope as KeyScope
from photochrom.access.quotas import Allowance, Rate
from photochrom.errors import ForeignOrigin, KeyRequired, MissingScope, PhotochromError, TooManyRequests
from photochrom.full import takes_no_writes
from photochrom.listening import is_loopback

from ..caller import EVERYBODY, Caller
from ..edge.handlers import queue_refuses, queue_unavailable
from ..edge.prefix import address
from ..edge.problems import problem_of
from .origins import SAFE, hostname, is_same_origin

COOKIE = "photochrom_session"
# Browsers take a cookie of this prefix from the host itself over https, and from nobody else (RFC 6265bis, 4.1.3).
HOST_COOKIE = f"__Host-{COOKIE}"
# The page and the documents hold nothing of anybody; the probes are asked by machines that have no key.
_OPEN = {"/", "/healthz", "/readyz", "/docs", "/openapi.json", "/v1/session"}
_OPEN_FOLDERS = ("/web/", "/static-offline-docs/")
# What the service takes and what the caller is: whoever has a key may know.
_ANY_SCOPE = {"/v1/keys/me", "/v1/limits", "/v1/models"}
# What a full queue still does: it is read, and deleting makes room.
_GOES_ON = SAFE | {"DELETE"}


def scope_for(method: str, path: str) -> KeyScope | None:
    """Return the scope that a call asks for, None where any will do."""
    if path in _ANY_SCOPE:
        return None
    if path == "/metrics":
        return KeyScope.METRICS  # numbers of all owners together, and nothing else
    return KeyScope.READ if method in SAFE else KeyScope.WRITE


def is_open(path: str) -> bool:
    """Return whether a path is answered without a key."""
    return path in _OPEN or path.startswith(_OPEN_FOLDERS)


class KeyGuard:
    """Let in who shows a key that allows the call, at the pace that it is given."""

    def __init__(self, app: ASGIApp, required: bool, limits: KeyLimits) -> None:
        self._app = app
        self._required = required
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not self._required or is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        rates: list[Rate] = []

        async def send_with_rate(message: Message) -> None:
            if message["type"] == "http.response.start" and rates:
                MutableHeaders(scope=message).update(_rate_headers(rates[0]))
            await send(message)

        try:
            caller = await run_in_threadpool(self._admit, scope, rates)
        except PhotochromError as refusal:
            await problem_of(Request(scope), refusal)(scope, receive, send_with_rate)
            return
        except (RedisConnectionError, RedisTimeoutError) as error:
            await (await queue_unavailable(Request(scope), error))(scope, receive, send)
            return
        except ResponseError as error:
            await (await queue_refuses(Request(scope), error))(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send_with_rate)

    def _admit(self, scope: Scope, rates: list[Rate]) -> Caller:
        """Return who calls; `rates` receives the rate as soon as it is known, because refusals report it too."""
        services = scope["app"].state.services
        caller = _caller(services.keys, scope, self._limits)
        assert caller.key is not None
        _spend(services.allowance, caller, scope["method"], rates)
        if caller.by_session and scope["method"] not in SAFE and not is_same_origin(Headers(scope=scope)):
            # A cookie comes along by itself; other origins, also those let in, have to show a key.
            raise ForeignOrigin("Pages of other origins have to send a key; sessions are for our own page.")
        wanted = scope_for(scope["method"], scope["path"])
        if wanted is not None and not caller.key.allows(wanted):
            raise MissingScope(f"This key lacks the scope {wanted}; it has {_scopes(caller.key)}.")
        return caller


def _spend(allowance: Allowance, caller: Caller, method: str, rates: list[Rate]) -> None:
    """Take one request out of the caller's bucket; a full queue that cannot count it stays open to its owners."""
    per_minute = caller.limits.requests_per_minute
    if not per_minute:
        return
    try:
        rates.append(allowance.spend(caller.owner, per_minute))
    except TooManyRequests:
        # A bucket of a minute is full again after one.
        rates.append(Rate(limit=per_minute, left=0, full_in_seconds=60))
        raise
    except ResponseError as error:
        if not (method in _GOES_ON and takes_no_writes(error)):
            raise


async def still_admitted(request: Request) -> bool:
    """Return whether this request's key or session would still be accepted.

    For answers without an end, which outlive keys. Where the queue cannot say, the caller has to come again.
    """
    caller: Caller = request.scope.get("state", {}).get("caller", EVERYBODY)
    if caller.key is None:
        return True
    try:
        await run_in_threadpool(_caller, request.app.state.services.keys, request.scope, caller.limits)
    except (PhotochromError, RedisError):
        return False
    return True


def presented_key(headers: Headers) -> str | None:
    """Return what the request shows as its key; None if there is nothing of the kind."""
    # Of two headers a proxy may have looked at the other one: together they are no key.
    kind, _, token = ", ".join(headers.getlist("authorization")).strip().partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def set_session(response: Response, request: Request, token: str, seconds: int) -> None:
    """Set the session's cookie: no script can read it, and no page of another site sends it along."""
    safe = _is_https(request)
    name, path = (_named(HOST_COOKIE), "/") if safe else (_named(COOKIE), address("/"))
    response.set_cookie(
        name, token, max_age=seconds, path=path, secure=safe, httponly=True, samesite="strict"
    )


def forget_session(response: Response) -> None:
    """Delete the session's cookie, under either name."""
    response.delete_cookie(_named(COOKIE), path=address("/"), httponly=True, samesite="strict")
    response.delete_cookie(_named(HOST_COOKIE), path="/", secure=True, httponly=True, samesite="strict")


def session_of(request: Request) -> str | None:
    """Return the token of the browser's session.

    Over https only the cookie that the host itself has set: a page of a sibling domain could plant the other one, and
    have photographs go to an account of its choice.
    """
    plain = _to_loopback(request) or not _is_https(request)
    return request.cookies.get(_named(HOST_COOKIE)) or (
        request.cookies.get(_named(COOKIE)) if plain else None
    )


def _named(cookie: str) -> str:
    """Return the cookie's name: services under several paths of one host have one each, as `__Host-` asks for `/`."""
    return cookie + address("").replace("/", "-")


def _is_https(request: Request) -> bool:
    """Return whether the browser uses https, also to a proxy for TLS that no setting names.

    The page's origin tells; and browsers send Sec-Fetch-Site over https, and to loopback, only.
    """
    if request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://"):
        return True
    return "sec-fetch-site" in request.headers and not _to_loopback(request)


def _to_loopback(request: Request) -> bool:
    """Return whether this machine calls itself without TLS: there the plain cookie is safe."""
    name = hostname(request.headers.get("host", "")) or ""
    return request.url.scheme == "http" and is_loopback(name)


def _caller(keys: KeyStore, scope: Scope, limits: KeyLimits) -> Caller:
    request = Request(scope)
    if (token := presented_key(request.headers)) is not None:
        record = keys.authenticate(token)
    elif session := session_of(request):
        record = keys.of_session(session)
        return Caller(record, record.limits.over(limits), by_session=True)
    else:
        raise KeyRequired("This service asks for an API key; send it as `Authorization: Bearer phc_...`.")
    return Caller(record, record.limits.over(limits))


def _scopes(key: KeyRecord) -> str:
    return ", ".join(sorted(key.scopes)) or "none"


def _rate_headers(rate: Rate) -> dict[str, str]:
    """Return the headers of draft-ietf-httpapi-ratelimit-headers-10."""
    return {
        "RateLimit-Policy": f'"requests";q={rate.limit};w=60',
        "RateLimit": f'"requests";r={rate.left};t={rate.full_in_seconds}',
    }
