"""HTTP calls with retries and typed errors; all else is built on this."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from photochrom import __version__
from photochrom.errors import PhotochromError

from .errors import ApiError, ClientClosed, ConnectionFailed, error_of
from .retries import Retries

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")
Body = Callable[[], Mapping[str, Any]]
# With these errors the request cannot have been sent.
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def _nothing() -> Mapping[str, Any]:
    return {}


class Transport:
    """Safe to share between threads; `close` from another thread aborts calls in progress."""

    def __init__(
        self,
        server: str,
        api_key: str | None,
        timeout: float,
        retries: Retries,
        on_retry: Callable[[PhotochromError, float], None],
    ) -> None:
        self.server = server.rstrip("/")
        self._retries = retries
        self._on_retry = on_retry
        self._closed = threading.Event()
        headers = {"User-Agent": f"photochrom-client/{__version__}", "Accept": "application/json, */*"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        try:
            self._http = httpx.Client(
                base_url=self.server, headers=headers, timeout=timeout, follow_redirects=True
            )
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise ConnectionFailed(
                f"{server!r} is not the address of a server: {error}.", reached=False
            ) from None

    def close(self) -> None:
        """End pauses and close connections; calls in progress raise `ClientClosed`."""
        self._closed.set()
        self._http.close()

    def pause(self, seconds: float) -> None:
        """Sleep, unless the client is closed meanwhile.

        Raises:
            ClientClosed: the client was closed.
        """
        if self._closed.wait(seconds):
            raise ClientClosed("The client was closed.")

    def persist(self, call: Callable[[], T], *, repeatable: bool = True) -> T:
        """Make a call of several steps, with retries as `Retries` says."""

        def told(error: PhotochromError, seconds: float) -> None:
            self._on_retry(error, seconds)
            self.pause(seconds)

        return self._retries.persist(call, told, repeatable=repeatable)

    def call(
        self, method: str, path: str, *, repeatable: bool = True, body: Body = _nothing, **how: Any
    ) -> httpx.Response:
        """Send a request and return its complete answer; `body` is built again for each attempt.

        Raises:
            ApiError: the server refused.
            ConnectionFailed: no answer came.
            ClientClosed: the client was closed.
        """

        def once() -> httpx.Response:
            with self.stream(method, path, **how, **body()) as response:
                response.read()
                return response

        return self.persist(once, repeatable=repeatable)

    @contextmanager
    def stream(self, method: str, path: str, **how: Any) -> Iterator[httpx.Response]:
        """Send a request once; the answer's body is still to be read, within the context."""
        if self._closed.is_set():
            raise ClientClosed("The client was closed.")
        try:
            with self._http.stream(method, path, **how) as response:
                if response.status_code >= 400:
                    response.read()
                    raise error_of(response)
                yield response
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, RuntimeError) as error:
            raise self._named(error) from error

    def _named(self, error: Exception) -> Exception:
        if self._closed.is_set():
            return ClientClosed("The client was closed.")
        if not isinstance(error, httpx.HTTPError | httpx.StreamError | httpx.InvalidURL):
            return error  # an error of a local file, not of the connection
        said = str(error) or type(error).__name__
        reached = not isinstance(error, _NOT_REACHED)
        return ConnectionFailed(f"No answer from {self.server}: {said}.", reached=reached)


def read(model: type[Model], response: httpx.Response) -> Model:
    """Return the answer as `model`.

    Raises:
        ApiError: it is something else, for example from a server that is not Photochrom.
    """
    try:
        return model.model_validate_json(response.content)
    except ValidationError:
        raise ApiError(
            f"{response.request.url} did not answer as Photochrom does; check the server's address.",
            status=response.status_code,
            code="unexpected-answer",
            request_id=response.headers.get("x-request-id", ""),
        ) from None
