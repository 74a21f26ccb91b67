"""Objects of the storage as responses: files by the server's own means, others streamed, in ranges, too."""

from collections.abc import Sequence
from os import stat_result
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.datastructures import MutableHeaders
from starlette.types import Receive, Scope, Send

from photochrom.errors import ObjectNotFound
from photochrom.storage.storage import Storage

from . import problems
from .conditions import instead
from .ranges import Part, wanted_parts
from .storage_threads import from_storage


class _FileParts(FileResponse):
    """A file, of which Starlette sends the parts that we have found wanted."""

    def __init__(self, path: Path, like: FileResponse, parts: Sequence[Part] | None) -> None:
        super().__init__(path, headers=dict(like.headers), media_type=like.media_type)
        self._wanted = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or those parts."""
        headers = [pair for pair in scope["headers"] if pair[0] not in {b"range", b"if-range"}]
        if self._wanted is not None:
            said = ",".join(f"{start}-{end - 1}" for start, end in self._wanted)
            headers.append((b"range", f"bytes={said}".encode()))
        await super().__call__({**scope, "headers": headers}, receive, send)


def stored_response(
    request: Request,
    storage: Storage,
    key: str,
    *,
    media_type: str,
    name: str | None = None,
    headers: dict[str, str],
) -> Response:
    """Return the object, a part of it, or what its conditions ask for; there is an ETag among the headers.

    Raises:
        ObjectNotFound: there is no such object.
    """
    path = storage.local_path(key)
    stat = None if path is None else _stat(path)
    # For its headers only, where there is no file.
    like = FileResponse(path or key, media_type=media_type, filename=name, headers=headers, stat_result=stat)
    if (other := instead(request, like.headers)) is not None:
        if path is None:
            storage.size(key)  # it is there still
        return other
    if path is None or stat is None:
        return _streamed(request, storage, key, like.headers)
    parts = wanted_parts(request.method, request.headers, like.headers, stat.st_size)
    return _out_of_range(request, stat.st_size) if parts == [] else _FileParts(path, like, parts)


def _stat(path: Path) -> stat_result:
    try:
        return path.stat()
    except FileNotFoundError as error:
        raise ObjectNotFound("The file has just been deleted.") from error


def _streamed(request: Request, storage: Storage, key: str, headers: MutableHeaders) -> Response:
    if request.method == "GET" and "range" not in request.headers:
        # One request to the store, which tells the size along with the bytes.
        whole = storage.read(key)
        headers["Content-Length"] = str(whole.size)
        return StreamingResponse(from_storage(whole.chunks), headers=dict(headers))
    size = storage.size(key)
    parts = wanted_parts(request.method, request.headers, headers, size)
    if parts == []:
        return _out_of_range(request, size)
    # Several parts may be answered by the whole (RFC 9110, 14.2): it is one request to the store.
    status, (start, end) = (206, parts[0]) if parts is not None and len(parts) == 1 else (200, (0, size))
    headers["Content-Length"] = str(end - start)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if request.method == "HEAD" or start == end:
        return Response(status_code=status, headers=dict(headers))
    chunks = storage.read(key, start, end).chunks
    return StreamingResponse(from_storage(chunks), status, dict(headers))


def _out_of_range(request: Request, size: int) -> Response:
    kind = problems.OUT_OF_RANGE
    return problems.problem(
        request, kind.http_status, kind.code, kind.sample, headers={"Content-Range": f"bytes */{size}"}
    )
