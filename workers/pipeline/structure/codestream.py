"""Tiles, precincts, code-blocks and packets that a JPEG 2000 codestream (ISO/IEC 15444-1, A and B) claims to have.

OpenJPEG makes an object of each, about 10 KB for a tile, 2 KB for a precinct, 300 bytes for a code-block, and takes
a step for each packet, whether there are data for it or not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..limits import PhotoLimits
from .boxes import content_of
from .counting import Count

_NAME = "JPEG 2000"
_MOST_TILES, _MOST_PRECINCTS, _MOST_BLOCKS = 20_000, 1_000_000, 2_000_000
# Of one tile: those of all are never in memory at once.
_MOST_OF_TILE = 150_000
_MOST_PACKETS, _MOST_MARKERS = 5_000_000, 100_000
_SOC, _SIZ, _COD, _COC, _SOT, _SOD = (
    b"\xff\x4f",
    b"\xff\x51",
    b"\xff\x52",
    b"\xff\x53",
    b"\xff\x90",
    b"\xff\x93",
)
_KNOWN = {
    *(b"\xff" + bytes([low]) for low in (0x50, *range(0x51, 0x60), 0x60, 0x61, 0x63, 0x64)),
    *(b"\xff" + bytes([low]) for low in (*range(0x74, 0x79), 0x90, 0x91, 0x92, 0x93)),
}
_FEW_COMPONENTS = 256
_WHOLE = 15
_MOST_LEVELS = 32


@dataclass(frozen=True)
class _Style:
    """One coding style: of the file, a component or a tile; exponents of 2, precincts from the smallest level up."""

    layers: int
    levels: int
    block: tuple[int, int]
    precincts: tuple[tuple[int, int], ...]

    def precinct(self, level: int) -> tuple[int, int]:
        return self.precincts[level] if level < len(self.precincts) else (_WHOLE, _WHOLE)


def check_codestream(data: bytes, limits: PhotoLimits) -> None:
    """See `check_structure`. The worst of all styles counts, as if it were the whole file's."""
    start = 0 if data.startswith(_SOC) else content_of(data, b"jp2c")
    size, styles = b"", list[_Style | None]()
    for marker, payload in _segments(data, start if start is not None else len(data)):
        if marker == _SIZ and not size:
            size = payload
        elif marker == _COD and payload:
            styles.append(_style(payload[5:], bool(payload[0] & 1), int.from_bytes(payload[2:4], "big")))
        elif marker == _COC:
            wide = 2 if int.from_bytes(size[34:36], "big") > _FEW_COMPONENTS else 1
            styles.append(_style(payload[wide + 1 :], bool(payload[wide : wide + 1] > b"\0"), 1))
    _check(size, [style for style in styles if style], limits)


def _check(size: bytes, styles: list[_Style], limits: PhotoLimits) -> None:
    if len(size) < 39:
        return
    right, bottom, _, _, width, height, left, top, components = (
        *(int.from_bytes(size[at : at + 4], "big") for at in range(2, 34, 4)),
        int.from_bytes(size[34:36], "big"),
    )
    if not width or not height or right <= left or bottom <= top:
        return
    if (right - left) * (bottom - top) > limits.max_pixels:
        return  # refused for its size
    tiles = -(-(right - left) // width) * -(-(bottom - top) // height)
    Count(_NAME, "tiles", _MOST_TILES).add(tiles)
    of_tile = min(width, right - left), min(height, bottom - top)
    layers = max((style.layers for style in styles), default=1)
    for style in styles:
        precincts, blocks = _parts(style, *of_tile)
        each = tiles * components
        Count(_NAME, "precincts in a tile", _MOST_OF_TILE).add(precincts * components)
        Count(_NAME, "precincts", _MOST_PRECINCTS).add(precincts * each)
        Count(_NAME, "code-blocks", _MOST_BLOCKS).add(blocks * each)
        Count(_NAME, "packets", _MOST_PACKETS).add(precincts * each * layers)


def _parts(style: _Style, width: int, height: int) -> tuple[int, int]:
    """Precincts and code-blocks of one component of a tile."""
    precincts = blocks = 0
    for level in range(style.levels + 1):
        scale = style.levels - level
        sides = [max(1, -(-side >> scale)) for side in (width, height)]
        exponents = style.precinct(level)
        count = _cells(sides, exponents)
        # The bands of a level but the smallest have half its side, and so have their precincts.
        half = min(level, 1)
        inner = [
            min(block, max(0, whole - half)) for block, whole in zip(style.block, exponents, strict=True)
        ]
        bands, areas = (3, [-(-side >> half) for side in sides]) if level else (1, sides)
        precincts += count
        blocks += bands * max(count, _cells(areas, inner))
    return precincts, blocks


def _cells(sides: list[int], exponents: "tuple[int, int] | list[int]") -> int:
    across, down = (-(-side >> exponent) for side, exponent in zip(sides, exponents, strict=True))
    return max(1, across) * max(1, down)


def _style(parameters: bytes, has_precincts: bool, layers: int) -> _Style | None:
    """Read levels, code-block and precinct sizes, as COD and COC end with them."""
    if len(parameters) < 5:
        return None
    levels = min(parameters[0], _MOST_LEVELS)
    block = (parameters[1] & 15) + 2, (parameters[2] & 15) + 2
    sizes = parameters[5 : 6 + levels] if has_precincts else b""
    return _Style(layers, levels, block, tuple((size & 15, size >> 4) for size in sizes))


def _segments(data: bytes, position: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the marker segments of the main header, and of the header of each tile's part."""
    count, part = Count(_NAME, "markers", _MOST_MARKERS), None
    position += len(_SOC)
    while position + 4 <= len(data):
        count.add()
        if data[position : position + 2] not in _KNOWN:
            # As OpenJPEG does: it looks on, two bytes by two, for one that it knows.
            position += 2
            continue
        marker, length = (
            data[position : position + 2],
            int.from_bytes(data[position + 2 : position + 4], "big"),
        )
        if marker == _SOT:
            stated = int.from_bytes(data[position + 6 : position + 10], "big")
            part = position + stated if stated else None
        elif marker == _SOD:
            if part is None or part <= position:
                return
            position = part
            continue
        if length < 2:
            return
        yield marker, data[position + 4 : position + 2 + length]
        position += 2 + length
