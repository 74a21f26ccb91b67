"""A picture as tiles at halving scales, as IIIF's Image API serves them at level 0; all of them in one file.

The file: a head, the places of all tiles, then the tiles as JPEG. So a tile is two short reads from any storage, and a
picture's tiles are one object, which comes and goes with its result.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import ObjectNotFound

RESULT_TILES, ORIGINAL_TILES = ".result.tiles", ".original.tiles"
"""Extensions of their names in the storage."""
TILE = 512
WHOLE = 1024
"""The picture is served whole at the largest scale at which no side is longer."""
_HEAD = struct.Struct(">8sIII")
_PLACE = struct.Struct(">QQ")
_MAGIC = b"phctile1"
_LONGEST = 16 << 20
_ROUNDED = 1  # viewers round an edge's size in their own ways


@dataclass(frozen=True)
class Box:
    """A part of the picture in full pixels, and the size that it is served at."""

    x: int
    y: int
    width: int
    height: int
    shown: tuple[int, int]
    """(width, height)."""


@dataclass(frozen=True)
class Tiling:
    """Which tiles a picture of this size has, in the order of the file; the last one is the picture whole."""

    width: int
    height: int

    @property
    def factors(self) -> list[int]:
        """By what the scales divide, from 1 to where one tile holds the picture."""
        found = [1]
        while max(self.level(found[-1])) > TILE:
            found.append(2 * found[-1])
        return found

    @property
    def whole(self) -> tuple[int, int]:
        """Width and height of the picture that is served whole: one of the scales, as viewers take `sizes` for them."""
        return next(level for level in map(self.level, self.factors) if max(level) <= WHOLE)

    def level(self, factor: int) -> tuple[int, int]:
        """Return width and height at this scale."""
        return -(-self.width // factor), -(-self.height // factor)

    def grid(self, factor: int) -> tuple[int, int]:
        """Return how many columns and rows of tiles this scale has."""
        width, height = self.level(factor)
        return -(-width // TILE), -(-height // TILE)

    @property
    def count(self) -> int:
        """Number of tiles, the whole picture included."""
        return sum(columns * rows for columns, rows in map(self.grid, self.factors)) + 1

    def boxes(self, factor: int) -> Iterator[Box]:
        """Yield the tiles of a scale, row by row."""
        columns, rows = self.grid(factor)
        for row in range(rows):
            for column in range(columns):
                yield self._box(factor, column, row)

    def number(self, region: tuple[int, int, int, int] | None, size: tuple[int, int] | None) -> int | None:
        """Return the place of a tile in the file; None where there is none.

        Args:
            region: x, y, width and height in full pixels; None for all of it.
            size: width and height to be served; 0 for what follows from the other, None for the largest there is.
        """
        x, y, width, height = region or (0, 0, self.width, self.height)
        if (x, y, width, height) == (0, 0, self.width, self.height) and _off(size, self.whole) <= _ROUNDED:
            return self.count - 1
        near: list[tuple[int, int]] = []
        before = 0
        for factor in self.factors:
            columns, rows = self.grid(factor)
            column, row = x // (TILE * factor), y // (TILE * factor)
            if column < columns and row < rows:
                box = self._box(factor, column, row)
                off = _off(size, box.shown)
                if (box.x, box.y, box.width, box.height) == (x, y, width, height) and off <= _ROUNDED:
                    near.append((off, before + row * columns + column))
            before += columns * rows
        # A strip of few pixels at the edge is within a pixel of itself at two scales.
        return min(near)[1] if near else None

    def _box(self, factor: int, column: int, row: int) -> Box:
        left, top = column * TILE * factor, row * TILE * factor
        across, down = self.level(factor)
        shown = min(TILE, across - column * TILE), min(TILE, down - row * TILE)
        return Box(
            left, top, min(TILE * factor, self.width - left), min(TILE * factor, self.height - top), shown
        )


def _off(size: tuple[int, int] | None, shown: tuple[int, int]) -> int:
    """Return by how many pixels, at most, the size asked for is not the one there is."""
    return max(abs(asked - there) if asked else 0 for asked, there in zip(size or (0, 0), shown, strict=True))


def packed(tiling: Tiling, tiles: list[bytes]) -> list[bytes]:
    """Return the file of these tiles, in parts."""
    assert len(tiles) == tiling.count
    at = _HEAD.size + 8 * (len(tiles) + 1)
    ends = [at]
    for tile in tiles:
        at += len(tile)
        ends.append(at)
    head = _HEAD.pack(_MAGIC, tiling.width, tiling.height, len(tiles))
    return [head + struct.pack(f">{len(ends)}Q", *ends), *tiles]


HEAD = (0, _HEAD.size)
"""Where the head lies in the file."""


def tiling_of(head: bytes) -> Tiling:
    """Return which tiles a file has, by its head.

    Raises:
        ObjectNotFound: it is no file of tiles.
    """
    if len(head) == _HEAD.size:
        magic, width, height, count = _HEAD.unpack(head)
        tiling = Tiling(width, height)
        if magic == _MAGIC and width and height and count == tiling.count:
            return tiling
    raise ObjectNotFound("The tiles of this picture cannot be read.")


def place_of(number: int) -> tuple[int, int]:
    """Return where in the file it stands where a tile lies."""
    start = _HEAD.size + 8 * number
    return start, start + _PLACE.size


def span_of(place: bytes) -> tuple[int, int]:
    """Return where a tile lies.

    Raises:
        ObjectNotFound: the file is damaged.
    """
    if len(place) == _PLACE.size:
        start, end = _PLACE.unpack(place)
        if 0 < start < end <= start + _LONGEST:
            return start, end
    raise ObjectNotFound("The tiles of this picture cannot be read.")
