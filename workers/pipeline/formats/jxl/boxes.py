"""The boxes of a JPEG XL file (ISO/IEC 18181-2), and the metadata in them."""

from collections.abc import Iterable, Iterator

import imagecodecs

from photochrom.errors import UnreadablePhoto
from photochrom.photo.jxl_bits import START

from ...limits import PhotoLimits
from ...metadata.orientation import resolution_of, with_resolution
from ...notes import LEFT_GAIN_MAP
from ...photo import Metadata
from ..damage import damaged
from ..jp2_boxes import make_box, read_boxes

_SIGNATURE = make_box(b"JXL ", b"\r\n\x87\n")
_TYPE = make_box(b"ftyp", b"jxl \0\0\0\0jxl ")
_WHOLE, _PART, _PACKED, _GAIN_MAP = b"jxlc", b"jxlp", b"brob", b"jhgm"
_PLACES = (b"Exif", b"xml ")
_XMP = b"http://ns.adobe.com/xap/1.0/"


def codestream_of(data: bytes) -> bytes:
    """Return the codestream of a file, which may be bare, whole in a box, or in parts.

    Raises:
        UnreadablePhoto: there is none.
    """
    if data.startswith(START):
        return data
    boxes = list(read_boxes(data))
    parts = [payload[4:] for kind, payload in boxes if kind == _PART]
    whole = next((payload for kind, payload in boxes if kind == _WHOLE), b"".join(parts))
    if not whole:
        raise UnreadablePhoto("The JPEG XL ends before its picture begins; the file is truncated.")
    return whole


def read_metadata(data: bytes, limits: PhotoLimits) -> Metadata:
    """Read EXIF and XMP; nothing of a bare codestream."""
    if data.startswith(START):
        return Metadata()
    found: dict[bytes, bytes] = {}
    for kind, payload in _unpacked(read_boxes(data), limits.max_metadata_bytes):
        if kind in _PLACES and (kind != b"xml " or _XMP in payload or b"xmpmeta" in payload):
            found.setdefault(kind, payload)
    exif = _exif(found.get(b"Exif", b""))
    return Metadata(exif=exif, xmp=found.get(b"xml "), dpi=resolution_of(exif) if exif else None)


def left_behind(data: bytes) -> tuple[str, ...]:
    """Return a sentence where a gain map lies beside the picture."""
    bare = data.startswith(START)
    return (LEFT_GAIN_MAP,) * (not bare and any(kind == _GAIN_MAP for kind, _ in read_boxes(data)))


def with_metadata(codestream: bytes, level: Iterable[tuple[bytes, bytes]], metadata: Metadata) -> bytes:
    """Return a file of a codestream, of the boxes that say what it asks of a decoder, and of metadata."""
    parts = [_SIGNATURE, _TYPE, *(make_box(kind, payload) for kind, payload in level)]
    exif = with_resolution(metadata.exif, metadata.dpi)
    if exif:
        parts.append(make_box(b"Exif", bytes(4) + exif))
    if metadata.xmp:
        parts.append(make_box(b"xml ", metadata.xmp))
    return b"".join([*parts, make_box(_WHOLE, codestream)])


def _unpacked(boxes: Iterable[tuple[bytes, bytes]], limit: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield boxes, those in Brotli unpacked, if what they hold is within the limit in bytes."""
    for kind, payload in boxes:
        if kind != _PACKED or payload[:4] not in _PLACES:
            yield kind, payload
            continue
        try:
            yield payload[:4], bytes(imagecodecs.brotli_decode(payload[4:], out=limit + 5))
        except Exception as error:  # the library's own, of what is damaged and of what is too large alike
            raise damaged("JPEG XL") from error


def _exif(payload: bytes) -> bytes | None:
    """Return the TIFF structure, before which the box says how many bytes lie between."""
    skipped = 4 + int.from_bytes(payload[:4], "big")
    return payload[skipped:].removeprefix(b"Exif\0\0") or None
