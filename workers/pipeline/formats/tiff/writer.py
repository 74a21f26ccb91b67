"""Write TIFF 6.0, grey or RGB of 8 or 16 bits, by strips or tiles: Pillow cannot write 16-bit colour.

A file begins with the photo's EXIF block, byte by byte, and is in its byte order: the nested directories and their
values, a maker's notes with their offsets among them, stay where they were, and the new directory points to them.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import imagecodecs
import numpy as np
from isal import isal_zlib

from ...metadata.directory import BYTE, UNDEFINED, Entry, Order, Structure, longs, packed, shorts
from ...metadata.exif import EXIF_IFD, GPS_IFD, nested_directories, packed_directories
from ...metadata.orientation import resolution_entries
from ...parallel import mapped
from ...photo import Metadata, Samples
from ..effort import way_for
from .metadata import ICC_TAG, IPTC_TAG, PHOTOSHOP_TAG, XMP_TAG, descriptive_entries

NONE, LZW, DEFLATE = 1, 5, 8

_STRIP_BYTES = 1 << 20
# Of libdeflate: the usual is 2.5 times as fast as zlib, and 9 % larger.
_FAST, _USUAL = 1, 6
# Of ISA-L: grain of 16 bits in a third of the time of libdeflate's fastest, 1 % larger. Grain of 8 bits gains nothing.
_FAST_DEEP = 2
_GREY, _RGB, _UNASSOCIATED_ALPHA = 1, 2, 2
# A million tiles would be a million small pieces of work; and TIFF wants multiples of 16.
_LEAST_TILE, _MOST_TILE, _USUAL_TILE, _TILE_STEP = 64, 4096, 256, 16


@dataclass(frozen=True)
class TiffPage:
    """One page to be written.

    Attributes:
        pixels: (H, W) or (H, W, 3), uint8 or uint16.
        alpha: (H, W) of the same type, or None.
        metadata: goes into the tags made for it.
        compression: TIFF's tag; none and LZW are kept, anything else becomes deflate.
        tile: height and width of the source's tiles; None for strips.
    """

    pixels: Samples
    alpha: Samples | None
    metadata: Metadata
    compression: int = DEFLATE
    tile: tuple[int, int] | None = None


def write_tiff(
    pixels: Samples,
    alpha: Samples | None,
    metadata: Metadata,
    compression: int = DEFLATE,
    tile: tuple[int, int] | None = None,
) -> bytes:
    """Encode one page; the arguments are those of `TiffPage`."""
    return write_pages([TiffPage(pixels, alpha, metadata, compression, tile)])


def write_pages(pages: Sequence[TiffPage]) -> bytes:
    """Encode pages into one file, in the byte order of the first one's metadata."""
    first = pages[0].metadata
    order: Order = "little"
    if first.exif or first.geo:
        order = Structure(first.exif).order if first.exif else first.geo.order if first.geo else order
    file = io.BytesIO()
    file.write(first.exif or {"little": b"II*\x00", "big": b"MM\x00*"}[order] + bytes(4))
    link = 4
    for number, page in enumerate(pages):
        entries = _write_picture(file, page, order) | _metadata_entries(page.metadata, order)
        entries |= _exif_entries(file, page.metadata.exif, order, in_place=number == 0)
        start = _align(file)
        file.write(packed(entries, order, start))
        file.seek(link)
        file.write(start.to_bytes(4, order))
        file.seek(0, io.SEEK_END)
        link = start + 2 + 12 * len(entries)
    return file.getvalue()


