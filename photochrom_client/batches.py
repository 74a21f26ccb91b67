"""The calls on batches."""

import time
from collections.abc import Iterator
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from photochrom.jobs.parts import JobError
from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions

from .downloads import download
from .errors import NotFound, WaitedTooLong
from .jobs import PAGE, pages
from .models import ArchiveReport, Batch, BatchPage, Job
from .photographs import Photo, addressed, body_of, query_of
from .submitting import FETCHING, keyed
from .transport import Transport, read

_LOOK = 0.5


class Batches:
    """`client.batches`: many photographs under names with folders. Batches are named by their ids."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        name: str = "",
        options: ColorizeOptions | None = None,
        *,
        retention: Literal["never"] | None = None,
        idempotency_key: str | None = None,
    ) -> Batch:
        """Begin a batch; `options` are those of all its photographs.

        Args:
            name: shown in lists, at most 200 characters; batches may share one.
            options: those to set; all others are the server's defaults.
            retention: `never` keeps it until it is deleted, where the server allows that.
            idempotency_key: a call with the same key returns the same batch; without one, only the retries of
                this very call do.
        """
        chosen = options.model_dump(mode="json", exclude_unset=True) if options else {}
        kept = {"retention": retention} if retention else {}
        made = self._transport.call(
            "POST",
            "/v1/batches",
            json={"name": name, "options": chosen, **kept},
            headers=keyed(idempotency_key),
        )
        return read(Batch, made)

    def get(self, batch_id: str) -> Batch:
        """Return the batch and its counts; raises `NotFound` if there is none."""
        return read(Batch, self._transport.call("GET", _path(batch_id)))

    def listed(self) -> Iterator[Batch]:
        """Yield all batches, the newest first; fetched page by page."""
        query: dict[str, str] = {}
        while True:
            page = read(BatchPage, self._transport.call("GET", "/v1/batches", params=query))
            yield from page.items
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor

    def put(
        self,
        batch_id: str,
        name: str,
        photo: Photo,
        options: ColorizeOptions | None = None,
        *,
        split: bool = False,
    ) -> Job:
        """Send one photograph under its name, a relative path; sending the same again changes nothing.

        With `split` it is a scan, whose photographs are cut into further items: `page/1.jpg` of `page.jpg`.

        Raises:
            Conflict: code `item-conflict`, there is another photograph of this name; `batch-closed`, the batch
                is sealed or canceled.
            InvalidRequest: the name is not valid, or the photograph is damaged.
        """
        path = f"{_path(batch_id)}/items/{quote(name)}"
        query = query_of(options) | ({"split": "auto"} if split else {})
        sent = self._transport.call("PUT", path, params=query or None, body=lambda: body_of(photo))
        return read(Job, sent)

    def put_url(
        self,
        batch_id: str,
        name: str,
        url: str,
        options: ColorizeOptions | None = None,
        *,
        split: bool = False,
    ) -> Job:
        """Have the server fetch one photograph, or scan, from an https address, under its name in the batch.

        Raises:
            Conflict: as `put`.
            InvalidRequest: code `url-rejected` or `url-unreachable`, or as `put`.
        """
        path = f"{_path(batch_id)}/items/{quote(name)}"
        body = addressed(url, options) | ({"split": "auto"} if split else {})
        return read(Job, self._transport.call("PUT", path, json=body, timeout=FETCHING))

    def put_archive(
        self, batch_id: str, archive: Photo, *, names: str | None = None, split: bool = False
    ) -> ArchiveReport:
        """Send all photographs of a zip, tar or tar.gz; sending it again adds what is missing.

        Args:
            batch_id: an open batch.
            archive: its path, or its bytes.
            names: the encoding of names that do not say it, such as cp866 or cp932.
            split: its files are scans, whose photographs are cut into further items.

        Raises:
            Conflict: the batch is sealed or canceled.
            InvalidRequest: the archive is damaged, or there is no such encoding.
        """
        query = ({"names": names} if names else {}) | ({"split": "auto"} if split else {})
        path = f"{_path(batch_id)}/archive"
        sent = self._transport.call("POST", path, params=query or None, body=lambda: body_of(archive))
        return read(ArchiveReport, sent)

    def item(self, batch_id: str, name: str) -> Job:
        """Return the job of an item; raises `NotFound` if there is none of this name."""
        return read(Job, self._transport.call("GET", f"{_path(batch_id)}/items/{quote(name)}"))

    def items(self, batch_id: str, *, state: JobState | None = None, page_size: int = PAGE) -> Iterator[Job]:
        """Yield the items (in `state`), the last sent first; fetched page by page, of up to 200 each."""
        return pages(self._transport, f"{_path(batch_id)}/items", state, page_size)

    def seal(self, batch_id: str) -> Batch:
        """Seal the batch: all photographs are sent. The batch is finished when its last item is."""
        return read(Batch, self._transport.call("POST", f"{_path(batch_id)}:seal"))

    def progress(self, batch_id: str, *, timeout: float | None = None) -> Iterator[Batch]:
        """Yield the batch now and after each change, until it is finished; seal it before or meanwhile.

        Raises:
            WaitedTooLong: it was not finished after `timeout` seconds.
        """
        give_up = None if timeout is None else time.monotonic() + timeout
        seen = None
        while seen is None or not seen.over:
            batch = self.get(batch_id)
            if batch != seen:
                seen = batch
                yield batch
            if not batch.over:
                if give_up is not None and time.monotonic() + _LOOK > give_up:
                    raise WaitedTooLong(f"Batch {batch_id} is still {batch.state} after {timeout:g} s.")
                self._transport.pause(_LOOK)

    def wait(self, batch_id: str, *, timeout: float | None = None) -> Batch:
        """Return the batch when it is finished; raises `WaitedTooLong` after `timeout` seconds."""
        *_, last = self.progress(batch_id, timeout=timeout)
        return last

    def download_archive(
        self, batch_id: str, target: str | PathLike[str], *, overwrite: bool = False
    ) -> Path:
        """Write all present results as one zip, with `manifest.json`; completely or not at all.

        Raises:
            FileExistsError: the target exists, and `overwrite` is False.
            Conflict: there is no result yet.
        """
        path = Path(target)
        part = path.with_name(f".{batch_id}.part")
        download(self._transport, f"{_path(batch_id)}/archive.zip", path, part=part, overwrite=overwrite)
        return path

    def errors(self, batch_id: str) -> dict[str, JobError]:
        """Return the reasons why items failed, by the items' names."""
        return {
            job.item or job.id: job.error for job in self.items(batch_id, state=JobState.FAILED) if job.error
        }

    def retry_failed(self, batch_id: str) -> int:
        """Queue failed and canceled items again, as far as their originals are kept; return how many."""
        answer: dict[str, Any] = self._transport.call("POST", f"{_path(batch_id)}:retry-failed").json()
        return int(answer["retried"])

    def cancel(self, batch_id: str) -> Batch:
        """Start no further item. Finished results are kept, and `retry_failed` continues with the rest."""
        return read(Batch, self._transport.call("POST", f"{_path(batch_id)}:cancel"))

    def delete(self, batch_id: str) -> None:
        """Erase the batch, its items and their files; it is not an error if it is already gone."""
        with suppress(NotFound):
            self._transport.call("DELETE", _path(batch_id))


def _path(batch_id: str) -> str:
    return f"/v1/batches/{batch_id}"
