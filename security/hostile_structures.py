"""Files of far more parts than anybody writes: empty chunks, boxes and markers, or a few bytes that claim millions."""

import io
import struct
from collections.abc import Callable

from PIL import Image

_UPLOAD = 200 << 20
_SIDE = 3000


def _chunk(kind: bytes, payload: bytes = b"") -> bytes:
    return kind + struct.pack("<I", len(payload)) + payload


def _webp() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "WEBP", lossless=True)
    return file.getvalue()


def _riff(*chunks: bytes) -> bytes:
    # Joined once: each copy of 200 MB more takes longer than a bomb may.
    return b"".join((b"RIFF", struct.pack("<I", 4 + sum(map(len, chunks))), b"WEBP", *chunks))


def webp_of_chunks(*, before: bool) -> bytes:
    """Return a WebP whose picture has 200 MB of empty chunks before or behind it."""
    head = _chunk(b"VP8X", bytes(4) + (63).to_bytes(3, "little") * 2)
    picture, flood = _webp()[12:], b"ABCD\0\0\0\0" * (_UPLOAD // 8)
    return _riff(head, *((flood, picture) if before else (picture, flood)))


def webp_of_frames() -> bytes:
    """Return an animation whose only frame is 200 MB of empty chunks."""
    head = _chunk(b"VP8X", b"\x02" + bytes(3) + (63).to_bytes(3, "little") * 2)
    animation = _chunk(b"ANIM", bytes(6))
    frame = bytes(6) + (63).to_bytes(3, "little") * 2 + bytes(4)
    flood, picture = b"ABCD\0\0\0\0" * (_UPLOAD // 8), _webp()[12:]
    opened = b"ANMF" + struct.pack("<I", len(frame) + len(flood) + len(picture))
    return _riff(head, animation, opened, frame, flood, picture)


def _box(kind: bytes, content: bytes = b"", more: int = 0) -> bytes:
    """Return a box, whose content goes on for `more` bytes."""
    return struct.pack(">I", 8 + len(content) + more) + kind + content


def _brand(brand: bytes) -> bytes:
    return _box(b"ftyp", brand + bytes(4) + brand + b"mif1miaf")


def boxes(brand: bytes) -> bytes:
    """Return 200 MB of empty boxes."""
    return _brand(brand) + _box(b"free") * (_UPLOAD // 8)


def boxes_within(brand: bytes) -> bytes:
    """Return 200 MB of empty properties of no item."""
    flood = _box(b"free") * (_UPLOAD // 8)
    properties = _box(b"iprp", _box(b"ipco", more=len(flood)), len(flood))
    return _brand(brand) + _box(b"meta", bytes(4) + properties, len(flood)) + flood


def frames() -> bytes:
    """Return an AVIF sequence that says it has four billion frames."""
    samples = _box(b"stsz", struct.pack(">III", 0, 100, 0xFFFFFFFF))
    return _brand(b"avis") + _box(
        b"moov", _box(b"trak", _box(b"mdia", _box(b"minf", _box(b"stbl", samples))))
    )


def pieces(brand: bytes) -> bytes:
    """Return a file of 65,535 items of 65,535 pieces, none of which has a place."""
    item = struct.pack(">HHH", 1, 0, 65_535)
    places = _box(b"iloc", bytes(4) + b"\x00\x00" + struct.pack(">H", 65_535) + item * 65_535)
    return _brand(brand) + _box(b"meta", bytes(4) + places)


def codestream(
    side: int = _SIDE,
    tile: int = 0,
    *,
    precinct: int | None = None,
    layers: int = 1,
    block: int = 6,
    markers: bytes = b"",
) -> bytes:
    """Return a grey JPEG 2000 of a few bytes of data.

    Args:
        side: of the picture in pixels.
        tile: side of a tile; 0 is one for all.
        precinct: side of a precinct as an exponent of 2; None is one for all.
        layers: of quality.
        block: side of a code-block as an exponent of 2.
        markers: more of them, before the first tile.
    """
    file = io.BytesIO()
    Image.new("L", (64, 64)).save(file, "JPEG2000", no_jp2=True)
    data = bytearray(file.getvalue())
    struct.pack_into(">II", data, 8, side, side)
    struct.pack_into(">II", data, 24, tile or side, tile or side)
    at = data.index(b"\xff\x52")
    struct.pack_into(">H", data, at + 6, layers)
    data[at + 10 : at + 12] = bytes([block - 2]) * 2
    if precinct is not None:
        data[at + 4] |= 1
        data[at + 14 : at + 14] = bytes([precinct | precinct << 4]) * (data[at + 9] + 1)
        struct.pack_into(">H", data, at + 2, 12 + data[at + 9] + 1)
    return bytes(data[:at]) + markers + bytes(data[at:])


def tile_parts() -> bytes:
    """Return 200 MB of empty parts of one tile."""
    data = codestream()
    start = data.index(b"\xff\x90")
    part = b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 14, 0, 0) + b"\xff\x93"
    return data[:start] + part * (_UPLOAD // len(part)) + b"\xff\xd9"


def boxes_in_header() -> bytes:
    """Return a JP2 with 200 MB of empty boxes in its header box."""
    file = io.BytesIO()
    Image.new("L", (64, 64)).save(file, "JPEG2000", no_jp2=False)
    data = file.getvalue()
    at = data.index(b"jp2h") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    flood = _box(b"free") * (_UPLOAD // 8)
    header = _box(b"jp2h", data[at + 8 : at + size], len(flood))
    return b"".join((data[:at], header, flood, data[at + size :]))


def hidden() -> bytes:
    """Return a JP2 whose first box holds a harmless codestream, and the one that counts tiny precincts."""
    signature = _box(b"jP  ", b"\r\n\x87\n") + _box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
    header = _box(b"ihdr", struct.pack(">IIHBBBB", _SIDE, _SIDE, 1, 7, 7, 0, 0))
    header += _box(b"colr", b"\x01\x00\x00" + struct.pack(">I", 17))
    decoy = _box(b"uuid", bytes(16) + codestream(64))
    return signature + decoy + _box(b"jp2h", header) + _box(b"jp2c", codestream(precinct=1))


def _tiff(tags: dict[int, tuple[int, int]], more: bytes = b"") -> bytes:
    entries = b"".join(struct.pack("<HHII", tag, 4, *value) for tag, value in sorted(tags.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + more


def tiny_tiles() -> bytes:
    """Return a TIFF of 196 megapixels in tiles of 16, all of which are the same bytes."""
    count, at = 875 * 875, 8 + 2 + 12 * 10 + 4
    plain = {256: 14_000, 257: 14_000, 258: 8, 259: 8, 262: 1, 277: 1, 322: 16, 323: 16}
    tags = {tag: (1, value) for tag, value in plain.items()}
    tags |= {324: (count, at), 325: (count, at)}
    return _tiff(tags, struct.pack("<I", 8) * count)


def many_entries() -> bytes:
    """Return a TIFF whose directory has 65,535 entries."""
    return _tiff(dict.fromkeys(range(65535), (1, 1)))


FILES: dict[str, Callable[[], bytes]] = {
    "WebP, 200 MB of empty chunks before its picture": lambda: webp_of_chunks(before=True),
    "WebP, 200 MB of empty chunks behind its picture": lambda: webp_of_chunks(before=False),
    "WebP, 200 MB of empty chunks in a frame": webp_of_frames,
    "AVIF, 200 MB of empty boxes": lambda: boxes(b"avif"),
    "AVIF, 200 MB of empty properties": lambda: boxes_within(b"avif"),
    "AVIF, four billion frames": frames,
    "AVIF, four billion pieces of its items": lambda: pieces(b"avif"),
    "HEIC, 200 MB of empty boxes": lambda: boxes(b"heic"),
    "HEIC, 200 MB of empty properties": lambda: boxes_within(b"heic"),
    "HEIC, four billion pieces of its items": lambda: pieces(b"heic"),
    "JPEG 2000, precincts of 2 pixels": lambda: codestream(precinct=1),
    "JPEG 2000, precincts of 4 pixels": lambda: codestream(precinct=2),
    "JPEG 2000, tiles of 10 pixels": lambda: codestream(2550, 10),
    "JPEG 2000, 65,535 layers": lambda: codestream(precinct=8, layers=65_535),
    "JPEG 2000, code-blocks of 4 pixels": lambda: codestream(14_000, block=2),
    "JPEG 2000, tiny precincts behind a decoy": hidden,
    "JPEG 2000, 200 MB of empty comments": lambda: codestream(markers=b"\xff\x64\x00\x02" * (_UPLOAD // 4)),
    "JPEG 2000, 200 MB of empty parts of a tile": tile_parts,
    "JPEG 2000, 200 MB of boxes in its header": boxes_in_header,
    "TIFF, 196 megapixels in tiles of 16": tiny_tiles,
    "TIFF, 65,535 entries": many_entries,
}
"""By name: each is refused."""
