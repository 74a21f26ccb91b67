"""Objects of the storage as responses: files by the server's own means, others streamed, in ranges, too."""

import re

from fastapi import Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.datastructures import Headers, MutableHeaders

from photochrom.storage import Storage

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")


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
    like_a_file = FileResponse(path or key, media_type=media_type, filename=name, headers=headers)
    if path is not None:
        return like_a_file
    return _streamed(request, storage, key, like_a_file.headers)


def _streamed(request: Request, storage: Storage, key: str, headers: MutableHeaders) -> Response:
    size = storage.size(key)
    headers["Accept-Ranges"] = "bytes"
    wanted = _wanted(request.headers, headers.get("etag"), size)
    if wanted is not None and wanted[0] >= wanted[1]:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = wanted or (0, size)
    headers["Content-Length"] = str(end - start)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 200 if wanted is None else 206
    if request.method == "HEAD" or start == end:
        return Response(status_code=status, headers=dict(headers))
    return StreamingResponse(storage.read(key, start, end).chunks, status, dict(headers))


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
