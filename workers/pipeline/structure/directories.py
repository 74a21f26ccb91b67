"""TIFF's directories (TIFF 6.0, BigTIFF), their entries, and the strips or tiles of each: every one is a step."""

from collections.abc import Iterator
from typing import Literal

from ..limits import PhotoLimits
from .counting import Count

_NAME = "TIFF"
_MOST_DIRECTORIES, _MOST_ENTRIES, _MOST_PIECES = 1000, 10_000, 250_000
_STRIPS, _TILES, _NESTED = 273, 324, 330
_SIZES = {3: 2, 4: 4, 13: 4, 16: 8, 18: 8}


def check_directories(data: bytes, _: PhotoLimits) -> None:
    """See `check_structure`. Directories beyond the thousandth are not looked at: nobody reads them."""
    tiff = _Tiff(data)
    todo, seen = list(tiff.chain()), set[int]()
    while todo and len(seen) < _MOST_DIRECTORIES:
        at = todo.pop(0)
        if at in seen:
            continue
        seen.add(at)
        entries, pieces = (
            Count(_NAME, "entries", _MOST_ENTRIES),
            Count(_NAME, "strips or tiles", _MOST_PIECES),
        )
        entries.add(tiff.number(at, tiff.head))
        for tag, kind, count, value in tiff.entries(at):
            if tag in (_STRIPS, _TILES):
                pieces.add(count)
            elif tag == _NESTED:
                todo += tiff.offsets(kind, min(count, _MOST_DIRECTORIES), value)


class _Tiff:
    """A file of either kind and order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
        big = data[2:4] in (b"+\x00", b"\x00+")
        # Sizes of the count of entries, of an entry, of an offset; where the first offset lies.
        self.head, self._entry, self._link, self._first = (8, 20, 8, 8) if big else (2, 12, 4, 4)

    def number(self, at: int, size: int) -> int:
        return int.from_bytes(self._data[at : at + size], self._order)

    def chain(self) -> Iterator[int]:
        """Yield where the directories are, one leading to the next."""
        at, seen = self.number(self._first, self._link), set[int]()
        while 0 < at <= len(self._data) - self.head and at not in seen and len(seen) < _MOST_DIRECTORIES:
            seen.add(at)
            yield at
            at = self.number(at + self.head + self._entry * self.number(at, self.head), self._link)

    def entries(self, at: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield tag, type, count and where the value or its offset is."""
        for number in range(self.number(at, self.head)):
            entry = at + self.head + number * self._entry
            if entry + self._entry > len(self._data):
                return
            yield (
                self.number(entry, 2),
                self.number(entry + 2, 2),
                self.number(entry + 4, self._link),
                entry + 4 + self._link,
            )

    def offsets(self, kind: int, count: int, value: int) -> list[int]:
        """Return the numbers of an entry."""
        size = _SIZES.get(kind, 4)
        start = value if size * count <= self._link else self.number(value, self._link)
        found = (self.number(start + size * at, size) for at in range(count))
        return [at for at in found if 0 < at <= len(self._data) - self.head]
