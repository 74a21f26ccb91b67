"""What a JPEG XL codestream says of its picture before its first frame (ISO/IEC 18181-1, annexes A, D and E)."""

from dataclasses import dataclass, field

from photochrom.errors import UnreadablePhoto
from photochrom.photo.jxl_bits import START, Bits, read_size

from .colors import Encoding, read_encoding

ALPHA, BLACK = 0, 4
_SPOT, _FILTER = 2, 5
_HALF = 16
_EXTENSIONS = 64


@dataclass
class Header:
    """A codestream's header.

    Attributes:
        height, width: in pixels, as stored.
        orientation: EXIF 1..8; libjxl turns the pixels by it.
        bits: of a sample; floats is whether they are floating-point numbers.
        channels: the kinds of channels beside colour, such as `ALPHA`.
        multiplied: whether colours are multiplied with the first alpha.
        xyb: whether the picture is coded in the eye's colours, and so without a space of its own.
        encoding: what the numbers mean.
        encoding_bits: where in the codestream that is said, from bit to bit.
        end: the bit behind the header, where an ICC profile begins, or padding.
    """

    height: int
    width: int
    orientation: int = 1
    animated: bool = False
    bits: int = 8
    floats: bool = False
    channels: list[int] = field(default_factory=list)
    multiplied: bool = False
    xyb: bool = True
    encoding: Encoding = field(default_factory=Encoding)
    encoding_bits: tuple[int, int] = (0, 0)
    end: int = 0


def read_header(codestream: bytes) -> Header:
    """Read the header of a codestream.

    Raises:
        UnreadablePhoto: truncated, or none.
    """
    if not codestream.startswith(START):
        raise UnreadablePhoto("The JPEG XL ends before its picture begins; the file is truncated.")
    bits = Bits(codestream, 8 * len(START))
    header = Header(*read_size(bits))
    if not bits.flag():  # not all as usual
        _read_picture(bits, header)
    if not bits.flag():
        _skip_transform(bits, header)
    header.end = bits.position
    return header


def _read_picture(bits: Bits, header: Header) -> None:
    extra = bits.flag()
    if extra:
        header.orientation = bits.read(3) + 1
        if bits.flag():
            read_size(bits)  # at which it is meant to be shown
        if bits.flag():
            _skip_preview(bits)
        header.animated = bits.flag()
        if header.animated:
            _skip_animation(bits)
    header.bits, header.floats = _depth(bits)
    bits.skip(1)  # whether 16 bits are enough for a decoder's buffers
    for _ in range(bits.number((0, 0), (0, 1), (4, 2), (12, 1))):
        _read_channel(bits, header)
    header.xyb = bits.flag()
    start = bits.position
    header.encoding = read_encoding(bits)
    header.encoding_bits = start, bits.position
    if extra and not bits.flag():
        bits.skip(_HALF * 2 + 1 + _HALF)  # how bright it is meant to be shown
    _skip_extensions(bits)


def _skip_preview(bits: Bits) -> None:
    ways = ((0, 16), (0, 32), (5, 1), (9, 33)) if bits.flag() else ((6, 1), (8, 65), (10, 321), (12, 1345))
    bits.number(*ways)
    if not bits.read(3):
        bits.number(*ways)


def _skip_animation(bits: Bits) -> None:
    bits.number((0, 100), (0, 1000), (10, 1), (30, 1))
    bits.number((0, 1), (0, 1001), (8, 1), (10, 1))
    bits.number((0, 0), (3, 0), (16, 0), (32, 0))
    bits.skip(1)


def _depth(bits: Bits) -> tuple[int, bool]:
    if not bits.flag():
        return bits.number((0, 8), (0, 10), (0, 12), (6, 1)), False
    depth = bits.number((0, 32), (0, 16), (0, 24), (6, 1))
    bits.skip(4)
    return depth, True


def _read_channel(bits: Bits, header: Header) -> None:
    kind, multiplied = ALPHA, False
    if not bits.flag():
        kind = bits.enum()
        _depth(bits)
        bits.number((0, 0), (0, 3), (0, 4), (3, 1))  # how many times smaller it is
        _skip_name(bits)
        if kind == ALPHA:
            multiplied = bits.flag()
        elif kind == _SPOT:
            bits.skip(4 * _HALF)
        elif kind == _FILTER:
            bits.number((0, 1), (2, 0), (4, 3), (8, 19))
    if kind == ALPHA and ALPHA not in header.channels:
        header.multiplied = multiplied
    header.channels.append(kind)


def _skip_name(bits: Bits) -> None:
    bits.skip(8 * bits.number((0, 0), (4, 0), (5, 16), (10, 48)))


def _skip_extensions(bits: Bits) -> None:
    kinds = bits.long()
    lengths = [bits.long() for at in range(_EXTENSIONS) if kinds >> at & 1]
    bits.skip(sum(lengths))


def _skip_transform(bits: Bits, header: Header) -> None:
    if header.xyb and not bits.flag():
        bits.skip(_HALF * (9 + 3 + 4))
    weights = bits.read(3)
    bits.skip(_HALF * sum(count for at, count in enumerate((15, 55, 210)) if weights >> at & 1))