def _write_picture(file: io.BytesIO, page: TiffPage, order: Order) -> dict[int, Entry]:
    height, width = page.pixels.shape[:2]
    channels = (3 if page.pixels.ndim == 3 else 1) + (page.alpha is not None)
    rows = max(1, _STRIP_BYTES // (width * channels * page.pixels.itemsize))
    compression = page.compression if page.compression in (NONE, LZW) else DEFLATE
    pack = _packer(page.pixels, compression, order)

    tile = _tile(page.tile) if page.tile else None
    part = tile or (rows, width)
    starts = [(y, x) for y in range(0, height, part[0]) for x in range(0, width, part[1])]
    offsets, counts = [], []
    for packed_part in mapped(lambda start: pack(_part(page, start, part, whole=bool(tile))), starts):
        offsets.append(_align(file))
        counts.append(file.write(packed_part))
    return _picture_entries(page.pixels, channels, order) | {
        259: shorts(order, compression),
        317: shorts(order, 1 if compression == NONE else 2),
        **_places(order, part, offsets, counts, tiled=bool(tile)),
    }


def _tile(of_source: tuple[int, int]) -> tuple[int, int]:
    """Return the source's tile, where it is one that a result can have."""
    usable = all(_LEAST_TILE <= side <= _MOST_TILE and side % _TILE_STEP == 0 for side in of_source)
    return of_source if usable else (_USUAL_TILE, _USUAL_TILE)


def _part(page: TiffPage, start: tuple[int, int], size: tuple[int, int], *, whole: bool) -> Samples:
    """Return a strip or a tile; tiles at the edges are filled up with their last pixels (TIFF 6.0, section 15)."""
    place = slice(start[0], start[0] + size[0]), slice(start[1], start[1] + size[1])
    part = page.pixels[place]
    if page.alpha is not None:
        part = np.dstack([part, page.alpha[place]])
    missing = size[0] - part.shape[0], size[1] - part.shape[1]
    if not whole or missing == (0, 0):
        return part
    return np.pad(part, ((0, missing[0]), (0, missing[1]), *[(0, 0)] * (part.ndim - 2)), mode="edge")


def _places(
    order: Order, part: tuple[int, int], offsets: list[int], counts: list[int], *, tiled: bool
) -> dict[int, Entry]:
    if not tiled:
        return {273: longs(order, *offsets), 278: longs(order, part[0]), 279: longs(order, *counts)}
    sides = {322: longs(order, part[1]), 323: longs(order, part[0])}
    return sides | {324: longs(order, *offsets), 325: longs(order, *counts)}


def _picture_entries(pixels: Samples, channels: int, order: Order) -> dict[int, Entry]:
    height, width = pixels.shape[:2]
    entries = {
        256: longs(order, width),
        257: longs(order, height),
        258: shorts(order, *(pixels.itemsize * 8,) * channels),
        262: shorts(order, _GREY if channels < 3 else _RGB),
        274: shorts(order, 1),
        277: shorts(order, channels),
        284: shorts(order, 1),
    }
    return entries | ({338: shorts(order, _UNASSOCIATED_ALPHA)} if channels in (2, 4) else {})


def _metadata_entries(metadata: Metadata, order: Order) -> dict[int, Entry]:
    entries = resolution_entries(metadata.dpi, order) if metadata.dpi else {}
    parts = (
        (ICC_TAG, UNDEFINED, metadata.icc),
        (XMP_TAG, BYTE, metadata.xmp),
        (IPTC_TAG, UNDEFINED, metadata.iptc),
        (PHOTOSHOP_TAG, BYTE, metadata.resources),
    )
    entries |= {tag: Entry(kind, len(value), value) for tag, kind, value in parts if value}
    return entries | (metadata.geo.entries if metadata.geo else {})


def _exif_entries(file: io.BytesIO, exif: bytes | None, order: Order, *, in_place: bool) -> dict[int, Entry]:
    """The describing tags, and pointers to the nested directories: those that lie in the file, or copies of them."""
    if not exif:
        return {}
    structure = Structure(exif)
    entries = descriptive_entries(exif)
    if in_place:
        main = structure.entries(structure.first)
        return entries | {tag: main[tag] for tag in (EXIF_IFD, GPS_IFD) if tag in main}
    nested, pointers = packed_directories(nested_directories(structure, structure.first), order, _align(file))
    file.write(nested)
    return entries | pointers


def _align(file: io.BytesIO) -> int:
    """Go on to a word boundary; return where it is."""
    file.write(b"\x00" * (file.tell() % 2))
    return file.tell()


def _differences(strip: Samples, order: Order) -> Samples:
    """TIFF's predictor 2: each sample less its left neighbour of the same channel."""
    out = np.empty_like(strip)
    out[:, 0] = strip[:, 0]
    np.subtract(strip[:, 1:], strip[:, :-1], out=out[:, 1:])
    return _ordered(out, order)


def _ordered(samples: Samples, order: Order) -> Samples:
    return samples.astype(samples.dtype.newbyteorder(order), copy=False)


def _packer(pixels: Samples, compression: int, order: Order) -> Callable[[Samples], bytes]:
    """Return what packs a strip."""
    if compression == NONE:
        return lambda strip: _ordered(strip, order).tobytes()
    if compression == LZW:
        return lambda strip: bytes(imagecodecs.lzw_encode(_differences(strip, order).tobytes()))
    level = way_for(pixels, lambda rows, level: len(_deflated(rows, order, level)), _FAST, _USUAL)
    return lambda strip: _deflated(strip, order, level)


def _deflated(strip: Samples, order: Order, level: int) -> bytes:
    plain = _differences(strip, order).view(np.uint8)
    if level == _FAST and strip.itemsize > 1:
        return bytes(isal_zlib.compress(plain, _FAST_DEEP))
    return bytes(imagecodecs.deflate_encode(plain.tobytes(), level=level))
