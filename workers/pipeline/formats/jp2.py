"""JPEG 2000 (ISO/IEC 15444-1): its boxes carry the metadata, OpenJPEG codes the pixels, 8 to 16 bits."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import imagecodecs
import numpy as np
from PIL import Image

from photochrom.errors import PhotochromError, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ..limits import PhotoLimits
from ..metadata.orientation import read_orientation
from ..photo import Metadata, Photo, Samples, full_range, split_alpha

_EXIF = b"JpgTiffExif->JP2"
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_START, _COD, _TILE = b"\xff\x4f\xff\x51", b"\xff\x52", b"\xff\x90"
_TWO_SIZES = "The JPEG 2000 is damaged: its picture is not of the size that its header says."
_INCH = 0.0254
_REVERSIBLE = 1
# Each becomes an object, and takes more memory than an empty box.
_MAX_BOXES = 10_000


@dataclass(frozen=True)
class _Header:
    height: int
    width: int
    components: int
    bits: int
    reversible: bool


def read_jp2(data: bytes, limits: PhotoLimits) -> Photo:
    """Decode a JP2 file or a bare codestream.

    Raises:
        UnreadablePhoto: truncated or damaged.
        UnsupportedFormat: more than 16 bits, or neither grey nor colour.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    header = _read_header(data)
    limits.check_size(header.height, header.width)
    if header.bits > 16 or header.components > 4:
        raise UnsupportedFormat(
            f"This JPEG 2000 has {header.components} components of {header.bits} bits; save it as RGB or grey."
        )
    if data.rstrip(b"\x00")[-2:] != b"\xff\xd9" and b"\xff\xd9" not in data[-4096:]:
        raise UnreadablePhoto("The JPEG 2000 is truncated: the end of its codestream is missing.")
    try:
        samples = full_range(_decode(data, header), header.bits)
    except PhotochromError:
        raise
    except Exception as error:  # the decoders share no base class
        raise UnreadablePhoto(f"The JPEG 2000 is damaged or truncated: {error}.") from error
    if samples.shape[:2] != (header.height, header.width):
        raise UnreadablePhoto(_TWO_SIZES)
    pixels, alpha = split_alpha(samples)
    metadata = _read_metadata(data)
    orientation = read_orientation(metadata.exif) if metadata.exif else 1
    return Photo(pixels, PhotoFormat.JP2, metadata, alpha, orientation, lossless=header.reversible)


def write_jp2(
    pixels: Samples, alpha: Samples | None, metadata: Metadata, quality: int, *, lossless: bool
) -> bytes:
    """Encode (H, W, 3) RGB, 8 or 16 bits; quality 1..100 means 30 to 60 dB unless lossless."""
    samples = pixels if alpha is None else np.dstack([pixels, alpha])
    if lossless:
        packed = imagecodecs.jpeg2k_encode(samples, level=0, codecformat="jp2", reversible=True)
    else:
        packed = imagecodecs.jpeg2k_encode(
            samples, level=30 + round(quality * 0.3), codecformat="jp2", reversible=False
        )
    return _with_metadata(bytes(packed), metadata)


def _decode(data: bytes, header: _Header) -> Samples:
    if header.bits > 8:
        return np.asarray(imagecodecs.jpeg2k_decode(data))
    with Image.open(io.BytesIO(data), formats=["JPEG2000"]) as image:  # knows sYCC and palettes
        if image.size != (
            header.width,
            header.height,
        ):  # Pillow's memory goes by the box around the codestream
            raise UnreadablePhoto(_TWO_SIZES)
        return np.asarray(image if image.mode in ("L", "LA", "RGB", "RGBA") else image.convert("RGB"))


def _read_header(data: bytes) -> _Header:
    """Read SIZ and COD of the codestream that a decoder takes: the first `jp2c` box, or the bare file."""
    code = _codestream(data)
    count = int.from_bytes(code[40:42], "big")
    if not code.startswith(_START) or len(code) < 42 + 3 * max(count, 1):
        raise UnreadablePhoto("The JPEG 2000 ends before its picture begins; the file is truncated.")
    width, height, left, top = struct.unpack(">4I", code[8:24])
    depths = {(depth & 0x7F) + 1 for depth in code[42 : 42 + 3 * count : 3]}
    if width <= left or height <= top or not count:
        raise UnreadablePhoto("The JPEG 2000's header is damaged.")
    if len(depths) > 1:
        raise UnsupportedFormat("This JPEG 2000 has components of different depth; save it as RGB or grey.")
    return _Header(height - top, width - left, count, depths.pop(), _is_reversible(code))


