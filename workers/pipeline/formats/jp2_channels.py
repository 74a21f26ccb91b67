"""What the components of a JPEG 2000 mean, by the boxes around its codestream."""

from dataclasses import dataclass
from enum import Enum, auto

from photochrom.errors import UnsupportedFormat

from ..metadata import icc
from .jp2_boxes import SIGNATURE, read_boxes

_CMYK, _SRGB, _GREY, _SYCC = 12, 16, 17, 18
_OTHERS = {
    0: "bilevel",
    1: "YCbCr of television",
    3: "YCbCr",
    4: "YCbCr",
    11: "CMY",
    13: "YCCK",
    14: "CIELAB",
}
_OTHERS |= {9: "PhotoYCC", 19: "CIEJab", 20: "e-sRGB", 21: "ROMM-RGB", 24: "e-sYCC"}
_COLOR, _OPACITY, _MULTIPLIED_OPACITY = 0, 1, 2


class Space(Enum):
    """In what the colours are."""

    PLAIN = auto()
    YCC = auto()
    CMYK = auto()


@dataclass(frozen=True)
class Channels:
    """Which components are what.

    Attributes:
        colors: the components of the colours, in their order: one, three or four.
        alpha: the component that says how opaque a pixel is, or None.
        multiplied: whether the colours were multiplied by it.
        palette_bits: bits of the colours in a palette; 0 where there is none.
    """

    space: Space
    colors: list[int]
    alpha: int | None
    multiplied: bool
    palette_bits: int


def read_channels(data: bytes, components: int, *, subsampled: bool) -> Channels:
    """Read the colour space, palette and channel definition of a file with so many components.

    Raises:
        UnsupportedFormat: a space or a kind of palette that is not read.
    """
    boxes = list(read_boxes(data)) if data.startswith(SIGNATURE) else []
    header = dict(reversed(list(read_boxes(b"".join(p for kind, p in boxes if kind == b"jp2h")))))
    palette_bits = 0
    if palette := header.get(b"pclr"):
        components, palette_bits = _palette(palette)
    roles = _roles(header.get(b"cdef", b""))
    space = _space(header.get(b"colr", b""), components, subsampled=subsampled)
    count = 4 if space is Space.CMYK else 3 if components >= 3 else 1
    places = {place: i for i, (kind, place) in roles.items() if kind == _COLOR and 1 <= place <= count}
    colors = [places[place] for place in sorted(places)]
    if len(colors) != count or max(colors) >= components:
        colors = list(range(count))
    rest = [i for i in range(components) if i not in colors]
    opacities = (_OPACITY, _MULTIPLIED_OPACITY)
    stated = [i for i in rest if roles.get(i, (_OPACITY, 0))[0] in opacities]
    alpha = stated[0] if stated and components <= count + 1 else None
    multiplied = alpha is not None and roles.get(alpha, (0, 0))[0] == _MULTIPLIED_OPACITY
    return Channels(space, colors, alpha, multiplied, palette_bits)


def _palette(payload: bytes) -> tuple[int, int]:
    """How many columns a palette has, and of how many bits."""
    columns = payload[2] if len(payload) > 2 else 0
    depths = set(payload[3 : 3 + columns])
    if len(depths) != 1 or max(depths) > 15:
        raise UnsupportedFormat("This JPEG 2000 has a palette of an unusual kind; save it as RGB or grey.")
    return columns, depths.pop() + 1


def _roles(payload: bytes) -> dict[int, tuple[int, int]]:
    """Each channel's kind, and which colour it is or belongs to."""
    numbers = [int.from_bytes(payload[at : at + 2], "big") for at in range(2, len(payload) - 1, 2)]
    return {numbers[i]: (numbers[i + 1], numbers[i + 2]) for i in range(0, len(numbers) - 2, 3)}


def _space(color: bytes, components: int, *, subsampled: bool) -> Space:
    enumerated = int.from_bytes(color[3:7], "big") if color[:1] == b"\x01" and len(color) >= 7 else None
    if enumerated == _CMYK or (color[:1] in b"\x02\x03" and icc.color_space(color[3:]) == "CMYK"):
        if components >= 4:
            return Space.CMYK
    elif enumerated not in (None, _SRGB, _GREY, _SYCC):
        kind = _OTHERS.get(enumerated, f"a colour space of number {enumerated}")
        raise UnsupportedFormat(f"This JPEG 2000 is in {kind}; save it as RGB or grey.")
    # Where colours have fewer samples than lightness, OpenJPEG takes them for YCbCr, and has converted them.
    return Space.YCC if components >= 3 and enumerated == _SYCC and not subsampled else Space.PLAIN
