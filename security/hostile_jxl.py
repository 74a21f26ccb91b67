"""JPEG XL made to do harm: what its header and its boxes claim costs a decoder more than the file weighs."""

from collections.abc import Callable

import imagecodecs
import numpy as np

from photochrom.photo.jxl_bits import START
from workers.pipeline.formats.jp2_boxes import make_box
from workers.pipeline.formats.jxl.boxes import codestream_of

_UPLOAD = 200 << 20
_HEAD = make_box(b"JXL ", b"\r\n\x87\n") + make_box(b"ftyp", b"jxl \0\0\0\0jxl ")


def _bits(*numbers: tuple[int, int]) -> bytes:
    """Return a codestream of numbers, each with how many bits it takes, the lowest bit first."""
    value = at = 0
    for number, size in numbers:
        value |= number << at
        at += size
    return START + value.to_bytes(-(-at // 8), "little")


def _size(side: int) -> tuple[tuple[int, int], ...]:
    return (0, 1), (3, 2), (side - 1, 30), (1, 3)  # not small; as 30 bits; square


def huge(side: int) -> bytes:
    """Return a picture of this many pixels a side, in twenty bytes."""
    return _bits(*_size(side), (1, 1), (1, 1)) + bytes(20)


def channels(side: int, count: int) -> bytes:
    """Return a picture with so many channels beside its colours, all usual ones."""
    # Not all default; nothing more; 8 bits, as integers; 16 are enough for a decoder.
    usual = (0, 1), (0, 1), (0, 1), (0, 2), (1, 1)
    many = (3, 2), (count - 1, 12), *((1, 1),) * count
    return _bits(*_size(side), *usual, *many, (0, 1), (1, 1), (0, 2), (1, 1)) + bytes(64)


def _picture(side: int = 64) -> bytes:
    return codestream_of(bytes(imagecodecs.jpegxl_encode(np.zeros((side, side), np.uint8), lossless=True)))


def empty_boxes() -> bytes:
    """Return a file of millions of empty boxes."""
    return _HEAD + make_box(b"free", b"") * (_UPLOAD // 8) + make_box(b"jxlc", _picture())


def parts() -> bytes:
    """Return a file of millions of empty parts."""
    return _HEAD + make_box(b"jxlp", bytes(4)) * (_UPLOAD // 12) + make_box(b"jxlc", _picture())


def unfolding() -> bytes:
    """Return a picture whose XMP is a gigabyte of blanks when it is unpacked."""
    packed = imagecodecs.brotli_encode(b"<x:xmpmeta>" + b" " * (1 << 30), level=1)
    return _HEAD + make_box(b"jxlc", _picture()) + make_box(b"brob", b"xml " + bytes(packed))


FILES: dict[str, Callable[[], bytes]] = {
    "JPEG XL, a million pixels a side": lambda: huge(1_000_000),
    "JPEG XL, 4,096 channels of 196 megapixels": lambda: channels(14_000, 4096),
    "JPEG XL, 4,096 channels of one megapixel": lambda: channels(1000, 4096),
    "JPEG XL, 200 MB of empty boxes": empty_boxes,
    "JPEG XL, 200 MB of empty parts": parts,
    "JPEG XL, metadata that unfold to a gigabyte": unfolding,
}
"""By name: each is refused."""
