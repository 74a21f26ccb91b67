"""The calls on single jobs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import TypeVar

from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions

from .downloads import download
from .errors import Conflict, NotFound, WaitedTooLong
from .models import AlbumPage, Job, JobPage, Proposals
from .photographs import Photo
from .submitting import upload, upload_from
from .transport import Transport, read

_FIRST_LOOK, _LONGEST_LOOK = 0.1, 2.0
Seen = TypeVar("Seen", Job, AlbumPage)
PAGE = 200
_JOBS = "/v1/jobs"


class Jobs:
    """`client.jobs`: photographs one at a time. Jobs are named by their ids."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self,
        photo: Photo,
        options: ColorizeOptions | None = None,
        *,
        name: str | None = None,
        repair_mask: Photo | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Upload a photograph and return its job, which is queued.

        Args:
            photo: the path of a file, or its bytes.
            options: those to set; all others are the server's defaults.
            name: the file name, if `photo` is bytes or has another.
            repair_mask: a grey image of the upright photograph's size, a path or bytes: white is repaired, black is
                kept, grey is as found. With `repair=auto`.
            idempotency_key: a call with the same key returns the same job for 24 hours; without one, only the
                retries of this very call do.

        Raises:
            ApiError: refused, for example `UnsupportedMedia` if it is not a photograph.
            ConnectionFailed: no answer.
            OSError: the file cannot be read.
        """
        sent = upload(self._transport, _JOBS, photo, options, name, idempotency_key, repair_mask)
        return read(Job, sent)

    def submit_url(
        self,
        url: str,
        options: ColorizeOptions | None = None,
        *,
        name: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Have the server fetch a photograph from an https address, and return its job, which is queued.

        Raises:
            InvalidRequest: code `url-rejected`, the server connects to no such address; `url-unreachable`, the
                photograph did not come from there.
            ApiError: refused, as an upload of the same photograph would be.
        """
        return read(Job, upload_from(self._transport, _JOBS, url, options, name, idempotency_key))

    def get(self, job_id: str) -> Job:
        """Return the job as it is now; raises `NotFound` if there is none."""
        return read(Job, self._transport.call("GET", _path(job_id)))

    def listed(self, *, state: JobState | None = None) -> Iterator[Job]:
        """Yield all jobs (in `state`), the newest first, items of batches included; fetched page by page."""
        return pages(self._transport, _JOBS, state)

    def wait(
        self, job_id: str, *, timeout: float | None = None, on_change: Callable[[Job], None] = lambda _: None
    ) -> Job:
        """Return the job when it has finished, with or without a result; `job.done()` raises if it has none.

        Args:
            job_id: the job.
            timeout: seconds; None waits without limit.
            on_change: called with the job as it is now, and after each change.

        Raises:
            WaitedTooLong: it did not finish in time.
        """
        return until_over(self._transport, lambda: self.get(job_id), timeout, on_change)

    def result(self, job_id: str) -> bytes:
        """Return the colorized photograph in memory; `download` is for large ones.

        Raises:
            Conflict: there is no result (yet).
            Expired: it has expired.
        """
        return self._transport.call("GET", f"{_path(job_id)}/result").content

    def repairs(self, job_id: str) -> bytes:
        """Return what was repaired as a grey PNG of full size; raises `NotFound` if no repair was asked for."""
        return self._transport.call("GET", f"{_path(job_id)}/repairs").content

    def proposals(self, job_id: str, *, hints_of: Sequence[str] = ()) -> Proposals:
        """Return the hints of its series that fit a photograph of a batch with `consistency`.

        Args:
            job_id: the photograph that the hints are for.
            hints_of: jobs whose hints are proposed, of the same files as those of the series; none asks for those
                that the series has. One of this photograph says beside which spots no others are wanted.

        Raises:
            Conflict: it is not one of a series, or has no result (yet).
        """
        query = {"hints_of": list(hints_of)}
        return read(Proposals, self._transport.call("GET", f"{_path(job_id)}/proposals", params=query))

    def download(self, job: Job | str, target: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the result to `target`, completely or not at all, and return its path.

        The result is received into a hidden file beside the target. That file is continued after broken
        connections and, in the next call, after a crash of this program. It is then checked against the
        result's SHA-256 and renamed.

        Raises:
            FileExistsError: the target exists, and `overwrite` is False.
            JobFailed: there is no result.
            Expired: it has expired.
            OSError: the target cannot be written.
        """
        known = self.get(job) if isinstance(job, str) else job
        result = known.done().result
        assert result is not None
        path = Path(target)
        download(
            self._transport,
            # Not `result.url`: behind a proxy that holds the path of `server`, which stands before this one, too.
            f"{_path(known.id)}/result",
            path,
            part=path.with_name(f".{known.id}.part"),
            overwrite=overwrite,
            size=result.bytes,
            sha256=result.sha256,
        )
        return path

    def cancel(self, job_id: str) -> Job:
        """Cancel it at once if it waits, before its next stage if it runs; raises `Conflict` if it has finished."""
        try:
            return read(Job, self._transport.call("POST", f"{_path(job_id)}:cancel"))
        except Conflict:
            # Perhaps it was canceled by this very call, whose first answer was lost.
            if (job := self.get(job_id)).state is JobState.CANCELED:
                return job
            raise

    def retry(self, job_id: str) -> Job:
        """Queue a failed or canceled job again; raises `Conflict` if it is neither, or its original expired."""
        return read(Job, self._transport.call("POST", f"{_path(job_id)}:retry", repeatable=False))

    def delete(self, job_id: str) -> None:
        """Erase the job and its files; it is not an error if it is already gone."""
        with suppress(NotFound):
            self._transport.call("DELETE", _path(job_id))


def until_over(
    transport: Transport,
    get: Callable[[], Seen],
    timeout: float | None,
    on_change: Callable[[Seen], None] = lambda _: None,
) -> Seen:
    """Return what `get` returns when it has finished; raise `WaitedTooLong` after `timeout` seconds."""
    give_up = None if timeout is None else time.monotonic() + timeout
    pause, seen = _FIRST_LOOK, None
    while True:
        found = get()
        if found != seen:
            seen = found
            on_change(found)
        if found.over:
            return found
        if give_up is not None and time.monotonic() + pause > give_up:
            raise WaitedTooLong(f"Job {found.id} is still {found.state} after {timeout:g} s.")
        transport.pause(pause)
        pause = min(_LONGEST_LOOK, pause * 1.5)


def pages(transport: Transport, path: str, state: JobState | None, limit: int = PAGE) -> Iterator[Job]:
    """Yield the jobs of a list, page by page."""
    query = {"limit": str(limit)} | ({"state": str(state)} if state else {})
    while True:
        page = read(JobPage, transport.call("GET", path, params=query))
        yield from page.items
        if page.next_cursor is None:
            return
        query["cursor"] = page.next_cursor


def _path(job_id: str) -> str:
    return f"{_JOBS}/{job_id}"
