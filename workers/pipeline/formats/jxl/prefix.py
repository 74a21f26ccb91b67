"""Prefix codes (ISO/IEC 18181-1, C.2.4), which are those of Brotli (RFC 7932, section 3)."""

from photochrom.photo.jxl_bits import Bits

from ..damage import damaged

_NAME = "JPEG XL"
_LONGEST = 15
_SIMPLE = 1
_ORDER = (1, 2, 3, 4, 0, 5, 17, 6, 16, 7, 8, 9, 10, 11, 12, 13, 14, 15)
# By the next four bits: how many of them a length of the code of lengths takes, and which it is.
_USUAL = (2, 0), (2, 4), (2, 3), (3, 2), (2, 0), (2, 4), (2, 3)
_LENGTHS = (*_USUAL, (4, 1), *_USUAL, (4, 5))
_REPEAT, _ZEROS = 16, 17


class PrefixCode:
    """Symbols by their codes."""

    def __init__(self, lengths: list[int]) -> None:
        """Give each symbol a code of its length; 0 is none. The only one of all takes no bits."""
        self._only = lengths.index(max(lengths)) if sum(length > 0 for length in lengths) <= 1 else None
        self._symbols: dict[tuple[int, int], int] = {}
        code = 0
        for length in range(1, _LONGEST + 1):
            for symbol in (symbol for symbol, its in enumerate(lengths) if its == length):
                self._symbols[length, code] = symbol
                code += 1
            code <<= 1

    def read(self, bits: Bits) -> int:
        """Return the next symbol."""
        if self._only is not None:
            return self._only
        code = 0
        for length in range(1, _LONGEST + 1):
            code = code << 1 | bits.read(1)
            if (symbol := self._symbols.get((length, code))) is not None:
                return symbol
        raise damaged(_NAME)


def read_prefix_code(bits: Bits, size: int) -> PrefixCode:
    """Read a code of as many symbols.

    Raises:
        UnreadablePhoto: it is damaged.
    """
    if size == 1:
        return PrefixCode([1])
    kind = bits.read(2)
    return PrefixCode(_simple(bits, size) if kind == _SIMPLE else _coded(bits, size, kind))


def _simple(bits: Bits, size: int) -> list[int]:
    wide, count = (size - 1).bit_length(), bits.read(2) + 1
    symbols = [bits.read(wide) for _ in range(count)]
    if max(symbols) >= size or len(set(symbols)) < count:
        raise damaged(_NAME)
    shape = [(1,), (1, 1), (1, 2, 2), (2, 2, 2, 2)][count - 1]
    if count == 4 and bits.flag():
        shape = (1, 2, 3, 3)
    lengths = [0] * size
    for symbol, length in zip(symbols, shape, strict=True):
        lengths[symbol] = length
    return lengths


def _coded(bits: Bits, size: int, skipped: int) -> list[int]:
    of_lengths, space = [0] * len(_ORDER), 32
    for at in _ORDER[skipped:]:
        taken, of_lengths[at] = _LENGTHS[bits.peek(4)]
        bits.skip(taken)
        space -= 32 >> of_lengths[at] if of_lengths[at] else 0
        if space <= 0:
            break
    if space and sum(length > 0 for length in of_lengths) != 1:
        raise damaged(_NAME)
    return _lengths(bits, PrefixCode(of_lengths), size)


def _lengths(bits: Bits, code: PrefixCode, size: int) -> list[int]:
    lengths: list[int] = []
    previous, space, run, of_run = 8, 1 << _LONGEST, 0, 0
    while len(lengths) < size and space > 0:
        length = code.read(bits)
        if length < _REPEAT:
            run, added = 0, [length]
            previous = length or previous
        else:
            repeated = previous if length == _REPEAT else 0
            before = run if of_run == repeated else 0
            run = (before - 2 << length - 14 if before else 0) + bits.read(length - 14) + 3
            of_run, added = repeated, [repeated] * (run - before)
        lengths += added
        space -= (1 << _LONGEST >> added[0]) * len(added) if added[0] else 0
        if len(lengths) > size or space < 0:
            raise damaged(_NAME)
    if space:
        raise damaged(_NAME)
    return lengths + [0] * (size - len(lengths))
