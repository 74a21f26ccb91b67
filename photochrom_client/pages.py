"""The calls on album pages."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

from photochrom.photo.frames import Frame
from photochrom.photo.options import ColorizeOptions

from .errors import NotFound
from .jobs import until_over
from .models import AlbumPage, Batch
from .photographs import Photo
from .submitting import keyed, upload, upload_from
from .transport import Transport, read

_PAGES = "/v1/pages"


class Pages:
    """`client.pages`: scans with several photographs on them. Pages are named by their ids."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self,
        scan: Photo,
        options: ColorizeOptions | None = None,
        *,
        name: str | None = None,
        idempotency_key: str | None = None,
    ) -> AlbumPage:
        """Upload a scan, whose photographs a worker then finds; arguments and errors are those of `jobs.submit`."""
        return read(AlbumPage, upload(self._transport, _PAGES, scan, options, name, idempotency_key))

    def submit_url(
        self,
        url: str,
        options: ColorizeOptions | None = None,
        *,
        name: str | None = None,
        idempotency_key: str | None = None,
    ) -> AlbumPage:
        """Have the server fetch a scan from an https address; errors are those of `jobs.submit_url`."""
        return read(AlbumPage, upload_from(self._transport, _PAGES, url, options, name, idempotency_key))

    def get(self, page_id: str) -> AlbumPage:
        """Return the page as it is now; raises `NotFound` if there is none."""
        return read(AlbumPage, self._transport.call("GET", _path(page_id)))

    def wait(self, page_id: str, *, timeout: float | None = None) -> AlbumPage:
        """Return the page when its photographs are found, or cannot be: then it has an `error`.

        Raises:
            WaitedTooLong: that took longer than `timeout` seconds.
        """
        return until_over(self._transport, lambda: self.get(page_id), timeout)

    def frame(self, page_id: str, pages: Sequence[Sequence[Frame]]) -> AlbumPage:
        """Replace the frames of all pages of the scan; a page without frames is one photograph.

        Raises:
            InvalidRequest: code `bad-frames`, they do not fit.
            Conflict: the photographs are not found yet.
        """
        body = {"pages": [{"frames": [frame.model_dump() for frame in frames]} for frames in pages]}
        return read(AlbumPage, self._transport.call("PUT", f"{_path(page_id)}/frames", json=body))

    def start(
        self,
        page_id: str,
        name: str = "",
        options: ColorizeOptions | None = None,
        *,
        retention: Literal["never"] | None = None,
        idempotency_key: str | None = None,
    ) -> Batch:
        """Cut the page and colorize its photographs; the batch is sealed, and its first item is the page itself.

        Args:
            page_id: a page whose photographs are found.
            name: of the batch; by default that of the scan.
            options: of the photographs; by default those of the page.
            retention: `never` keeps the batch until it is deleted, where the server allows that.
            idempotency_key: a call with the same key returns the same batch; without one, only the retries of
                this very call do.
        """
        chosen = {"options": options.model_dump(mode="json", exclude_unset=True)} if options else {}
        kept = {"retention": retention} if retention else {}
        made = self._transport.call(
            "POST",
            f"{_path(page_id)}/batch",
            json={"name": name, **chosen, **kept},
            headers=keyed(idempotency_key),
        )
        return read(Batch, made)

    def original(self, page_id: str) -> bytes:
        """Return the scan as it was sent; raises `Expired` when its time is over."""
        return self._transport.call("GET", f"{_path(page_id)}/original").content

    def preview(self, page_id: str, page: int = 1) -> bytes:
        """Return a small upright JPEG of a page of the scan, to see the frames on."""
        return self._transport.call("GET", f"{_path(page_id)}/preview", params={"page": str(page)}).content

    def delete(self, page_id: str) -> None:
        """Erase the page and its scan; it is not an error if it is already gone. Batches made of it stay."""
        with suppress(NotFound):
            self._transport.call("DELETE", _path(page_id))


def _path(page_id: str) -> str:
    return f"{_PAGES}/{page_id}"
