"""The ICC profile in a JPEG XL codestream (ISO/IEC 18181-1, E.4): commands that predict it, and what they leave."""

from collections.abc import Callable

from photochrom.errors import UnreadablePhoto
from photochrom.photo.jxl_bits import Bits

from .entropy import Numbers

_CONTEXTS = 41
# Which take less than a second.
_MOST = 128 << 10
_HEADER, _ENTRY = 128, 12
_TAGS = b"cprt wtpt bkpt rXYZ gXYZ bXYZ kXYZ rTRC gTRC bTRC kTRC chad desc chrm dmnd dmdd lumi".split()
_TYPES = (b"XYZ ", b"desc", b"text", b"mluc", b"para", b"curv", b"sf32", b"gbd ")
_OF_20_BYTES = (b"rXYZ", b"gXYZ", b"bXYZ", b"kXYZ", b"wtpt", b"bkpt", b"lumi")
_OWN, _CURVES, _COLUMNS, _FIRST_TAG = 1, 2, 3, 4
_INSERT, _PAIRS, _FOURS, _PREDICT, _POINT, _FIRST_TYPE = 1, 2, 3, 4, 10, 16


def read_profile(codestream: bytes, start: int) -> tuple[bytes | None, int]:
    """Return the profile that begins at a bit of a codestream, and the bit behind it; no profile where it is damaged.

    Raises:
        UnreadablePhoto: it is longer than any program writes, or makes it unknown where the picture begins.
    """
    bits = Bits(codestream, start)
    size = bits.long()
    if size > _MOST:
        raise UnreadablePhoto(
            f"The JPEG XL has an ICC profile of over {_MOST >> 10} KiB; save it with a smaller one."
        )
    numbers, coded = Numbers(bits, _CONTEXTS), bytearray()
    for at in range(size):
        coded.append(numbers.read(_context(at, coded)) & 255)
    try:
        return _Profile(bytes(coded)).unfolded(), bits.position
    except (IndexError, ValueError):
        return None, bits.position


def _context(at: int, coded: bytearray) -> int:
    if at <= _HEADER:
        return 0
    return 1 + _kind(coded[-1], (0, 1, 2, 3, 4, 5, 6, 7)) + 8 * _kind(coded[-2], (0, 1, 2, 2, 2, 3, 3, 4))


def _kind(byte: int, kinds: tuple[int, ...]) -> int:
    """Return the kind of a byte: letter, number, 0, 1, small, large, 255, other."""
    if byte in _LETTERS:
        return kinds[0]
    if byte in b"0123456789.,":
        return kinds[1]
    if byte < 16:
        return kinds[2 + min(byte, 2)]
    if byte > 240:
        return kinds[5 + (byte == 255)]
    return kinds[7]


_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class _Stream:
    """Bytes that are taken from the front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise IndexError
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def rest(self) -> bytes:
        return self._data[self._at :]


class _Profile:
    """A profile that is being unfolded."""

    def __init__(self, coded: bytes) -> None:
        whole = _Stream(coded)
        self._size, length = whole.number(), whole.number()
        if self._size > 2 * _MOST:
            raise ValueError
        self._commands, self._data = _Stream(whole.take(length)), _Stream(whole.rest())
        self._out = bytearray()

    def unfolded(self) -> bytes:
        self._read_header()
        if self._commands:
            self._read_tags()
        while self._commands:
            self._do(self._commands.take(1)[0])
            if len(self._out) > self._size:
                raise ValueError
        if len(self._out) != self._size:
            raise ValueError
        return bytes(self._out)

    def _read_header(self) -> None:
        guess = bytearray(_HEADER)
        guess[0:4] = self._size.to_bytes(4, "big")
        guess[8] = 4
        guess[12:24] = b"mntrRGB XYZ "
        guess[36:40] = b"acsp"
        guess[68:80] = bytes.fromhex("0000f6d6000100000000d32d")
        out = self._out
        for at in range(min(_HEADER, self._size)):
            if at == 8:
                guess[80:84] = out[4:8]
            elif at == 41:
                guess[41:44] = {65: b"PPL", 77: b"SFT"}.get(out[40], guess[41:44])
            elif at == 42:
                guess[42:44] = {b"SG": b"I ", b"SU": b"NW"}.get(bytes(out[40:42]), guess[42:44])
            out.append((self._data.take(1)[0] + guess[at]) & 255)

    def _read_tags(self) -> None:
        count = self._commands.number() - 1
        if count < 0:
            return
        self._out += count.to_bytes(4, "big")
        start, size = _HEADER + count * _ENTRY, 0
        while self._commands and (command := self._commands.take(1)[0]) & 63:
            kind = command & 63
            tag = self._data.take(4) if kind == _OWN else _tag(kind)
            start = self._commands.number() if command & 64 else start + size
            size = 20 if tag in _OF_20_BYTES else size
            size = self._commands.number() if command & 128 else size
            self._out += tag + _place(start, size)
            if kind == _CURVES:
                self._out += b"gTRC" + _place(start, size) + b"bTRC" + _place(start, size)
            elif kind == _COLUMNS:
                self._out += b"gXYZ" + _place(start + size, size) + b"bXYZ" + _place(start + 2 * size, size)

    def _do(self, command: int) -> None:
        if command == _INSERT:
            self._out += self._data.take(self._commands.number())
        elif command in (_PAIRS, _FOURS):
            self._out += _shuffled(self._data.take(self._commands.number()), 2 * (command - 1))
        elif command == _PREDICT:
            self._predict()
        elif command == _POINT:
            self._out += b"XYZ \0\0\0\0" + self._data.take(12)
        else:
            if command < _FIRST_TYPE:
                raise ValueError
            self._out += _TYPES[command - _FIRST_TYPE] + bytes(4)

    def _predict(self) -> None:
        flags = self._commands.take(1)[0]
        width, order = (flags & 3) + 1, flags >> 2 & 3
        stride = self._commands.number() if flags & 16 else width
        left = _shuffled(self._data.take(self._commands.number()), width)
        start, out = len(self._out), self._out
        if width == 3 or order == 3 or stride < width or 4 * stride >= start:
            raise ValueError
        guess = _GUESSES[order]
        for at, byte in enumerate(left):
            place = start + at - at % width
            seen = [
                int.from_bytes(out[place - back * stride :][:width], "big") if back <= order + 1 else 0
                for back in (1, 2, 3)
            ]
            shift = 8 * (width - 1 - at % width)
            out.append((byte + (guess(*seen) >> shift)) & 255)


def _tag(kind: int) -> bytes:
    return {_CURVES: b"rTRC", _COLUMNS: b"rXYZ"}.get(kind) or _TAGS[kind - _FIRST_TAG]


def _place(start: int, size: int) -> bytes:
    return (start & 0xFFFFFFFF).to_bytes(4, "big") + (size & 0xFFFFFFFF).to_bytes(4, "big")


def _shuffled(data: bytes, width: int) -> bytes:
    """Return bytes that were parted by their place in numbers of this width as those numbers again."""
    if width == 1:
        return data
    rows, out = -(-len(data) // width), bytearray(len(data))
    first = at = 0
    for place in range(len(data)):
        out[place] = data[at]
        at += rows
        if at >= len(data):
            first += 1
            at = first
    return bytes(out)


_GUESSES: tuple[Callable[[int, int, int], int], ...] = (
    lambda one, _, __: one,
    lambda one, two, _: 2 * one - two,
    lambda one, two, three: 3 * one - 3 * two + three,
)
