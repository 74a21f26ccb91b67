"""PNG (ISO/IEC 15948), 8 and 16 bits; ancillary chunks are read and written here, pixels by libpng."""

import io
import struct
import zlib
from collections.abc import Iterator

import imagecodecs
import numpy as np
from PIL import Image

from photochrom.errors import UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ..limits import PhotoLimits
from ..metadata.orientation import read_orientation
from ..photo import Metadata, Photo, Samples, split_alpha
from .damage import damaged
from .effort import way_for
from .png_colors import inflated, profile_of
from .png_strips import SIGNATURE, chunk, packed_by_strips

_PICTURE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_UNCHECKED = (b"IHDR", b"PLTE", b"tRNS")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"tIME")
_XMP = b"XML:com.adobe.xmp\x00"
_READ = (b"iCCP", b"sRGB", b"cICP", b"gAMA", b"cHRM", b"eXIf", b"pHYs")
_INCH = 0.0254
_ANIMATED = "The PNG is animated; only its still picture was colorized."
_PALETTE = 3
# Of 1 KB and more in a file of the largest size; each becomes an object, and takes more memory than an empty chunk.
_MAX_CHUNKS = 250_000
# Against zlib's usual 6: a third of the time, 6 % larger.
_LEVEL = 3
# Filters of libpng: for each row the one that seems best, or for all rows the difference from the left neighbour, which
# packs grain as small, and by strips in half the time.
_CHOSEN_BY_ROW, _FROM_THE_LEFT = 0xF8, 0x10


