"""Malicious photographs: small files that claim to be, or decompress to, far more than they are."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

SIDE = 60_000
_PNG = b"\x89PNG\r\n\x1a\n"
_UPLOAD = 200 << 20
_JXL = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl "


def png_chunk(kind: bytes, payload: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def black_png(side: int, depth: int, rows: int, extra: bytes = b"") -> bytes:
    """Return a PNG whose header says `side` x `side` grey pixels of `depth` bits, with so many rows of them."""
    head = struct.pack(">IIBBBBB", side, side, depth, 0, 0, 0, 0)
    packed = zlib.compress(bytes((1 + side * depth // 8) * rows))
    return _PNG + png_chunk(b"IHDR", head) + extra + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")


def huge_png() -> bytes:
    """Return a PNG that claims 3600 megapixels in its header."""
    return black_png(SIDE, 8, 160)


def huge_tiff() -> bytes:
    """Return a TIFF that claims 3600 megapixels in its header."""
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((16, 16), np.uint8))
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tiff:
        for tag in (256, 257):
            entry = tiff.pages.first.tags[tag]
            size = {3: 2, 4: 4}[int(entry.dtype)]
            data[entry.valueoffset : entry.valueoffset + size] = SIDE.to_bytes(size, "little")
    return bytes(data)


def line() -> bytes:
    """Return a TIFF of 200 megapixels in rows of one pixel."""
    return one_strip(packed_zeros(200), 8, {256: 1, 257: 200_000_000, 278: 200_000_000})


def huge_jpeg() -> bytes:
    """Return a JPEG that claims 3600 megapixels in its header."""
    file = io.BytesIO()
    Image.new("L", (16, 16)).save(file, "JPEG")
    data = file.getvalue()
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", SIDE, SIDE) + data[at + 4 :]


def huge_webp() -> bytes:
    """Return a lossless WebP of 268 megapixels, the most that its header can state."""
    side = (1 << 14) - 1
    bits = struct.pack("<BI", 0x2F, side | side << 14)
    chunk = b"VP8L" + struct.pack("<I", len(bits) + 59) + bits + bytes(59)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def huge_jp2() -> bytes:
    """Return a JPEG 2000 that claims 3600 megapixels in its header."""
    data = bytes(imagecodecs.jpeg2k_encode(np.zeros((64, 64), np.uint8), codecformat="j2k"))
    return data[:8] + struct.pack(">II", SIDE, SIDE) + data[16:]


def huge_jxl() -> bytes:
    """Return a JPEG XL that claims 3600 megapixels in its header: its size is a square of 60,000."""
    size = 0 | 2 << 1 | SIDE - 1 << 3 | 1 << 21
    return b"\xff\x0a" + size.to_bytes(3, "little") + bytes(200)


def jxl_of_boxes() -> bytes:
    """Return 200 MB of empty boxes."""
    return _JXL + b"\x00\x00\x00\x08free" * (_UPLOAD // 8)


def jxl_of_metadata() -> bytes:
    """Return a JPEG XL whose XMP unfolds to 300 MB."""
    packed = b"xml " + bytes(imagecodecs.brotli_encode(bytes(300 << 20), level=5))
    picture = bytes(imagecodecs.jpegxl_encode(np.zeros((64, 64), np.uint8), usecontainer=True))
    return picture[: len(_JXL)] + struct.pack(">I", 8 + len(packed)) + b"brob" + packed + picture[len(_JXL) :]


def jxl_of_profile() -> bytes:
    """Return a JPEG XL of 8 x 8 pixels that claims a colour profile of four billion bytes."""
    parts = [(1, 1), (0, 5), (1, 3)]  # small, 8 high, as wide
    parts += [
        (0, 1),
        (0, 1),
        (0, 1),
        (0, 2),
        (1, 1),
        (0, 2),
        (0, 1),
    ]  # 8 bits, no more channels, not in the eye's colours
    parts += [(0, 1), (1, 1), (0, 2), (0, 2), (1, 1)]  # RGB with a profile
    size = ((3, 2), (0xFFF, 12), (1, 1), (0xFF, 8), (1, 1), (0xFF, 8), (1, 1), (0xF, 8), (0, 1))
    word = at = 0
    for value, wide in (*parts, *size):
        word |= value << at
        at += wide
    return b"\xff\x0a" + word.to_bytes(-(-at // 8), "little") + bytes(200)


def one_strip(packed: bytes, compression: int, tags: Mapping[int, int] | None = None) -> bytes:
    """Return a TIFF of 16 x 16 grey pixels, unless `tags` say otherwise, whose only strip is `packed`."""
    plain = {256: 16, 257: 16, 258: 8, 259: compression, 262: 1, 273: 8, 277: 1, 278: 16, 279: len(packed)}
    found = sorted((plain | dict(tags or {})).items())
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in found)
    directory = struct.pack("<H", len(found)) + entries + b"\x00" * 4
    return b"II*\x00" + struct.pack("<I", 8 + len(packed)) + packed + directory


def packed_zeros(megabytes: int) -> bytes:
    """Return so many 2^20 zeros as zlib packs them, at the cost of one: each block stands for itself."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    # Its end is an empty block and Adler's sum, whose upper half counts the zeros.
    end = b"\x03\x00" + struct.pack(">HH", (megabytes << 20) % 65_521, 1)
    return head + block * megabytes + end


