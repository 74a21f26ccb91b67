"""The directories of a TIFF structure (TIFF 6.0, section 2; BigTIFF; EXIF) as bytes.

Values are carried as the bytes they are: what is never decoded is never lost, whatever characters a text is in.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Order = Literal["little", "big"]

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7
# Bytes of one value by its type; the types that are not here have 8.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 11: 4, 13: 4}
_CODES = {
    1: "B",
    3: "H",
    4: "I",
    6: "b",
    8: "h",
    9: "i",
    11: "f",
    12: "d",
    13: "I",
    16: "Q",
    17: "q",
    18: "Q",
}
INTEGERS = {1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4}
"""The types of whole numbers of up to 32 bits, and the bytes of each."""
_FRACTIONS = {5: "I", 10: "i"}
_WIDE = (16, 17, 18)  # of BigTIFF alone
_BIG = (b"+\x00", b"\x00+")
_CLASSIC = (b"*\x00", b"\x00*")
_MOST_NUMBERS = 1024


@dataclass(frozen=True)
class Entry:
    """One tag's value; its bytes are in the order of the structure that it was read from or is made for."""

    kind: int
    count: int
    value: bytes

    def numbers(self, order: Order) -> tuple[float, ...]:
        """Return the values as numbers, no more than a thousand; none where they are no numbers."""
        mark = "<" if order == "little" else ">"
        if (code := _FRACTIONS.get(self.kind)) is not None:
            pairs = struct.iter_unpack(mark + code * 2, self.value[: 8 * min(self.count, _MOST_NUMBERS)])
            return tuple(above / below if below else 0.0 for above, below in pairs)
        if (code := _CODES.get(self.kind)) is None:
            return ()
        count = min(self.count, _MOST_NUMBERS)
        return struct.unpack(f"{mark}{count}{code}", self.value[: count * _SIZES.get(self.kind, 8)])


@dataclass(frozen=True)
class Structure:
    """A whole TIFF, BigTIFF or EXIF block; what lies beyond its end reads as zeros."""

    data: bytes

    @property
    def order(self) -> Order:
        """The byte order."""
        return "little" if self.data[:2] == b"II" else "big"

    @property
    def big(self) -> bool:
        """Whether it is a BigTIFF."""
        return self.data[2:4] in _BIG

    @property
    def first(self) -> int:
        """Where the first directory lies."""
        return self.number(8, 8) if self.big else self.number(4, 4)

    def is_whole(self) -> bool:
        """Return whether the header is one, and the first directory lies within the data."""
        return self._has_header(*_BIG, *_CLASSIC) and self.has_directory(self.first)

    def is_empty(self) -> bool:
        """Return whether the header is one, and the first directory lies within the data and has no entries."""
        lies_within = 8 <= self.first <= len(self.data) - 2
        return self._has_header(*_CLASSIC) and lies_within and not self.count(self.first)

    def _has_header(self, *versions: bytes) -> bool:
        return self.data[:2] in (b"II", b"MM") and self.data[2:4] in versions

    def number(self, at: int, size: int) -> int:
        """Return the unsigned number of `size` bytes that lies at `at`."""
        return int.from_bytes(self.data[at : at + size], self.order)

    def count(self, start: int) -> int:
        """Return how many entries the directory at `start` says it has."""
        return self.number(start, 8 if self.big else 2)

    def has_directory(self, start: int) -> bool:
        """Return whether all entries of a directory at `start` lie within the data."""
        head, size = (8, 20) if self.big else (2, 12)
        return start >= 8 and 0 < self.count(start) <= (len(self.data) - start - head) // size

    def link(self, start: int) -> int:
        """Return where the place of the next directory is written, behind the entries of the one at `start`."""
        head, size = (8, 20) if self.big else (2, 12)
        return start + head + size * self.count(start)

    def next(self, start: int) -> int:
        """Return where the directory after the one at `start` lies; 0 for none."""
        return self.number(self.link(start), 8 if self.big else 4)

    def places(self, start: int) -> dict[int, int]:
        """Return where the entry of each tag of the directory at `start` lies, as far as the data reach."""
        head, size = (8, 20) if self.big else (2, 12)
        end = min(self.link(start), len(self.data) - size + 1)
        return {self.number(at, 2): at for at in range(start + head, end, size)}

    def span(self, at: int) -> tuple[int, int]:
        """Return where the value of the entry at `at` begins, and its length in bytes."""
        field = 8 if self.big else 4
        length = _SIZES.get(self.number(at + 2, 2), 8) * self.number(at + 4, field)
        inline = at + 4 + field
        return (inline if length <= field else self.number(inline, field)), length

    def entries(self, start: int) -> dict[int, Entry]:
        """Return the entries of the directory at `start` whose values lie within the data."""
        found = ((tag, self.entry(at)) for tag, at in self.places(start).items())
        return {tag: entry for tag, entry in found if entry}

    def entry(self, at: int) -> Entry | None:
        """Return the entry that lies at `at`; None where it has no value within the data."""
        begin, length = self.span(at)
        if not length or begin + length > len(self.data):
            return None
        count = self.number(at + 4, 8 if self.big else 4)
        return Entry(self.number(at + 2, 2), count, self.data[begin : begin + length])

    def is_overlapping(self, *starts: int) -> bool:
        """Return whether the values of one of the directories claim more bytes than the whole structure has.

        No program writes such a one; readers that copy each value would turn a megabyte into gigabytes.
        """
        return any(
            sum(self.span(at)[1] for at in self.places(start).values()) > len(self.data) for start in starts
        )


def longs(order: Order, *values: int) -> Entry:
    """Return an entry of LONG values."""
    return Entry(LONG, len(values), b"".join(value.to_bytes(4, order) for value in values))


def shorts(order: Order, *values: int) -> Entry:
    """Return an entry of SHORT values."""
    return Entry(SHORT, len(values), b"".join(value.to_bytes(2, order) for value in values))


def classic(entry: Entry, order: Order) -> Entry | None:
    """Return the entry as TIFF 6.0 can hold it; None where a number of BigTIFF is too large."""
    if entry.kind not in _WIDE:
        return entry
    values = [int(value) for value in entry.numbers(order)]
    if len(values) != entry.count or not all(0 <= value < 2**32 for value in values):
        return None
    return longs(order, *values)


def packed(entries: Mapping[int, Entry], order: Order, at: int) -> bytes:
    """Return a classic directory to be put at the even place `at`, its long values behind it, and no next one."""
    mark = "<" if order == "little" else ">"
    directory, values = struct.pack(mark + "H", len(entries)), b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, entry in sorted(entries.items()):
        inline = entry.value
        if len(inline) > 4:
            inline = (behind + len(values)).to_bytes(4, order)
            values += entry.value + bytes(len(entry.value) % 2)
        directory += struct.pack(mark + "HHI", tag, entry.kind, entry.count) + inline.ljust(4, b"\x00")
    return directory + bytes(4) + values
