"""Which bytes of a file a request wants (RFC 9110, 14), the same for every storage."""

import re

from starlette.datastructures import Headers

_RANGES = re.compile(r"\s*bytes\s*=(.*)", re.IGNORECASE)
_RANGE = re.compile(r"(?:(\d+)-(\d*)|-(\d+))")
# Whoever asks for more pieces than a reader could want gets the file.
_MOST = 100

Part = tuple[int, int]
"""The first byte, and the one after the last."""


def wanted_parts(method: str, asked: Headers, sent: Headers, size: int) -> list[Part] | None:
    """Return the parts to send, in order and apart from each other; None for the whole file.

    No part at all means that none of those asked for lies in the file. What is no range of bytes is not heard, nor is
    a range in HEAD, or of another version of the file than If-Range names.

    Args:
        method: of the request; ranges are for GET.
        asked: headers of the request.
        sent: headers of the answer, with its ETag and perhaps Last-Modified.
        size: bytes of the file.
    """
    found = _RANGES.fullmatch(asked.get("range", ""))
    if found is None or method != "GET" or not _is_same(asked.get("if-range"), sent):
        return None
    # Empty elements of a list count for nothing (RFC 9110, 5.6.1).
    specs = [spec for each in found[1].split(",") if (spec := each.strip())]
    if not specs or len(specs) > _MOST:
        return None
    parts = []
    for spec in specs:
        part = _part(spec, size)
        if part is None:
            return None
        parts.append(part)
    return _apart(sorted(part for part in parts if part[0] < part[1]))


def _is_same(if_range: str | None, sent: Headers) -> bool:
    """Compare strongly: a weak tag does not say that the bytes are the same."""
    if if_range is None:
        return True
    return not if_range.startswith("W/") and if_range in (sent.get("etag"), sent.get("last-modified"))


def _part(spec: str, size: int) -> Part | None:
    """Return the part, empty where it lies outside of the file; None where it is none at all."""
    found = _RANGE.fullmatch(spec)
    if found is None:
        return None
    first, last, suffix = (_number(each) for each in found.groups())
    if suffix is not None:
        return max(0, size - suffix), size
    assert first is not None
    if last is None:
        return first, size
    return None if last < first else (first, min(size, last + 1))


def _number(digits: str | None) -> int | None:
    """Return the number; one longer than any file is as good as any other such."""
    return int(digits.lstrip("0")[:19] or "0") if digits else None


def _apart(parts: list[Part]) -> list[Part]:
    """Join those that overlap or touch, so that no byte is sent twice."""
    joined: list[Part] = []
    for start, end in parts:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined
