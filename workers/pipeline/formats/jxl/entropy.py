"""Decoding of entropy-coded numbers (ISO/IEC 18181-1, annex C): prefix codes or ANS, with repeats (LZ77).

Here for a picture's ICC profile alone: the pixels are libjxl's work.
"""

from dataclasses import dataclass

from photochrom.photo.jxl_bits import Bits

from ..damage import damaged
from .prefix import PrefixCode, read_prefix_code
from .ranges import RangeCode, read_distribution

_NAME = "JPEG XL"
_WINDOW = 1 << 20
_MOST_DEEP = 2
_STATE = 32
_LONG_PREFIX = 15


@dataclass(frozen=True)
class Split:
    """How a token becomes a number: hybrid integers."""

    exponent: int
    high: int
    low: int

    def number(self, bits: Bits, token: int) -> int:
        """Return the number that a token and the bits behind it stand for."""
        if token < 1 << self.exponent:
            return token
        kept = self.high + self.low
        count = self.exponent - kept + ((token - (1 << self.exponent)) >> kept)
        if count > _STATE:
            raise damaged(_NAME)
        low, token = token & ((1 << self.low) - 1), token >> self.low
        top = (1 << self.high) | (token & ((1 << self.high) - 1))
        return ((top << count | bits.read(count)) << self.low) | low


class Numbers:
    """A stream of numbers, each in a context that its reader knows."""

    def __init__(self, bits: Bits, contexts: int, depth: int = 0) -> None:
        """Read the codes.

        Raises:
            UnreadablePhoto: they are damaged.
        """
        self._bits = bits
        self._repeats: tuple[int, int, Split] | None = None
        if bits.flag():
            least = bits.number((0, 224), (0, 512), (0, 4096), (15, 8))
            shortest = bits.number((0, 3), (0, 4), (2, 5), (8, 9))
            self._repeats = least, shortest, _read_split(bits, 8)
            contexts += 1
        self._clusters = _read_clusters(bits, contexts, depth) if contexts > 1 else [0]
        count = max(self._clusters) + 1
        prefixed = bits.flag()
        size = _LONG_PREFIX if prefixed else 5 + bits.read(2)
        self._splits = [_read_split(bits, size) for _ in range(count)]
        self._codes: list[PrefixCode] | list[RangeCode]
        if prefixed:
            sizes = [_read_size(bits) for _ in range(count)]
            self._codes = [read_prefix_code(bits, size) for size in sizes]
        else:
            self._codes = [RangeCode(read_distribution(bits), size) for _ in range(count)]
        self._state = 0 if prefixed else bits.read(_STATE)
        self._seen: list[int] = []
        self._copies, self._from = 0, 0

    def read(self, context: int) -> int:
        """Return the next number."""
        if not self._copies:
            cluster = self._clusters[context]
            token = self._token(cluster)
            if not self._repeats or token < self._repeats[0]:
                value = self._splits[cluster].number(self._bits, token)
                self._seen.append(value)
                return value
            self._begin_copy(token)
        self._copies -= 1
        value = self._seen[self._from]
        self._from += 1
        self._seen.append(value)
        return value

    def _begin_copy(self, token: int) -> None:
        assert self._repeats
        least, shortest, lengths = self._repeats
        self._copies = lengths.number(self._bits, token - least) + shortest
        cluster = self._clusters[-1]
        distance = self._splits[cluster].number(self._bits, self._token(cluster)) + 1
        distance = min(distance, len(self._seen), _WINDOW)
        if not distance:
            raise damaged(_NAME)
        self._from = len(self._seen) - distance

    def _token(self, cluster: int) -> int:
        code = self._codes[cluster]
        if isinstance(code, PrefixCode):
            return code.read(self._bits)
        symbol, self._state = code.read(self._state)
        if self._state < 1 << 16:
            self._state = self._state << 16 | self._bits.read(16)
        return symbol


def _read_split(bits: Bits, size: int) -> Split:
    exponent = bits.read(size.bit_length())
    if exponent == size:
        return Split(exponent, 0, 0)
    high = bits.read(exponent.bit_length())
    low = bits.read((exponent - high).bit_length()) if high <= exponent else 0
    if exponent > size or high + low > exponent:
        raise damaged(_NAME)
    return Split(exponent, high, low)


def _read_size(bits: Bits) -> int:
    if not bits.flag():
        return 1
    count = bits.read(4)
    return 1 + (bits.read(count) + (1 << count) if count else 1)


def _read_clusters(bits: Bits, contexts: int, depth: int) -> list[int]:
    """Read which code each context has."""
    if bits.flag():
        wide = bits.read(2)
        return [bits.read(wide) if wide else 0 for _ in range(contexts)]
    if depth >= _MOST_DEEP:
        raise damaged(_NAME)
    moved, numbers = bits.flag(), Numbers(bits, 1, depth + 1)
    found = [numbers.read(0) for _ in range(contexts)]
    if max(found) > 255:
        raise damaged(_NAME)
    return _moved_to_front(found) if moved else found


def _moved_to_front(found: list[int]) -> list[int]:
    order, clusters = list(range(256)), []
    for at in found:
        clusters.append(order[at])
        order.insert(0, order.pop(at))
    return clusters
