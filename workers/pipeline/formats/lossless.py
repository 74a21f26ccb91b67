"""BMP, GIF and the portable maps (PBM, PGM, PPM): read, never written; their results are PNGs."""

import io
import re
from typing import Any

import numpy as np
from PIL import Image

from photochrom.errors import PhotochromError, UnreadablePhoto
from photochrom.photo.sniff import PhotoFormat

from ..limits import PhotoLimits
from ..photo import Metadata, Photo, Samples, full_range, split_alpha
from .damage import damaged

_SEVERAL = "The GIF has several pictures; only the first was colorized."
_BITMAP, _COLOR = (1, 4), (3, 6)
_PLAIN = (1, 2, 3)  # written as decimal numbers
# Blanks, and comments to the end of their line, part the numbers of a header.
_NUMBER = re.compile(rb"(?:\s|#[^\n]{0,1000}\n){1,100}(\d{1,9})")
_MOST_DIGITS = 16
_MOST_LEVEL = 65535


def read_lossless(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> Photo:
    """Decode BMP, GIF (its first picture) or a portable map, of 1 to 16 bits.

    Raises:
        UnreadablePhoto: truncated or damaged.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    read = _read_map if photo_format is PhotoFormat.PNM else _read_by_pillow
    try:
        return read(data, photo_format, limits)
    except PhotochromError:
        raise
    except Exception as error:  # Pillow's plugins raise errors of many kinds
        raise damaged(photo_format.upper()) from error


def _read_by_pillow(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> Photo:
    with Image.open(io.BytesIO(data), formats=[photo_format.upper()]) as image:
        limits.check_size(image.size[1], image.size[0])
        pixels, alpha = split_alpha(_samples(image))
        comment, dpi = image.info.get("comment"), image.info.get("dpi")
        several = photo_format is PhotoFormat.GIF and bool(getattr(image, "is_animated", False))
    texts = ((b"tEXt", b"Comment\x00" + comment),) if isinstance(comment, bytes) and comment else ()
    resolution = (float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 0 else None
    metadata = Metadata(dpi=resolution, texts=texts)
    return Photo(pixels, photo_format, metadata, alpha, warnings=(_SEVERAL,) * several)


def _samples(image: Any) -> Samples:
    if "transparency" in image.info or image.mode in ("PA", "RGBA", "LA"):
        return np.asarray(image.convert("RGBA"))
    wanted = {"P": "RGB", "1": "L", "L": "L"}.get(image.mode, "RGB")
    return np.asarray(image.convert(wanted))


def _read_map(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> Photo:
    """Read a map here: Pillow would keep 8 bits of a colour one of 16 (netpbm's manual pages pbm, pgm, ppm)."""
    kind = data[1] - ord("0")
    numbers, position = [], 2
    for _ in range(2 if kind in _BITMAP else 3):
        found = _NUMBER.match(data, position)
        if found is None:
            raise UnreadablePhoto("The PNM's header is damaged.")
        numbers.append(int(found[1]))
        position = found.end()
    width, height, top = (*numbers, 1)[:3]
    if not width or not height or not 0 < top <= _MOST_LEVEL:
        raise UnreadablePhoto("The PNM's header is damaged.")
    limits.check_size(height, width)
    channels = 3 if kind in _COLOR else 1
    body = data[position + (kind not in _PLAIN) :]
    if kind in _PLAIN:
        levels = _plain(body, width * height * channels, kind)
    else:
        levels = _packed(body, width, height, channels, top, kind)
    levels = (1 - levels) if kind in _BITMAP else levels
    shape = (height, width, 3) if channels == 3 else (height, width)
    return Photo(_scaled(levels.reshape(shape), top), photo_format)


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
    row = -(-width // 8) if kind in _BITMAP else width * channels * (1 if top < 256 else 2)
    if len(body) < row * height:
        raise UnreadablePhoto("The PNM is truncated: part of its picture is missing.")
    stored = np.frombuffer(body, np.uint8, row * height)
    if kind in _BITMAP:
        return np.asarray(np.unpackbits(stored.reshape(height, row), axis=1)[:, :width])
    return stored if top < 256 else stored.view(">u2").astype(np.uint16)


def _scaled(levels: Samples, top: int) -> Samples:
    """Bring levels 0 to `top` to the full range of 8 bits, or of 16 where there are more than 256 of them."""
    bits = top.bit_length()
    if top == 2**bits - 1:
        return full_range(levels.astype(np.uint8 if bits <= 8 else np.uint16), bits)
    target = np.uint8 if bits <= 8 else np.uint16
    table = np.rint(np.arange(top + 1) * (np.iinfo(target).max / top)).astype(target)
    return np.asarray(table[np.minimum(levels, top)])
