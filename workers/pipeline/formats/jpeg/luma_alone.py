"""The luma of a JPEG as a grey JPEG of its own, coded as it is there; and its hash, by which it is known again."""

import hashlib
from dataclasses import replace

from .file import DQT, SOS, Component, JpegFile, Segment, table_identifiers


def luma_alone(jpeg: JpegFile) -> JpegFile | None:
    """Return the grey JPEG of the first component's scans, without metadata; None where other scans are among them.

    A grey JPEG and the colour JPEG that holds its luma give the same, byte by byte.
    """
    first = jpeg.frame.components[0]
    scans = [i for i, s in enumerate(jpeg.coding) if s.marker == SOS and _is_of(s, first)]
    if not scans or any(s.marker == SOS and not _is_of(s, first) for s in jpeg.coding[: scans[-1]]):
        return None
    coding = [
        _renumbered(s)
        for s in jpeg.coding[: scans[-1] + 1]
        if s.marker != DQT or first.table in table_identifiers(s.payload)
    ]
    frame = replace(jpeg.frame, components=(Component(1, 1, 1, first.table),))
    return JpegFile(frame, tuple(coding), complete=True)


def luma_sha256(jpeg: JpegFile) -> str | None:
    """Return the SHA-256 of the file that `luma_alone` gives."""
    alone = luma_alone(jpeg)
    return None if alone is None else hashlib.sha256(bytes(alone)).hexdigest()


def _is_of(scan: Segment, component: Component) -> bool:
    """Whether the scan is of this component alone."""
    return scan.payload[:2] == bytes([1, component.identifier])


def _renumbered(segment: Segment) -> Segment:
    if segment.marker != SOS:
        return segment
    return replace(segment, payload=segment.payload[:1] + b"\x01" + segment.payload[2:])