def read_png(data: bytes, limits: PhotoLimits) -> Photo:
    """Decode a PNG; of an animated one, its still picture.

    Raises:
        UnreadablePhoto: truncated or damaged.
        UnsupportedFormat: packed in Apple's own way.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    chunks = list(_chunks(data))
    if chunks and chunks[0][0] == b"CgBI":
        raise UnsupportedFormat(
            "This PNG is packed for iPhone programs (CgBI); open it in Preview on a Mac, and export it as PNG."
        )
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise UnreadablePhoto("The PNG's header is damaged or missing.")
    width, height, depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    limits.check_size(height, width)
    if chunks[-1][0] != b"IEND":
        raise UnreadablePhoto("The PNG is truncated: the end of the file is missing.")
    if kind == _PALETTE and not _has(chunks, b"PLTE"):
        raise UnreadablePhoto("The PNG is damaged: its palette is missing.")
    # Ancillary chunks are not shown to the decoder: it would unpack them without a bound.
    key = _key(chunks)
    # So is a transparency that is no entry for each colour of a palette: the key is taken here, or it is damaged.
    shown = [part for part in chunks if part[0] in _PICTURE and (part[0] != b"tRNS" or kind == _PALETTE)]
    picture = SIGNATURE + b"".join(chunk(*part) for part in shown)
    try:
        samples = np.asarray(imagecodecs.png_decode(picture)) if depth == 16 else _decode_8bit(picture)
        samples = _with_key(samples, key, depth) if key else samples
    except Exception as error:  # the decoders share no base class
        raise damaged("PNG") from error
    metadata, exif_orientation, warnings = _read_metadata(chunks, limits)
    warnings += (_ANIMATED,) * _has(chunks, b"acTL")
    pixels, alpha = split_alpha(samples)
    return Photo(pixels, PhotoFormat.PNG, metadata, alpha, exif_orientation, warnings)


def write_png(pixels: Samples, alpha: Samples | None, metadata: Metadata) -> bytes:
    """Encode (H, W) grey or (H, W, 3) RGB, 8 or 16 bits, with metadata."""
    samples = pixels if alpha is None else np.dstack([pixels, alpha])
    filters = way_for(samples, lambda rows, way: len(_packed(rows, way)), _FROM_THE_LEFT, _CHOSEN_BY_ROW)
    packed = packed_by_strips(samples) if filters == _FROM_THE_LEFT else _packed(samples, filters)
    header_end = len(SIGNATURE) + 12 + 13
    extra = b"".join(chunk(kind, payload) for kind, payload in _metadata_chunks(metadata))
    return packed[:header_end] + extra + packed[header_end:]


def _packed(samples: Samples, filters: int) -> bytes:
    return bytes(imagecodecs.png_encode(samples, level=_LEVEL, filter=filters))


def _key(chunks: list[tuple[bytes, bytes]]) -> tuple[int, ...]:
    """The grey or the colour that counts as transparent; none in a palette, whose entries have alphas of their own."""
    payload = next((payload for kind, payload in chunks if kind == b"tRNS"), b"")
    count = {0: 1, 2: 3}.get(chunks[0][1][9], 0)
    return struct.unpack(f">{count}H", payload) if count and len(payload) == 2 * count else ()


def _with_key(samples: Samples, key: tuple[int, ...], depth: int) -> Samples:
    """Add the alpha that a key colour means; decoders disagree about those of fewer bits than 8."""
    top = int(np.iinfo(samples.dtype).max)
    scaled = np.array(key) * (top // (2**depth - 1))
    planes = samples if samples.ndim == 3 else samples[..., None]
    alpha = np.where((planes == scaled).all(axis=-1), 0, top).astype(samples.dtype)
    return np.dstack([planes, alpha])


def _decode_8bit(picture: bytes) -> Samples:
    with Image.open(io.BytesIO(picture), formats=["PNG"]) as image:
        _check_end(np.asarray(image), picture)
        if "transparency" in image.info or image.mode == "PA":
            return np.asarray(image.convert("RGBA"))
        plain = {"P": "RGB", "1": "L"}.get(image.mode)
        return np.asarray(image.convert(plain) if plain else image)


def _check_end(samples: Samples, picture: bytes) -> None:
    """Refuse a picture whose data stop between two rows: Pillow leaves the others at 0, and says nothing.

    To unpack all once more would be for nothing, nearly always: rows of a photograph are no zeros.
    """
    if samples[-2:].any(axis=tuple(range(1, samples.ndim))).all():
        return
    # Strict about what is missing, to which nothing compares.
    imagecodecs.png_decode(picture)


def _read_metadata(
    chunks: list[tuple[bytes, bytes]], limits: PhotoLimits
) -> tuple[Metadata, int, tuple[str, ...]]:
    found = {kind: payload for kind, payload in reversed(chunks) if kind in _READ}
    exif = found.get(b"eXIf") or None
    texts = tuple((k, p) for k, p in chunks if k in _TEXTS)
    xmp = next(
        (_itxt(p, limits.max_metadata_bytes) for k, p in texts if k == b"iTXt" and p.startswith(_XMP)), None
    )
    profile, notes = profile_of(found, limits.max_icc_bytes)
    metadata = Metadata(
        icc=profile,
        exif=exif,
        xmp=xmp,
        dpi=_dpi(found.get(b"pHYs")),
        texts=tuple((k, p) for k, p in texts if not p.startswith(_XMP)),
    )
    return metadata, read_orientation(exif) if exif else 1, notes


def _metadata_chunks(metadata: Metadata) -> Iterator[tuple[bytes, bytes]]:
    if metadata.icc:
        yield b"iCCP", b"ICC profile\x00\x00" + zlib.compress(metadata.icc)
    if metadata.dpi:
        across, down = (round(dpi / _INCH) for dpi in metadata.dpi)
        yield b"pHYs", struct.pack(">IIB", across, down, 1)
    if metadata.exif:
        yield b"eXIf", metadata.exif
    if metadata.xmp:
        yield b"iTXt", _XMP + b"\x00\x00\x00\x00" + metadata.xmp
    yield from metadata.texts


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position, count = len(SIGNATURE), 0
    while position + 12 <= len(data):
        count += 1
        if count > _MAX_CHUNKS:
            raise UnreadablePhoto(f"The PNG has over {_MAX_CHUNKS} chunks, far more than any program writes.")
        length = int.from_bytes(data[position : position + 4], "big")
        kind, end = data[position + 4 : position + 8], position + 8 + length
        if end + 4 > len(data):
            return
        # The pixels have a checksum of their own.
        if kind in _UNCHECKED and zlib.crc32(data[position + 4 : end]) != int.from_bytes(
            data[end : end + 4], "big"
        ):
            raise damaged("PNG")
        yield kind, data[position + 8 : end]
        if kind == b"IEND":
            return
        position = end + 4


def _has(chunks: list[tuple[bytes, bytes]], kind: bytes) -> bool:
    return any(k == kind for k, _ in chunks)


def _itxt(payload: bytes, limit: int) -> bytes | None:
    compressed, rest = payload[len(_XMP) : len(_XMP) + 1], payload[len(_XMP) + 2 :]
    text = rest.split(b"\x00", 2)[-1]
    return inflated(text, limit) if compressed == b"\x01" else text


def _dpi(payload: bytes | None) -> tuple[float, float] | None:
    if payload is None or len(payload) != 9 or payload[8] != 1:
        return None
    across, down = struct.unpack(">II", payload[:8])
    return (across * _INCH, down * _INCH) if across and down else None
