"""JPEG files (ITU-T T.81) taken apart into segments and put together again, without touching a coefficient."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from photochrom.errors import UnreadablePhoto

SOI, EOI, SOS, DQT, DHT, DRI, DNL, COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xDC, 0xFE
APP0, APP1, APP2, APP11, APP13, APP14 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE
BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS = 0xC0, 0xC1, 0xC2, 0xC3
_JPEG_LS = 0xF7
_FRAMES = set(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC} | {_JPEG_LS}
# Entropy-coded data end at the first marker that is neither a stuffed zero, a restart nor a fill byte. The patterns
# leave fill bytes out: searching the end of a long run of them from each of its bytes would take hours.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_MARKER = re.compile(rb"\xff[^\x00\xff]")
# Progressive encoders write about ten. Each costs a pass over the picture: a small file could cost hours.
_MAX_SCANS = 100
# Each becomes an object: a file of only empty segments would take fifty times its size in memory.
_MAX_MARKERS = 20_000


@dataclass(frozen=True)
class Segment:
    """One marker with its payload (without the length) and, after SOS, the entropy-coded data; after EOI, the rest."""

    marker: int
    payload: bytes = b""
    scan: bytes = b""

    def __bytes__(self) -> bytes:
        head = b"\xff" + bytes([self.marker])
        return head + (len(self.payload) + 2).to_bytes(2, "big") + self.payload + self.scan


@dataclass(frozen=True)
class Component:
    """A component of the frame header."""

    identifier: int
    horizontal: int
    vertical: int
    table: int

    def __bytes__(self) -> bytes:
        return bytes([self.identifier, self.horizontal << 4 | self.vertical, self.table])


@dataclass(frozen=True)
class Frame:
    """The frame header: the kind of JPEG, its size and its components."""

    marker: int
    precision: int
    height: int
    width: int
    components: tuple[Component, ...]

    @classmethod
    def read(cls, segment: Segment) -> "Frame":
        """Read SOFn; raise `UnreadablePhoto` where it contradicts itself."""
        payload = segment.payload
        if len(payload) < 9 or len(payload) != 6 + 3 * payload[5]:
            raise UnreadablePhoto("The JPEG's frame header is damaged.")
        parts = [payload[i : i + 3] for i in range(6, len(payload), 3)]
        components = tuple(Component(p[0], p[1] >> 4, p[1] & 15, p[2]) for p in parts)
        height, width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
        if not height or not width:
            raise UnreadablePhoto(
                "The JPEG's header gives no height or width; open it in another program, and save it again."
            )
        return cls(segment.marker, payload[0], height, width, components)

    def segment(self) -> Segment:
        """Write the header back."""
        size = self.height.to_bytes(2, "big") + self.width.to_bytes(2, "big")
        head = bytes([self.precision]) + size + bytes([len(self.components)])
        return Segment(self.marker, head + b"".join(map(bytes, self.components)))


@dataclass(frozen=True)
class JpegFile:
    """A JPEG in pieces; `segments` has all except SOI, SOFn and EOI, in their order."""

    frame: Frame
    segments: tuple[Segment, ...]
    complete: bool
    """Whether the file has its end marker."""
    tail: bytes = b""
    """What follows the end marker."""

    @classmethod
    def read(cls, data: bytes) -> "JpegFile":
        """Parse a file.

        Raises:
            UnreadablePhoto: the file ends before its first scan, or its segments are not valid.
        """
        frame, segments, complete, tail = None, [], False, b""
        for segment in _segments(data):
            if segment.marker == EOI:
                complete, tail = True, segment.scan
            elif segment.marker in _FRAMES:
                if frame is not None:
                    raise UnreadablePhoto("The JPEG has two frame headers.")
                frame = Frame.read(segment)
            else:
                segments.append(segment)
        scans = sum(segment.marker == SOS for segment in segments)
        if frame is None or not scans:
            raise UnreadablePhoto("The JPEG ends before its picture begins; the file is truncated.")
        if scans > _MAX_SCANS:
            raise UnreadablePhoto(f"The JPEG has {scans} scans, far more than any camera or program writes.")
        return cls(frame, tuple(segments), complete, tail)

    @property
    def metadata(self) -> tuple[Segment, ...]:
        """APPn and comments."""
        return tuple(s for s in self.segments if APP0 <= s.marker <= 0xEF or s.marker == COM)

    @property
    def coding(self) -> tuple[Segment, ...]:
        """Tables and scans, in the order in which a decoder needs them."""
        return tuple(s for s in self.segments if not (APP0 <= s.marker <= 0xEF or s.marker == COM))

    def with_metadata(self, metadata: tuple[Segment, ...]) -> "JpegFile":
        """Return the same picture with other APPn and comments."""
        return replace(self, segments=(*metadata, *self.coding))

    def __bytes__(self) -> bytes:
        scans = next(i for i, s in enumerate(self.segments) if s.marker in (SOS, DHT))
        parts = [*self.segments[:scans], self.frame.segment(), *self.segments[scans:]]
        return b"\xff\xd8" + b"".join(map(bytes, parts)) + b"\xff\xd9"


def read_frame(data: bytes) -> Frame:
    """Return the frame header, reading no further than it.

    Raises:
        UnreadablePhoto: there is none.
    """
    for segment in _segments(data):
        if segment.marker in _FRAMES:
            return Frame.read(segment)
        if segment.marker == SOS:
            break
    raise UnreadablePhoto("The JPEG ends before its picture begins; the file is truncated.")


def table_identifiers(payload: bytes) -> list[int]:
    """Return the numbers of the tables that a DQT segment defines."""
    return [table[0] & 15 for table in tables(payload)]


def tables(payload: bytes) -> Iterator[bytes]:
    """Part what a DQT segment holds into its tables, each with the byte that says its depth and number."""
    position = 0
    while position < len(payload):
        end = position + (129 if payload[position] >> 4 else 65)
        yield payload[position:end]
        position = end


def _segments(data: bytes) -> Iterator[Segment]:
    position, markers = 2, 0
    while found := _MARKER.search(data, position):
        markers += 1
        if markers > _MAX_MARKERS:
            raise UnreadablePhoto(
                f"The JPEG has over {_MAX_MARKERS} segments, far more than any program writes."
            )
        marker, start = found.group()[-1], found.end()
        if marker == EOI:
            yield Segment(EOI, scan=data[start:])
            return
        if marker in (SOI, 1) or 0xD0 <= marker <= 0xD7:  # stand alone
            position = start
            continue
        length = int.from_bytes(data[start : start + 2], "big")
        position = start + length
        if length < 2 or position > len(data):
            return
        payload = data[start + 2 : position]
        if marker == SOS:
            after = _NEXT_MARKER.search(data, position)
            scan_end = after.start() if after else len(data)
            yield Segment(SOS, payload, data[position:scan_end].rstrip(b"\xff"))
            position = scan_end
        else:
            yield Segment(marker, payload)