def _codestream(data: bytes) -> bytes:
    if data.startswith(_START):
        return data
    return next((payload for kind, payload in _boxes(data) if kind == b"jp2c"), b"")


def _is_reversible(code: bytes) -> bool:
    """Whether COD among the main header's segments asks for the reversible wavelet."""
    position = 2
    while code[position : position + 1] == b"\xff" and (marker := code[position : position + 2]) != _TILE:
        if marker == _COD:
            return code[position + 13 : position + 14] == bytes([_REVERSIBLE])
        position += 2 + int.from_bytes(code[position + 2 : position + 4], "big")
    return False


def _read_metadata(data: bytes) -> Metadata:
    if not data.startswith(_SIGNATURE):
        return Metadata()
    boxes = list(_boxes(data))
    header = list(_boxes(b"".join(p for kind, p in boxes if kind == b"jp2h")))
    uuids = {p[:16]: p[16:] for kind, p in boxes if kind == b"uuid"}
    icc = next((p[3:] for kind, p in header if kind == b"colr" and p[:1] == b"\x02"), None)
    resolutions = [p for kind, p in header if kind == b"res "]
    return Metadata(
        icc=icc or None,
        exif=uuids.get(_EXIF, b"").removeprefix(b"Exif\x00\x00") or None,
        xmp=uuids.get(_XMP),
        iptc=uuids.get(_IPTC),
        dpi=_dpi(resolutions[0]) if resolutions else None,
    )


def _with_metadata(data: bytes, metadata: Metadata) -> bytes:
    """Put the colour profile and resolution into the header box, the rest into boxes before the codestream."""
    parts = []
    for kind, payload in _boxes(data):
        if kind == b"jp2h":
            payload = _with_header_boxes(payload, metadata)
        if kind == b"jp2c":
            named = ((_EXIF, metadata.exif), (_XMP, metadata.xmp), (_IPTC, metadata.iptc))
            parts += [_box(b"uuid", identifier + value) for identifier, value in named if value]
        parts.append(_box(kind, payload))
    return b"".join(parts)


def _with_header_boxes(header: bytes, metadata: Metadata) -> bytes:
    boxes = list(_boxes(header))
    if metadata.icc:
        boxes = [
            (b"colr", b"\x02\x00\x00" + metadata.icc) if kind == b"colr" else (kind, p) for kind, p in boxes
        ]
    if metadata.dpi:
        down, across = (round(dpi / _INCH) for dpi in reversed(metadata.dpi))
        # Numerator over 1, times 10 to the power of 0; captured resolution is in pixels per metre.
        captured = struct.pack(">HHHHbb", min(down, 65535), 1, min(across, 65535), 1, 0, 0)
        boxes.append((b"res ", _box(b"resc", captured)))
    return b"".join(_box(kind, payload) for kind, payload in boxes)


def _dpi(resolution: bytes) -> tuple[float, float] | None:
    found = dict(_boxes(resolution))
    payload = found.get(b"resc") or found.get(b"resd") or b""
    if len(payload) != 10:
        return None
    down, by, across, per, exponent, exponent_across = struct.unpack(">HHHHbb", payload)
    if not by or not per or abs(exponent) > 9 or abs(exponent_across) > 9:
        return None
    return across / per * 10.0**exponent_across * _INCH, down / by * 10.0**exponent * _INCH


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = count = 0
    while position + 8 <= len(data):
        count += 1
        if count > _MAX_BOXES:
            raise UnreadablePhoto(
                f"The JPEG 2000 has over {_MAX_BOXES} boxes, far more than any program writes."
            )
        length, kind, head = (
            int.from_bytes(data[position : position + 4], "big"),
            data[position + 4 : position + 8],
            8,
        )
        if length == 1:
            length, head = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        length = length or len(data) - position
        if length < head:
            return
        yield kind, data[position + head : position + length]
        position += length


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload) + 8) + kind + payload