def many_samples() -> bytes:
    """Return a TIFF of 60 samples a pixel."""
    packed = packed_zeros(229)
    return one_strip(packed, 8, {256: 2000, 257: 2000, 277: 60, 278: 2000})


def large_tile() -> bytes:
    """Return a TIFF of 16 x 16 pixels in a tile of 400 megapixels."""
    packed = packed_zeros(382)
    return one_strip(packed, 8, {322: 20_000, 323: 20_000, 324: 8, 325: len(packed)})


def large_jpeg() -> bytes:
    """Return a TIFF of 16 x 16 pixels whose strip is a JPEG of 81 megapixels."""
    return one_strip(bytes(imagecodecs.jpeg8_encode(np.zeros((9000, 9000), np.uint8))), 7)


def large_jpeg2000() -> bytes:
    """Return a TIFF of 16 x 16 pixels whose strip is a JPEG 2000 of 9 megapixels."""
    return one_strip(bytes(imagecodecs.jpeg2k_encode(np.zeros((3000, 3000), np.uint8))), 34712)


def long_strip() -> bytes:
    """Return a TIFF of 16 x 16 pixels whose strip decompresses to 300 MB."""
    return one_strip(packed_zeros(300), 8)


def jpeg_of_segments() -> bytes:
    """Return 200 MB of empty comments, each of which is a segment."""
    return b"\xff\xd8" + b"\xff\xfe\x00\x02" * (_UPLOAD // 4)


def jpeg_of_restarts() -> bytes:
    """Return 200 MB of markers without a payload."""
    return b"\xff\xd8" + b"\xff\xd0" * (_UPLOAD // 2)


def png_of_chunks() -> bytes:
    """Return 200 MB of empty chunks."""
    return (
        _PNG
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, 0))
        + png_chunk(b"juNk", b"") * (_UPLOAD // 12)
    )


def jp2_of_boxes() -> bytes:
    """Return 200 MB of empty boxes."""
    return b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"\x00\x00\x00\x08free" * (_UPLOAD // 8)


def overlapping_exif(size: int) -> bytes:
    """Return an EXIF block of 4000 values, each of which is the whole block."""
    count = min(4000, (size - 14) // 12)
    entries = b"".join(struct.pack("<HHII", 0xC000 + tag, 1, size - 8, 8) for tag in range(count))
    block = b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", count) + entries + bytes(4)
    return block.ljust(size, b"\x00")


def tiff_of_values() -> bytes:
    """Return a TIFF that cannot be shown, with 4000 values of 100 MB each, all of them the same bytes."""
    return overlapping_exif(100 << 20)


FILES: dict[str, Callable[[], bytes]] = {
    "PNG, 3600 megapixels by its header": huge_png,
    "PNG, 200 MB of empty chunks": png_of_chunks,
    "TIFF, 3600 megapixels by its header": huge_tiff,
    "TIFF, 200 megapixels in rows of one": line,
    "TIFF, 60 samples a pixel": many_samples,
    "TIFF, a tile of 400 megapixels": large_tile,
    "TIFF, a JPEG in it larger than itself": large_jpeg,
    "TIFF, a JPEG 2000 in it": large_jpeg2000,
    "TIFF, a strip that unfolds to 300 MB": long_strip,
    "TIFF, 4000 values of the same 100 MB": tiff_of_values,
    "JPEG, 3600 megapixels by its header": huge_jpeg,
    "JPEG, 200 MB of empty segments": jpeg_of_segments,
    "JPEG, 200 MB of restart markers": jpeg_of_restarts,
    "WebP, 268 megapixels by its header": huge_webp,
    "JPEG 2000, 3600 megapixels by its header": huge_jp2,
    "JPEG 2000, 200 MB of empty boxes": jp2_of_boxes,
    "JPEG XL, 3600 megapixels by its header": huge_jxl,
    "JPEG XL, 200 MB of empty boxes": jxl_of_boxes,
    "JPEG XL, metadata that unfold to 300 MB": jxl_of_metadata,
    "JPEG XL, an ICC profile of four billion bytes": jxl_of_profile,
}
"""By name: each is refused."""
