"""Read TIFF 6.0 of up to 16 bits, by tifffile."""

import io
from dataclasses import replace
from typing import Any

import tifffile

from photochrom.errors import PhotochromError, PhotoTooLarge, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ...color.spaces import FROM_LAB, from_cmyk, from_lab
from ...limits import PhotoLimits
from ...metadata.directory import Structure
from ...metadata.icc import srgb
from ...photo import Metadata, Photo, Samples
from ..damage import damaged, truncated
from .metadata import read_metadata
from .pages import MANY_PAGES, Page, main_page, read_pages
from .parts import JPEG, check_parts
from .samples import CIELAB, CMYK, COLORS, ICCLAB, YCBCR, Planes, read_planes
from .unsaid import settle

_KINDS = {10: "in ITU's CIELAB, made for fax", 32844: "in LogL", 32845: "in LogLuv"}
# The other decoders go by the size that their own data state, which nothing here would bound.
_FAX, _DEFLATE, _ZSTD, _LZMA, _PACKBITS = (2, 3, 4), (8, 32946), 50000, 34925, 32773
_COMPRESSIONS = (1, 5, JPEG, *_FAX, *_DEFLATE, _ZSTD, _LZMA, _PACKBITS)
_MOST_SAMPLES, _USUAL_SAMPLES = 8, 5
_SAMPLE_KINDS = {2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}
_INK_SET, _INKS_OF_CMYK = 332, 1
_SIGNED = 2
_SEVERAL = 2


