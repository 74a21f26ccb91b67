"""The boxes of a JP2 file (ISO/IEC 15444-1, annex I), and the metadata in them."""

import struct
from collections.abc import Iterator

from ..photo import Metadata
from ..structure.boxes import outer_boxes

SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_EXIF = b"JpgTiffExif->JP2"
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_PROFILES = (b"\x02", b"\x03")  # restricted, and any: JPX has the second
_INCH = 0.0254


def read_metadata(data: bytes) -> Metadata:
    """Read what the boxes of a JP2 carry; nothing of a bare codestream."""
    if not data.startswith(SIGNATURE):
        return Metadata()
    boxes = list(read_boxes(data))
    header = list(read_boxes(b"".join(p for kind, p in boxes if kind == b"jp2h")))
    uuids = {p[:16]: p[16:] for kind, p in boxes if kind == b"uuid"}
    icc = next((p[3:] for kind, p in header if kind == b"colr" and p[:1] in _PROFILES), None)
    resolutions = [p for kind, p in header if kind == b"res "]
    return Metadata(
        icc=icc or None,
        exif=uuids.get(_EXIF, b"").removeprefix(b"Exif\x00\x00") or None,
        xmp=uuids.get(_XMP),
        iptc=uuids.get(_IPTC),
        dpi=_dpi(resolutions[0]) if resolutions else None,
        boxes=tuple(p for kind, p in boxes if kind == b"xml "),
    )


def with_metadata(data: bytes, metadata: Metadata) -> bytes:
    """Put the colour profile and resolution into the header box, the rest into boxes before the codestream."""
    parts = []
    for kind, payload in read_boxes(data):
        if kind == b"jp2h":
            payload = _with_header_boxes(payload, metadata)
        if kind == b"jp2c":
            named = ((_EXIF, metadata.exif), (_XMP, metadata.xmp), (_IPTC, metadata.iptc))
            parts += [make_box(b"uuid", identifier + value) for identifier, value in named if value]
            parts += [make_box(b"xml ", text) for text in metadata.boxes]
        parts.append(make_box(kind, payload))
    return b"".join(parts)


def _with_header_boxes(header: bytes, metadata: Metadata) -> bytes:
    boxes = list(read_boxes(header))
    if metadata.icc:
        boxes = [
            (b"colr", b"\x02\x00\x00" + metadata.icc) if kind == b"colr" else (kind, p) for kind, p in boxes
        ]
    if metadata.dpi:
        down, across = (round(dpi / _INCH) for dpi in reversed(metadata.dpi))
        # Numerator over 1, times 10 to the power of 0; captured resolution is in pixels per metre.
        captured = struct.pack(">HHHHbb", min(down, 65535), 1, min(across, 65535), 1, 0, 0)
        boxes.append((b"res ", make_box(b"resc", captured)))
    return b"".join(make_box(kind, payload) for kind, payload in boxes)


def _dpi(resolution: bytes) -> tuple[float, float] | None:
    found = dict(read_boxes(resolution))
    payload = found.get(b"resc") or found.get(b"resd") or b""
    if len(payload) != 10:
        return None
    down, by, across, per, exponent, exponent_across = struct.unpack(">HHHHbb", payload)
    if not by or not per or abs(exponent) > 9 or abs(exponent_across) > 9:
        return None
    return across / per * 10.0**exponent_across * _INCH, down / by * 10.0**exponent * _INCH


def read_boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and the payload of each box, to the first that is damaged.

    Raises:
        UnreadablePhoto: there are more of them than any program writes.
    """
    for kind, start, end in outer_boxes(data):
        yield kind, data[start:end]


def make_box(kind: bytes, payload: bytes) -> bytes:
    """Return a box."""
    return struct.pack(">I", len(payload) + 8) + kind + payload
