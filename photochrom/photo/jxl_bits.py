"""The numbers of a JPEG XL codestream (ISO/IEC 18181-1, 9.2), the lowest bit of each byte first."""

from ..errors import UnreadablePhoto

_TRUNCATED = (
    "The JPEG XL is truncated: the file ends before its picture does. Copy it again from where it came."
)
_WORD = 8
START = b"\xff\x0a"
"""A codestream begins with it."""
Way = tuple[int, int]
"""Of a number: its bits, and what is added to them."""
_RATIOS = ((0, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIDE: tuple[Way, ...] = ((9, 1), (13, 1), (18, 1), (30, 1))


class Bits:
    """Reads a codestream bit by bit."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        """Begin at this bit."""
        self._data = data
        self.position = position

    def read(self, count: int) -> int:
        """Return the next bits, at most 56, as a number.

        Raises:
            UnreadablePhoto: there are no more.
        """
        value = self.peek(count)
        self.skip(count)
        return value

    def peek(self, count: int) -> int:
        """Return the next bits without going on; beyond the end they are 0."""
        start = self.position >> 3
        word = int.from_bytes(self._data[start : start + _WORD], "little")
        return word >> (self.position & 7) & ((1 << count) - 1)

    def skip(self, count: int) -> None:
        """Go on by so many bits."""
        self.position += count
        if self.position > 8 * len(self._data):
            raise UnreadablePhoto(_TRUNCATED)

    def flag(self) -> bool:
        """Read one bit."""
        return bool(self.read(1))

    def number(self, *ways: Way) -> int:
        """Read U32: two bits choose one of four ways to read it."""
        count, more = ways[self.read(2)]
        return self.read(count) + more

    def enum(self) -> int:
        """Read the number of a name."""
        return self.number((0, 0), (0, 1), (4, 2), (6, 18))

    def long(self) -> int:
        """Read U64."""
        kind = self.read(2)
        if kind < 3:
            return (0, self.read((0, 4, 8)[kind]) + (0, 1, 17)[kind])[kind > 0]
        value, shift = self.read(12), 12
        while self.flag():
            last = shift == 60
            value |= self.read(4 if last else 8) << shift
            shift += 8
            if last:
                break
        return value


def read_size(bits: Bits) -> tuple[int, int]:
    """Read height and width, as stored."""
    small = bits.flag()
    height = 8 * (bits.read(5) + 1) if small else bits.number(*_SIDE)
    ratio = bits.read(3)
    if ratio:
        by, per = _RATIOS[ratio]
        return height, height * by // per
    return height, 8 * (bits.read(5) + 1) if small else bits.number(*_SIDE)
