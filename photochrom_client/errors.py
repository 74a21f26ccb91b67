"""The errors of a call: one class for each kind of answer, made from the server's problem+json (RFC 9457)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from photochrom.errors import PhotochromError


class ApiError(PhotochromError):
    """The server answered with an error; `str(error)` is its sentence for people.

    Attributes:
        status: of HTTP.
        code: stable, to branch on; docs/api.md lists them. `http-502` and the like where no problem+json came,
            as from a proxy.
        request_id: quote it in reports; empty if the answer had none.
        retry_after: seconds after which the server suggests a retry, if it does.
    """

    def __init__(
        self, detail: str, *, status: int, code: str, request_id: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code  # type: ignore[misc]  # the server's, so each error has its own
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after


class InvalidRequest(ApiError):
    """400 or 422: an option, a name or the photograph itself is wrong; the same call will always fail."""


class Unauthorized(ApiError):
    """401: the server wants an API key, or does not know this one."""


class Forbidden(ApiError):
    """403: the key does not allow that, or the server does not answer to this host name."""


class NotFound(ApiError):
    """404: there is no such job, batch or item (any more)."""


class Conflict(ApiError):
    """409: the state does not allow it, such as a result that is not ready or a batch that is sealed."""


class Expired(ApiError):
    """410: it existed, but has expired and was deleted."""


class TooLarge(ApiError):
    """413: more bytes or pixels than the server accepts."""


class UnsupportedMedia(ApiError):
    """415: not a photograph in a format that the server reads."""


class TooManyRequests(ApiError):
    """429: a rate limit or a limit on waiting jobs; raised when `retry_after` exceeds the client's patience."""


class ServerFault(ApiError):
    """5xx: the server itself failed; 507 is a full disk."""


class ConnectionFailed(PhotochromError):
    """No answer came: no server listens there, the connection broke, or the answer took too long."""

    code = "connection-failed"
    retry_after: float | None = None

    def __init__(self, detail: str, *, reached: bool) -> None:
        super().__init__(detail)
        self.reached = reached
        """Whether the server may have seen the request."""


class DownloadBroken(ConnectionFailed):
    """What arrived is not what the server announced; the incomplete file was removed."""

    code = "download-broken"


class WaitedTooLong(PhotochromError):
    """`wait` reached its timeout; the job or batch continues."""

    code = "waited-too-long"


class ClientClosed(PhotochromError):
    """The client was closed before or during the call."""

    code = "client-closed"


class JobFailed(PhotochromError):
    """The job ended without a result; `code` and the sentence are the job's."""

    def __init__(self, detail: str, code: str) -> None:
        super().__init__(detail)
        self.code = code  # type: ignore[misc]  # the job's


_KINDS: dict[int, type[ApiError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
    413: TooLarge,
    415: UnsupportedMedia,
    422: InvalidRequest,
    429: TooManyRequests,
}


def error_of(response: httpx.Response) -> ApiError:
    """Return the error for a response of 400 or above, whose body has been read."""
    problem = _problem(response)
    kind = _KINDS.get(response.status_code, ServerFault if response.status_code >= 500 else ApiError)
    return kind(
        str(problem.get("detail") or _phrase(response)),
        status=response.status_code,
        code=str(problem.get("code") or f"http-{response.status_code}"),
        request_id=str(problem.get("request_id") or response.headers.get("x-request-id", "")),
        retry_after=_seconds(response.headers.get("retry-after", "")),
    )


def _problem(response: httpx.Response) -> Mapping[str, object]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _phrase(response: httpx.Response) -> str:
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # The service itself says why: this is what stands between.
        return (
            f"A proxy at {response.request.url.host} takes no request of this size, which the service behind it might; "
            "raise its limit (client_max_body_size of nginx), or send the photograph to the service itself."
        )
    try:
        phrase = HTTPStatus(response.status_code).phrase
    except ValueError:
        phrase = "an unknown status"
    return f"{response.request.url.host} answered {response.status_code} ({phrase}) without saying why."


def _seconds(retry_after: str) -> float | None:
    """Read the header (RFC 9110, 10.2.3): a number of seconds, or a date."""
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
