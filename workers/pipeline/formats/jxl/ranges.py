"""Asymmetric numeral systems (ISO/IEC 18181-1, C.2.5 and C.2.6): distributions, and symbols read by them."""

from photochrom.photo.jxl_bits import Bits

from ..damage import damaged

_NAME = "JPEG XL"
_LOG, _RANGE = 12, 1 << 12
_RUN = 13
# By the bits that come next: how many of them a logarithm takes, and which it is.
_BY_3 = {0: 10, 2: 7, 4: 6, 5: 8, 6: 9}
_BY_4 = {3: 3, 7: 5, 9: 4, 11: 1, 15: 2}
_RARE = ((5, 17, 0), (6, 33, 11), (7, 1, 12), (7, 65, 13))


def read_distribution(bits: Bits) -> list[int]:
    """Read how likely each symbol is, in parts of 4096.

    Raises:
        UnreadablePhoto: it is damaged.
    """
    if bits.flag():
        return _simple(bits)
    if bits.flag():
        count = _byte(bits) + 1
        share, more = divmod(_RANGE, count)
        return [share + (at < more) for at in range(count)]
    return _counts(bits)


class RangeCode:
    """Symbols by their share of 4096, found in buckets of two (an alias table)."""

    def __init__(self, counts: list[int], log_size: int) -> None:
        """Spread the shares over 2 ** log_size buckets."""
        while counts and not counts[-1]:
            counts.pop()
        size = 1 << log_size
        if len(counts) > size or sum(counts) != _RANGE:
            raise damaged(_NAME)
        self._counts = counts + [0] * (size - len(counts))
        self._shift = _LOG - log_size
        bucket = 1 << self._shift
        if _RANGE in counts:
            only = counts.index(_RANGE)
            self._buckets = [(0, only, bucket * at) for at in range(size)]
            return
        self._buckets = _aliased(self._counts, bucket)

    def read(self, state: int) -> tuple[int, int]:
        """Return the symbol of a state, and the next state, still to be filled up."""
        at = state & (_RANGE - 1)
        bucket, place = at >> self._shift, at & ((1 << self._shift) - 1)
        cutoff, other, offset = self._buckets[bucket]
        symbol, place = (other, offset + place) if place >= cutoff else (bucket, place)
        return symbol, (state >> _LOG) * self._counts[symbol] + place


def _aliased(counts: list[int], bucket: int) -> list[tuple[int, int, int]]:
    left, others, offsets = list(counts), list(range(len(counts))), [0] * len(counts)
    over = [at for at, count in enumerate(counts) if count > bucket]
    under = [at for at, count in enumerate(counts) if count < bucket]
    while over:
        large, small = over.pop(), under.pop()
        left[large] -= bucket - left[small]
        others[small], offsets[small] = large, left[large]
        if left[large] < bucket:
            under.append(large)
        elif left[large] > bucket:
            over.append(large)
    return [
        (0, at, 0) if left[at] == bucket else (left[at], others[at], offsets[at] - left[at])
        for at in range(len(counts))
    ]


def _byte(bits: Bits) -> int:
    if not bits.flag():
        return 0
    count = bits.read(3)
    return bits.read(count) + (1 << count) if count else 1


def _simple(bits: Bits) -> list[int]:
    symbols = [_byte(bits) for _ in range(bits.read(1) + 1)]
    counts = [0] * (max(symbols) + 1)
    first = bits.read(_LOG) if len(symbols) > 1 else _RANGE
    counts[symbols[-1]] = _RANGE - first
    counts[symbols[0]] = first
    return counts


def _counts(bits: Bits) -> list[int]:
    logs, runs, shift = _read_logs(bits)
    largest = max(range(len(logs)), key=lambda at: (logs[at] if not runs[at] else -1, -at))
    if runs[largest]:
        raise damaged(_NAME)
    counts = [0] * len(logs)
    at = 0
    while at < len(logs):
        if runs[at]:
            counts[at : at + runs[at]] = [counts[at - 1] if at else 0] * min(runs[at], len(logs) - at)
            at += runs[at]
            continue
        if at != largest and logs[at]:
            counts[at] = _count(bits, logs[at] - 1, shift)
        at += 1
    counts[largest] = _RANGE - sum(counts)
    if counts[largest] <= 0:
        raise damaged(_NAME)
    return counts


def _read_logs(bits: Bits) -> tuple[list[int], list[int], int]:
    """Read the logarithm of each share plus one, and where runs of the one before begin, with their lengths."""
    log = 0
    while log < 3 and bits.flag():
        log += 1
    shift = (bits.read(log) | 1 << log) - 1
    length = _byte(bits) + 3
    logs, runs, at = [0] * length, [0] * length, 0
    while at < length:
        found = _log(bits)
        if found == _RUN:
            runs[at] = _byte(bits) + 4
            at += runs[at]
            continue
        logs[at] = found
        at += 1
    if shift > _RUN or at > length:
        raise damaged(_NAME)
    return logs, runs, shift


def _log(bits: Bits) -> int:
    seen = bits.peek(7)
    taken, found = 3, _BY_3.get(seen & 7)
    if found is None:
        taken, found = 4, _BY_4.get(seen & 15)
    if found is None:
        taken, found = next((wide, its) for wide, code, its in _RARE if seen & ((1 << wide) - 1) == code)
    bits.skip(taken)
    return found


def _count(bits: Bits, log: int, shift: int) -> int:
    if not log:
        return 1
    wide = max(0, min(log, shift - (_LOG - log >> 1)))
    return (1 << log) + (bits.read(wide) << log - wide)