def read_tiff(data: bytes, limits: PhotoLimits) -> Photo:
    """Decode the first page of a TIFF; where that is a reduced copy, the largest picture in it.

    Raises:
        UnreadablePhoto: truncated or damaged.
        UnsupportedFormat: not grey, palette, RGB, CMYK or CIELAB of at most 16 bits, or what a camera's sensor saw.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    structure = Structure(data)
    if structure.is_overlapping(structure.first):
        raise UnreadablePhoto("The TIFF is damaged: its values overlap.")
    pages = read_pages(structure)
    if not pages:
        if structure.first >= len(data):
            raise truncated("TIFF")
        raise UnreadablePhoto("The TIFF is damaged: it has no page.")
    page = main_page(pages)
    photo = read_page(data, structure, page, limits)
    return replace(photo, warnings=_about_pages(pages, page) + photo.warnings)


def read_all_pages(data: bytes, limits: PhotoLimits) -> list[Photo]:
    """Decode all pages of a TIFF but reduced copies and masks; raise as `read_tiff` does, also for all together."""
    first = read_tiff(data, limits)
    structure = Structure(data)
    pages = [page for page in read_pages(structure) if page.main and page.ordinary]
    if len(pages) < _SEVERAL:
        return [first]
    if (pixels := sum(page.size for page in pages)) > limits.max_pixels:
        raise PhotoTooLarge(
            f"The TIFF's {len(pages):,} pages have {pixels / 1e6:.0f} million pixels together; the limit is "
            f"{limits.max_pixels / 1e6:g} million. Send them in several files, or with pages=first."
        )
    photos = [read_page(data, structure, page, limits) for page in pages]
    cut = f"The TIFF has {MANY_PAGES} or more pages; only so many were colorized."
    return [
        replace(photos[0], warnings=photos[0].warnings + (cut,) * (len(pages) >= MANY_PAGES)),
        *photos[1:],
    ]


def read_page(data: bytes, structure: Structure, found: Page, limits: PhotoLimits) -> Photo:
    """Decode one picture of a TIFF; raise as `read_tiff` does."""
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            file.filehandle.seek(found.start)
            page = tifffile.TiffPage(file, 0)
            settle(page, len(data))
            limits.check_size(page.imagelength, page.imagewidth)
            limits.check_size(page.tilelength, page.tilewidth)
            _check_page(page)
            _check_room(page, limits)
            missing = check_parts(page, data)
            planes = read_planes(page)
    except PhotochromError:
        raise
    except Exception as error:  # tifffile and its codecs share no base class
        raise damaged("TIFF") from error
    starts = dict.fromkeys((found.start, structure.first))
    metadata, orientation, notes = read_metadata(structure, starts if not found.main else (found.start,))
    photometric = int(page.photometric)
    pixels, metadata, more = _as_rgb(photometric, planes, metadata, limits)
    warnings = missing + planes.warnings + notes + more
    tile = (int(page.tilelength), int(page.tilewidth)) if page.is_tiled else None
    return Photo(
        pixels,
        PhotoFormat.TIFF,
        metadata,
        planes.alpha,
        orientation,
        warnings,
        int(page.compression),
        tile,
        converted=photometric in (CMYK, CIELAB, ICCLAB),
    )


def _about_pages(pages: list[Page], chosen: Page) -> tuple[str, ...]:
    if chosen is not pages[0]:
        return (
            f"The TIFF's first page is a reduced copy or a mask; its full picture of {chosen.width} x {chosen.height} "
            "pixels was colorized.",
        )
    count = sum(page.main and page.ordinary for page in pages)
    if count < 2:
        return ()
    many = f"{count}" if count < MANY_PAGES else f"{MANY_PAGES} or more"
    larger = any(page.ordinary and page.size > chosen.size for page in pages)
    return (f"The TIFF has {many} pages; only the first was colorized{', and another is larger' * larger}.",)


def _as_rgb(
    photometric: int, planes: Planes, metadata: Metadata, limits: PhotoLimits
) -> tuple[Samples, Metadata, tuple[str, ...]]:
    """The colours as grey or RGB; of CMYK and CIELAB as sRGB."""
    if photometric == CMYK:
        usable = metadata.icc and len(metadata.icc) <= limits.max_icc_bytes
        pixels, sentence = from_cmyk(planes.colors, metadata.icc if usable else None)
        return pixels, replace(metadata, icc=srgb()), (sentence,)
    if photometric in (CIELAB, ICCLAB):
        return (
            from_lab(planes.colors, offset=photometric == ICCLAB),
            replace(metadata, icc=srgb()),
            (FROM_LAB,),
        )
    return planes.colors, metadata, ()


def _check_page(page: Any) -> None:
    photometric = int(page.photometric)
    if page.imagedepth != 1:
        raise UnsupportedFormat(
            f"This TIFF is a volume of {page.imagedepth} layers; save the layer that you want as a flat picture."
        )
    if page.ndim not in (2, 3) or not page.size:
        raise UnreadablePhoto("The TIFF is damaged: its page is not a flat picture.")
    if photometric not in COLORS:
        kind = _KINDS.get(photometric, f"of photometric kind {photometric}")
        raise UnsupportedFormat(f"This TIFF is {kind}; save it as RGB or grey.")
    _check_samples(page, photometric)
    if int(page.compression) not in _COMPRESSIONS:
        raise UnsupportedFormat(
            f"This TIFF is compressed by method {int(page.compression)}; save it with LZW or ZIP compression."
        )
    if photometric == YCBCR and int(page.compression) != JPEG:
        raise UnsupportedFormat("This TIFF holds YCbCr samples; save it as RGB or grey.")
    if photometric == CMYK and page.tags.valueof(_INK_SET, _INKS_OF_CMYK) != _INKS_OF_CMYK:
        raise UnsupportedFormat("This TIFF is printed with other inks than CMYK; save it as RGB or grey.")


def _check_samples(page: Any, photometric: int) -> None:
    bits = _all(page.tags.valueof(258, page.bitspersample))
    kinds = _all(page.tags.valueof(339, page.sampleformat))
    if page.samplesperpixel < COLORS[photometric]:
        raise UnreadablePhoto("The TIFF is damaged: a pixel has fewer samples than its colours.")
    if page.samplesperpixel > _MOST_SAMPLES:
        raise UnsupportedFormat(
            f"This TIFF has {page.samplesperpixel} samples a pixel; save it as RGB or grey."
        )
    # Unlike 1, unsigned, 4 says nothing of the samples; libtiff and others then take them as unsigned.
    if other := kinds - {1, 4}:
        kind = _SAMPLE_KINDS.get(min(other), "unusual")
        if photometric not in (CIELAB, ICCLAB) or min(other) != _SIGNED:
            raise UnsupportedFormat(
                f"This TIFF has {max(bits)}-bit {kind} samples; save it with 8 or 16 bits, unsigned."
            )
    if len(bits) > 1:
        raise UnsupportedFormat(
            f"This TIFF has samples of {min(bits)} to {max(bits)} bits; save it with 8 or 16 bits each."
        )
    if max(bits) > 16:
        raise UnsupportedFormat(f"This TIFF has {max(bits)}-bit samples; save it with 8 or 16 bits.")
    if photometric in (CIELAB, ICCLAB) and max(bits) not in (8, 16):
        raise UnsupportedFormat(f"This TIFF has {max(bits)}-bit CIELAB samples; save it with 8 or 16 bits.")


def _all(value: Any) -> set[int]:
    return {int(each) for each in value} if isinstance(value, tuple) else {int(value)}


def _check_room(page: Any, limits: PhotoLimits) -> None:
    """Extra samples take memory as colours do: of large pictures there may not be many."""
    if page.samplesperpixel > _USUAL_SAMPLES:
        limits.check_area(page.imagelength * page.samplesperpixel, -(-page.imagewidth // _USUAL_SAMPLES))
