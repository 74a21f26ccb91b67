"""The client: the server's address, the caller's key and the patience for retries."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from photochrom.errors import PhotochromError
from photochrom.photo.options import ColorizeOptions

from .batches import Batches
from .jobs import Jobs
from .models import Limits
from .pages import Pages
from .photographs import Photo
from .retries import Retries
from .transport import Transport, read

DEFAULT_SERVER = "http://127.0.0.1:8000"
"""Where `photochrom up` listens by default."""


class Client:
    """A client of one server; safe to share between threads. Close it, or use it as a context manager.

    Attributes:
        jobs: photographs one at a time.
        batches: many photographs.
        pages: scans with several photographs on them.
    """

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        api_key: str | None = None,
        timeout: float = 30.0,
        retries: Retries | None = None,
        on_retry: Callable[[PhotochromError, float], None] = lambda _error, _seconds: None,
    ) -> None:
        """Connect on first use.

        Args:
            server: its address, as `https://photochrom.example.org`.
            api_key: sent as `Authorization: Bearer`; the embedded mode needs none.
            timeout: seconds without any data, not for a whole call: a large photograph may take longer.
            retries: how patient the client is with connections that break and servers that are busy.
            on_retry: called on the calling thread before each retry, with the error and the seconds until the
                retry.

        Raises:
            ConnectionFailed: the address is not valid.
        """
        self._transport = Transport(server, api_key, timeout, retries or Retries(), on_retry)
        self.jobs = Jobs(self._transport)
        self.batches = Batches(self._transport)
        self.pages = Pages(self._transport)

    @property
    def server(self) -> str:
        """Return the server's address."""
        return self._transport.server

    def colorize(
        self,
        photo: Photo,
        target: str | PathLike[str],
        options: ColorizeOptions | None = None,
        *,
        timeout: float | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Colorize one photograph into the file `target` and return its path; all of it in one call.

        Raises:
            JobFailed: the photograph cannot be colorized.
            WaitedTooLong: it was not finished after `timeout` seconds; its job continues.
            FileExistsError: the target exists, and `overwrite` is False.
        """
        job = self.jobs.wait(self.jobs.submit(photo, options).id, timeout=timeout)
        return self.jobs.download(job, target, overwrite=overwrite)

    def limits(self) -> Limits:
        """Return what the server accepts, and how long it keeps it."""
        return read(Limits, self._transport.call("GET", "/v1/limits"))

    def close(self) -> None:
        """Close all connections; calls in progress in other threads raise `ClientClosed`."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
