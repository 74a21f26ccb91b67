"""BMP, GIF and the portable maps: read, never written; their results are PNGs."""

import io
from typing import Any

import numpy as np
from PIL import Image

from photochrom.errors import PhotochromError, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ..limits import PhotoLimits
from ..photo import Metadata, Photo, Samples, split_alpha
from .damage import damaged
from .portable_maps import read_map

_SEVERAL = "The GIF has several pictures; only the first was colorized."
_FILE_HEADER, _V5, _EMBEDDED = 14, 124, b"DEBM"
_UNKNOWN_BMP = "Unsupported BMP"  # Pillow's words for kinds of it that it does not read


def read_lossless(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> Photo:
    """Decode BMP, GIF (its first picture) or a portable map, of 1 to 16 bits.

    Raises:
        UnreadablePhoto: truncated or damaged.
        UnsupportedFormat: a kind of BMP that is not read.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    try:
        if photo_format is PhotoFormat.PNM:
            return read_map(data, limits)
        return _read_by_pillow(data, photo_format, limits)
    except PhotochromError:
        raise
    except Exception as error:  # Pillow's plugins raise errors of many kinds
        if str(error).startswith(_UNKNOWN_BMP):
            raise UnsupportedFormat(
                "This BMP is of a rare kind; save it with 24 bits a pixel, or as PNG."
            ) from error
        raise damaged(photo_format.upper(), data) from error


def _read_by_pillow(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> Photo:
    with Image.open(io.BytesIO(data), formats=[photo_format.upper()]) as image:
        limits.check_size(image.size[1], image.size[0])
        pixels, alpha = split_alpha(_samples(image))
        comment, dpi = image.info.get("comment"), image.info.get("dpi")
        if photo_format is PhotoFormat.BMP and alpha is not None and not alpha.any():
            alpha = None  # Windows' programs leave zeros where they mean none
        several = photo_format is PhotoFormat.GIF and bool(getattr(image, "is_animated", False))
    texts = ((b"tEXt", b"Comment\x00" + comment),) if isinstance(comment, bytes) and comment else ()
    resolution = (float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 0 else None
    icc = _profile_of_bmp(data) if photo_format is PhotoFormat.BMP else None
    metadata = Metadata(dpi=resolution, texts=texts, icc=icc)
    return Photo(pixels, photo_format, metadata, alpha, warnings=(_SEVERAL,) * several)


def _profile_of_bmp(data: bytes) -> bytes | None:
    """Return the profile in a file with the header of Windows 98 (BITMAPV5HEADER), None where it holds none."""
    header = data[_FILE_HEADER : _FILE_HEADER + _V5]
    if int.from_bytes(header[:4], "little") != _V5 or len(header) < _V5 or header[56:60] != _EMBEDDED:
        return None
    start, size = (int.from_bytes(header[at : at + 4], "little") for at in (112, 116))
    return data[_FILE_HEADER + start : _FILE_HEADER + start + size] or None


def _samples(image: Any) -> Samples:
    if "transparency" in image.info or image.mode in ("PA", "RGBA", "LA"):
        return np.asarray(image.convert("RGBA"))
    wanted = {"P": "RGB", "1": "L", "L": "L"}.get(image.mode, "RGB")
    return np.asarray(image.convert(wanted))
