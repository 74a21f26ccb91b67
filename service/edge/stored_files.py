"""Objects of the storage as responses: files by the server's own means, others streamed, in ranges, too."""

import re

from fastapi import Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from photochrom.storage.storage import Storage

from . import problems
from .storage_threads import from_storage

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")

_REFUSED_RANGES = {
    400: ("bad-request", "The Range header is malformed; it should look like `bytes=0-1023`."),
    416: ("range-not-satisfiable", "The file ends before this range; Content-Range says where."),
}


class PhotoFile(FileResponse):
    """A file, of which Starlette sends ranges; those that it refuses are problems like all else."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or the part of it that was asked for."""
        refused = False

        async def send_or_refuse(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in _REFUSED_RANGES:
                refused = True
                code, detail = _REFUSED_RANGES[message["status"]]
                said = Headers(scope=message).get("content-range")
                headers = {"Content-Range": said} if said else {}
                answer = problems.problem(Request(scope), message["status"], code, detail, headers=headers)
                await answer(scope, receive, send)
            elif not refused:
                await send(message)

        await super().__call__(scope, receive, send_or_refuse)


def stored_response(
    request: Request,
    storage: Storage,
    key: str,
    *,
    media_type: str,
    name: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return the object; `Range` with `If-Range` is heard if there is an ETag among the headers.

    Raises:
        ObjectNotFound: there is no such object.
    """
    path = storage.local_path(key)
    # For its headers only, where there is no file.
    like_a_file = PhotoFile(path or key, media_type=media_type, filename=name, headers=headers)
    if path is not None:
        return like_a_file
    return _streamed(request, storage, key, like_a_file.headers)


def _streamed(request: Request, storage: Storage, key: str, headers: MutableHeaders) -> Response:
    headers["Accept-Ranges"] = "bytes"
    if request.method == "GET" and "range" not in request.headers:
        # One request to the store, which tells the size along with the bytes.
        whole = storage.read(key)
        headers["Content-Length"] = str(whole.size)
        return StreamingResponse(from_storage(whole.chunks), headers=dict(headers))
    size = storage.size(key)
    wanted = _wanted(request.headers, headers.get("etag"), size)
    if wanted is not None and wanted[0] >= wanted[1]:
        code, detail = _REFUSED_RANGES[416]
        return problems.problem(request, 416, code, detail, headers={"Content-Range": f"bytes */{size}"})
    start, end = wanted or (0, size)
    headers["Content-Length"] = str(end - start)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 200 if wanted is None else 206
    if request.method == "HEAD" or start == end:
        return Response(status_code=status, headers=dict(headers))
    chunks = storage.read(key, start, end).chunks
    return StreamingResponse(from_storage(chunks), status, dict(headers))


def _wanted(asked: Headers, etag: str | None, size: int) -> tuple[int, int] | None:
    """Return the wanted bytes, from and before; None for all: several ranges may be answered so (RFC 9110, 14.2)."""
    found = _RANGE.fullmatch(asked.get("range", ""))
    if found is None or asked.get("if-range", etag) != etag:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return max(0, size - int(suffix)), size if int(suffix) else 0
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1) if last else size
