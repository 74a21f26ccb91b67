"""The portable maps of netpbm (its manual pages pbm, pgm, ppm and pam), of 1 to 16 bits.

They are read here: Pillow would keep 8 bits of a colour one of 16, and knows no transparency in them.
"""

import re
from dataclasses import dataclass

import numpy as np

from photochrom.errors import UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ..limits import PhotoLimits
from ..photo import Photo, Samples, full_range, split_alpha

_BITMAP, _COLOR = (1, 4), (3, 6)
_PLAIN = (1, 2, 3)  # written as decimal numbers
_ANY = 7
# Blanks, and comments to the end of their line, part the numbers of a header.
_NUMBER = re.compile(rb"(?:\s|#[^\n]{0,1000}\n){1,100}(\d{1,9})")
_LINE = re.compile(rb"[ \t]*(?:#[^\n]{0,1000}|([A-Z]{0,8})[ \t]*([^\n]{0,80}?)[ \t\r]*)\n")
_MOST_LINES = 100
_MOST_DIGITS = 16
_MOST_LEVEL = 65535
_NOT_ALPHA = (1, 3)
# Maps may follow one another in a file.
_MORE = re.compile(rb"\s*P[1-7]\s")
_SEVERAL = "The PNM has several pictures; only the first was colorized."
_DAMAGED = "The PNM's header is damaged."


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    channels: int
    top: int
    """The level of white."""
    end: int
    """Where the picture begins."""


def read_map(data: bytes, limits: PhotoLimits) -> Photo:
    """Decode a portable bitmap, graymap, pixmap, or arbitrary map.

    Raises:
        UnreadablePhoto: truncated or damaged.
        UnsupportedFormat: an arbitrary map of neither grey nor colour.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    kind = data[1] - ord("0")
    header = _read_any_header(data) if kind == _ANY else _read_header(data, kind)
    width, height, channels, top = header.width, header.height, header.channels, header.top
    if not width or not height or not 0 < top <= _MOST_LEVEL:
        raise UnreadablePhoto(_DAMAGED)
    limits.check_size(height, width)
    body = data[header.end :]
    if kind in _PLAIN:
        levels = _plain(body, width * height * channels, kind)
    else:
        levels = _packed(body, width, height, channels, top, kind)
    levels = (1 - levels) if kind in _BITMAP else levels
    pixels, alpha = split_alpha(_scaled(levels.reshape((height, width, channels)), top))
    several = kind not in _PLAIN and _MORE.match(body, _size(width, height, channels, top, kind))
    return Photo(pixels, PhotoFormat.PNM, alpha=alpha, warnings=(_SEVERAL,) * bool(several))


def _read_header(data: bytes, kind: int) -> _Header:
    numbers, position = [], 2
    for _ in range(2 if kind in _BITMAP else 3):
        found = _NUMBER.match(data, position)
        if found is None:
            raise UnreadablePhoto(_DAMAGED)
        numbers.append(int(found[1]))
        position = found.end()
    width, height, top = (*numbers, 1)[:3]
    return _Header(width, height, 3 if kind in _COLOR else 1, top, position + (kind not in _PLAIN))


def _read_any_header(data: bytes) -> _Header:
    """Read lines of a name and a value, up to the line ENDHDR."""
    told: dict[bytes, bytes] = {}
    position = data.index(b"\n") + 1
    for _ in range(_MOST_LINES):
        found = _LINE.match(data, position)
        if found is None:
            raise UnreadablePhoto(_DAMAGED)
        position = found.end()
        if found[1] == b"ENDHDR":
            break
        if found[1]:
            told[found[1]] = found[2]
    values = [told.get(name, b"") for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")]
    if not all(value.isdigit() for value in values):
        raise UnreadablePhoto(_DAMAGED)
    width, height, channels, top = map(int, values)
    wanted = channels in _NOT_ALPHA or (channels in (2, 4) and told.get(b"TUPLTYPE", b"").endswith(b"_ALPHA"))
    if not wanted:
        raise UnsupportedFormat(f"This PAM has {channels} samples a pixel; save it as RGB or grey.")
    return _Header(width, height, channels, top, position)


def _plain(body: bytes, count: int, kind: int) -> Samples:
    """Decimal numbers; of a bitmap, digits that nothing need part."""
    if len(body) > count * _MOST_DIGITS + (1 << 20):
        raise UnreadablePhoto("The PNM is damaged: it is far longer than its picture.")
    text = re.sub(rb"#[^\n]*", b"", body)
    if kind in _BITMAP:
        text = re.sub(rb"(?=[01])", b" ", text)
    levels = np.array(text.split(maxsplit=count)[:count], np.uint16)
    if len(levels) < count:
        raise UnreadablePhoto("The PNM is truncated: part of its picture is missing.")
    return levels


def _packed(body: bytes, width: int, height: int, channels: int, top: int, kind: int) -> Samples:
    size = _size(width, height, channels, top, kind)
    if len(body) < size:
        raise UnreadablePhoto("The PNM is truncated: part of its picture is missing.")
    stored = np.frombuffer(body, np.uint8, size)
    if kind in _BITMAP:
        return np.asarray(np.unpackbits(stored.reshape(height, -1), axis=1)[:, :width])
    return stored if top < 256 else stored.view(">u2").astype(np.uint16)


def _size(width: int, height: int, channels: int, top: int, kind: int) -> int:
    """Return the bytes of a picture that is not written in words."""
    row = -(-width // 8) if kind in _BITMAP else width * channels * (1 if top < 256 else 2)
    return row * height


def _scaled(levels: Samples, top: int) -> Samples:
    """Bring levels 0 to `top` to the full range of 8 bits, or of 16 where there are more than 256 of them."""
    bits = top.bit_length()
    if top == 2**bits - 1:
        return full_range(levels.astype(np.uint8 if bits <= 8 else np.uint16), bits)
    target = np.uint8 if bits <= 8 else np.uint16
    table = np.rint(np.arange(top + 1) * (np.iinfo(target).max / top)).astype(target)
    return np.asarray(table[np.minimum(levels, top)])
