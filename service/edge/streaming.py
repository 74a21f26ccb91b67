"""Answers that are made while they are sent."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse


def streamed(
    request: Request, chunks: Iterator[Any] | AsyncIterator[Any], kind: str, headers: Mapping[str, str]
) -> Response:
    """Return a stream as the answer; to HEAD only what would stand above it, without making any of it."""
    if request.method == "HEAD":
        response = Response(headers=headers, media_type=kind)
        # Nobody knows how long the stream would be; it is not of length 0.
        del response.headers["Content-Length"]
        return response
    return StreamingResponse(chunks, media_type=kind, headers=headers)
