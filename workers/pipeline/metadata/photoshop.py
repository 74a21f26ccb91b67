"""Photoshop's image resources (Adobe Photoshop File Formats Specification, 2019), in which JPEG carries IPTC."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_SIGNATURE = b"8BIM"
_IPTC = 0x0404
_THUMBNAILS = (0x0409, 0x040C)


@dataclass(frozen=True)
class _Resource:
    """Where one resource lies, and where its data do."""

    kind: int
    start: int
    data: slice
    end: int


def iptc(resources: bytes) -> bytes | None:
    """Return the IPTC-IIM records among the resources."""
    return next((resources[found.data] for found in _read(resources) if found.kind == _IPTC), None)


def with_iptc(records: bytes) -> bytes:
    """Return the resource that holds IPTC-IIM records."""
    head = _SIGNATURE + struct.pack(">HHI", _IPTC, 0, len(records))
    return head + records + bytes(len(records) % 2)


def without_copies(resources: bytes) -> bytes | None:
    """Return the resources but IPTC, which has a place of its own, and thumbnails; None where no others are left."""
    others = [resources[r.start : r.end] for r in _read(resources) if r.kind not in (_IPTC, *_THUMBNAILS)]
    return b"".join(others) or None


def without_thumbnails(resources: bytes) -> bytes:
    """Return the resources without the thumbnails, which show the original; the others stay byte by byte."""
    kept, position = [], 0
    for found in _read(resources):
        if found.kind in _THUMBNAILS:
            kept.append(resources[position : found.start])
            position = found.end
    return b"".join(kept) + resources[position:]


def _read(resources: bytes) -> Iterator[_Resource]:
    position = 0
    while position + 12 <= len(resources) and resources.startswith(_SIGNATURE, position):
        kind = int.from_bytes(resources[position + 4 : position + 6], "big")
        name = resources[position + 6] + 1
        size_at = position + 6 + name + name % 2
        start = size_at + 4
        size = int.from_bytes(resources[size_at:start], "big")
        end = start + size + size % 2
        yield _Resource(kind, position, slice(start, start + size), end)
        position = end
