"""Read TIFF 6.0 of up to 16 bits, by tifffile."""

import io
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from photochrom.errors import PhotochromError, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ..limits import PhotoLimits
from ..metadata.exif import is_overlapping
from ..photo import Metadata, Photo, Samples, full_range, split_alpha
from .jpeg_file import read_frame
from .tiff_pages import MANY_PAGES, count_pages
from .tiff_writer import EXIF_IFD, GPS_IFD, ICC_TAG, IPTC_TAG, TEXT_TAGS, XMP_TAG

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_PHOTOMETRICS = {5: "CMYK, made for printing", 8: "in CIELAB", 32844: "in LogLuv", 32803: "raw camera data"}
# The other decoders go by the size that their own data state, which nothing here would bound.
_JPEG, _FAX, _DEFLATE, _ZSTD, _LZMA, _PACKBITS = 7, (2, 3, 4), (8, 32946), 50000, 34925, 32773
_COMPRESSIONS = (1, 5, _JPEG, *_FAX, *_DEFLATE, _ZSTD, _LZMA, _PACKBITS)
_JPEG_BLOCK = 16
_MOST_SAMPLES = 5  # CMYK and alpha, as which it is then refused by name
_CLASSIC = (b"*\x00", b"\x00*")
_INCH_UNIT, _CM_UNIT = 2, 3


def read_tiff(data: bytes, limits: PhotoLimits) -> Photo:
    """Decode the first page of a TIFF.

    Raises:
        UnreadablePhoto: truncated or damaged.
        UnsupportedFormat: not grey, palette or RGB of at most 16 bits.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    if data[2:4] in _CLASSIC and is_overlapping(data):
        raise UnreadablePhoto("The TIFF is damaged: its values lie in one another.")
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages.first
            limits.check_size(page.imagelength, page.imagewidth)
            limits.check_size(page.tilelength, page.tilewidth)
            _check_page(page, len(data))
            _check_jpegs(page, data)
            pixels, alpha = split_alpha(_samples(page))
            metadata, orientation = _read_metadata(page, _exif(data))
            pages = count_pages(data)
    except PhotochromError:
        raise
    except Exception as error:  # tifffile and its codecs share no base class
        raise UnreadablePhoto(f"The TIFF is damaged or truncated: {error}.") from error
    many = f"{pages}" if pages < MANY_PAGES else f"{MANY_PAGES} or more"
    warnings = (f"The TIFF has {many} pages; only the first was colorized.",) if pages > 1 else ()
    return Photo(pixels, PhotoFormat.TIFF, metadata, alpha, orientation, warnings, int(page.compression))


def _check_page(page: Any, length: int) -> None:
    photometric, bits = int(page.photometric), page.bitspersample
    if page.ndim not in (2, 3) or page.imagedepth != 1 or not page.size:
        raise UnreadablePhoto("The TIFF is damaged: its first page is not a flat picture.")
    if page.samplesperpixel > _MOST_SAMPLES:
        raise UnsupportedFormat(
            f"This TIFF has {page.samplesperpixel} samples a pixel; save it as RGB or grey."
        )
    if int(page.compression) not in _COMPRESSIONS:
        raise UnsupportedFormat(
            f"This TIFF is compressed by method {int(page.compression)}; save it with LZW or ZIP compression."
        )
    if photometric not in (_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR):
        kind = _PHOTOMETRICS.get(photometric, f"of photometric kind {photometric}")
        raise UnsupportedFormat(f"This TIFF is {kind}; save it as RGB or grey.")
    if bits > 16 or int(page.sampleformat) != 1:
        raise UnsupportedFormat(f"This TIFF has {bits}-bit or signed samples; save it with 8 or 16 bits.")
    if photometric == _YCBCR and int(page.compression) != 7:
        raise UnsupportedFormat("This TIFF holds YCbCr samples; save it as RGB or grey.")
    if not page.dataoffsets or any(
        offset + count > length for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)
    ):
        raise UnreadablePhoto("The TIFF is truncated: part of its picture lies beyond the end of the file.")


def _check_jpegs(page: Any, data: bytes) -> None:
    """Refuse strips or tiles whose JPEG is larger than the page says; its decoder goes by the JPEG alone."""
    if int(page.compression) != _JPEG:
        return
    sides = page.tilelength or min(page.rowsperstrip, page.imagelength), page.tilewidth or page.imagewidth
    height, width = (-(-side // _JPEG_BLOCK) * _JPEG_BLOCK for side in sides)
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        frame = read_frame(data[offset : offset + count])
        if frame.height * frame.width > height * width:
            raise UnreadablePhoto("The TIFF is damaged: a JPEG in it is larger than its header says.")


def _samples(page: Any) -> Samples:
    samples = np.asarray(page.asarray())
    if int(page.planarconfig) == 2 and samples.ndim == 3:
        samples = np.moveaxis(samples, 0, -1)
    photometric, bits = int(page.photometric), int(page.bitspersample)
    if photometric == _PALETTE:
        return np.ascontiguousarray(np.moveaxis(page.colormap, 0, -1)[samples])
    samples = full_range(samples, bits)
    if photometric == _MIN_IS_WHITE:
        samples = np.iinfo(samples.dtype).max - samples
    return np.ascontiguousarray(samples[..., :4] if samples.ndim == 3 else samples)


def _read_metadata(page: Any, exif: bytes | None) -> tuple[Metadata, int]:
    tags = page.tags
    metadata = Metadata(
        icc=_bytes(tags.valueof(ICC_TAG)),
        exif=exif,
        xmp=_bytes(tags.valueof(XMP_TAG)),
        iptc=_bytes(tags.valueof(IPTC_TAG)),
        dpi=_dpi(tags),
    )
    orientation = tags.valueof(274, 1)
    return metadata, int(orientation) if orientation in range(1, 9) else 1


def _exif(data: bytes) -> bytes | None:
    """The first page's descriptive tags and its EXIF and GPS directories as one EXIF block."""
    found, kept = Image.Exif(), Image.Exif()
    try:
        found.load_from_fp(io.BytesIO(data))
        kept.update({tag: found[tag] for tag in TEXT_TAGS if tag in found})
        kept.update({tag: nested for tag in (EXIF_IFD, GPS_IFD) if (nested := dict(found.get_ifd(tag)))})
        return kept.tobytes().removeprefix(b"Exif\x00\x00") if len(kept) else None
    except Exception:  # damaged EXIF of any kind: the picture is still good
        return None


def _dpi(tags: Any) -> tuple[float, float] | None:
    across, down = tags.valueof(282), tags.valueof(283)
    unit = int(tags.valueof(296, _INCH_UNIT))
    if not across or not down or unit not in (_INCH_UNIT, _CM_UNIT) or 0 in (*across, *down):
        return None
    scale = 1.0 if unit == _INCH_UNIT else 2.54
    return across[0] / across[1] * scale, down[0] / down[1] * scale


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, str):
        value = value.encode()
    elif isinstance(value, tuple | np.ndarray):
        value = bytes(np.asarray(value, np.uint8))
    return value if value and isinstance(value, bytes) else None
