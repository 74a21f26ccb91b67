"""Write TIFF 6.0, RGB of 8 or 16 bits, strip by strip: Pillow cannot write 16-bit colour."""

import io
import struct
from collections.abc import Callable
from fractions import Fraction

import imagecodecs
import numpy as np
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from ..metadata.orientation import load_exif
from ..photo import Metadata, Samples

NONE, LZW, DEFLATE = 1, 5, 8
TEXT_TAGS = (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432)
"""Document, description, make, model, page, software, date, artist, host and copyright."""
XMP_TAG, IPTC_TAG, EXIF_IFD, ICC_TAG, GPS_IFD = 700, 33723, 34665, 34675, 34853

_STRIP_BYTES = 1 << 20
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 2, 3, 4, 5, 7
_RGB, _INCH, _UNASSOCIATED_ALPHA = 2, 2, 2

Entry = tuple[int, int, bytes]  # type, count, value


def write_tiff(
    pixels: Samples, alpha: Samples | None, metadata: Metadata, compression: int = DEFLATE
) -> bytes:
    """Encode (H, W, 3) RGB, 8 or 16 bits, in strips of about 1 MiB.

    Args:
        pixels: uint8 or uint16.
        alpha: (H, W) of the same type, or None.
        metadata: goes into the tags made for it.
        compression: TIFF's tag; none and LZW are kept, anything else becomes deflate.
    """
    height, width = pixels.shape[:2]
    channels = 3 if alpha is None else 4
    strip_rows = max(1, _STRIP_BYTES // (width * channels * pixels.itemsize))
    compression = compression if compression in (NONE, LZW) else DEFLATE
    file = io.BytesIO()
    file.write(b"II*\x00\x00\x00\x00\x00")
    offsets, counts = [], []
    for start in range(0, height, strip_rows):
        strip = pixels[start : start + strip_rows]
        if alpha is not None:
            strip = np.dstack([strip, alpha[start : start + strip_rows]])
        offsets.append(file.tell())
        counts.append(file.write(_PACKERS[compression](strip)))
    entries = _picture_entries(pixels, channels) | _metadata_entries(metadata)
    entries |= {259: _shorts(compression), 317: _shorts(1 if compression == NONE else 2)}
    entries |= {273: _longs(*offsets), 278: _longs(strip_rows), 279: _longs(*counts)}
    _write_directory(file, entries, metadata.exif)
    return file.getvalue()


def _picture_entries(pixels: Samples, channels: int) -> dict[int, Entry]:
    height, width = pixels.shape[:2]
    entries = {
        256: _longs(width),
        257: _longs(height),
        258: _shorts(*(pixels.itemsize * 8,) * channels),
        262: _shorts(_RGB),
        274: _shorts(1),
        277: _shorts(channels),
        284: _shorts(1),
    }
    return entries | ({338: _shorts(_UNASSOCIATED_ALPHA)} if channels == 4 else {})


def _metadata_entries(metadata: Metadata) -> dict[int, Entry]:
    entries = {}
    if metadata.dpi:
        across, down = (Fraction(dpi).limit_denominator(10_000) for dpi in metadata.dpi)
        entries = {282: _rational(across), 283: _rational(down), 296: _shorts(_INCH)}
    parts = (
        (ICC_TAG, _UNDEFINED, metadata.icc),
        (XMP_TAG, _BYTE, metadata.xmp),
        (IPTC_TAG, _UNDEFINED, metadata.iptc),
    )
    entries |= {tag: (kind, len(value), value) for tag, kind, value in parts if value}
    if metadata.exif:
        tags = load_exif(metadata.exif)
        texts = {tag: str(tags[tag]).encode() + b"\x00" for tag in TEXT_TAGS if tag in tags}
        entries |= {tag: (_ASCII, len(text), text) for tag, text in texts.items()}
    return entries


def _write_directory(file: io.BytesIO, entries: dict[int, Entry], exif: bytes | None) -> None:
    """Append the nested EXIF directories, long values, and the directory itself; point the header to it."""
    for tag, nested in _nested_directories(exif).items():
        entries[tag] = _longs(_append(file, nested.tobytes(file.tell() + file.tell() % 2)))
    directory = struct.pack("<H", len(entries))
    for tag, (kind, count, value) in sorted(entries.items()):
        inline = value if len(value) <= 4 else struct.pack("<I", _append(file, value))
        directory += struct.pack("<HHI", tag, kind, count) + inline.ljust(4, b"\x00")
    start = _append(file, directory + b"\x00" * 4)
    file.seek(4)
    file.write(struct.pack("<I", start))


def _nested_directories(exif: bytes | None) -> dict[int, ImageFileDirectory_v2]:
    if not exif:
        return {}
    tags = load_exif(exif)
    found = {}
    for tag in (EXIF_IFD, GPS_IFD):
        if values := dict(tags.get_ifd(tag)):
            nested = ImageFileDirectory_v2(b"II*\x00\x08\x00\x00\x00", group=tag)
            nested.update(values)
            found[tag] = nested
    return found


def _append(file: io.BytesIO, value: bytes) -> int:
    """Write at the end, on a word boundary; return where."""
    file.write(b"\x00" * (file.tell() % 2))
    start = file.tell()
    file.write(value)
    return start


def _shorts(*values: int) -> Entry:
    return _SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def _longs(*values: int) -> Entry:
    return _LONG, len(values), struct.pack(f"<{len(values)}I", *values)


def _rational(value: Fraction) -> Entry:
    return _RATIONAL, 1, struct.pack("<II", value.numerator, value.denominator)


def _differences(strip: Samples) -> bytes:
    """TIFF's predictor 2: each sample less its left neighbour of the same channel."""
    out = strip.copy()
    out[:, 1:] -= strip[:, :-1]
    return out.tobytes()


_PACKERS: dict[int, Callable[[Samples], bytes]] = {
    NONE: lambda strip: np.ascontiguousarray(strip).tobytes(),
    LZW: lambda strip: bytes(imagecodecs.lzw_encode(_differences(strip))),
    # libdeflate: 2.5 times as fast as zlib, 9 % larger.
    DEFLATE: lambda strip: bytes(imagecodecs.deflate_encode(_differences(strip), level=6)),
}
