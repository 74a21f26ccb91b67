"""Answers that are generated while they are sent."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse


def streamed(
    request: Request, chunks: Iterator[Any] | AsyncIterator[Any], kind: str, headers: Mapping[str, str]
) -> Response:
    """Return a stream as the answer; for HEAD only its headers, without generating anything."""
    if request.method == "HEAD":
        response = Response(headers=headers, media_type=kind)
        # The length is unknown, so do not let the server announce 0.
        del response.headers["Content-Length"]
        return response
    return StreamingResponse(chunks, media_type=kind, headers=headers)
