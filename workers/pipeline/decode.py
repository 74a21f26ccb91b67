"""Any file to an upright photo in sRGB or grey."""

from dataclasses import replace

from photochrom.photo.sniff import PhotoFormat

from .color.profile import as_srgb
from .formats.jp2 import read_jp2
from .formats.jpeg.pixels import read_jpeg
from .formats.jxl.picture import read_jxl
from .formats.lossless import read_lossless
from .formats.png import read_png
from .formats.stills import read_still
from .left_out import bounded
from .limits import PhotoLimits
from .metadata.exif import repaired, without_thumbnail
from .metadata.orientation import is_readable, resolution_of
from .metadata.xmp_companions import without_companions
from .notes import DAMAGED_EXIF
from .photo import Metadata, Photo

_DAMAGED_PARTS = "Parts of the photo's EXIF data are damaged; they were left out."


def _read_tiff(data: bytes, limits: PhotoLimits) -> Photo:
    # Not at the top: no other format needs tifffile, and every child waits for its imports.
    from .formats.tiff.reader import read_tiff

    return read_tiff(data, limits)


def _read_tiff_pages(data: bytes, limits: PhotoLimits) -> list[Photo]:
    from .formats.tiff.reader import read_all_pages

    return read_all_pages(data, limits)


_READERS = {
    PhotoFormat.JPEG: read_jpeg,
    PhotoFormat.PNG: read_png,
    PhotoFormat.TIFF: _read_tiff,
    PhotoFormat.JP2: read_jp2,
    PhotoFormat.JXL: read_jxl,
}


def decode(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> Photo:
    """Decode a photo of this format; `limits` are checked on the header.

    Raises:
        PhotoRejected: it cannot be read, or is too large.
    """
    return as_srgb(_finished(_read(data, photo_format, limits), limits))


def decode_pages(data: bytes, limits: PhotoLimits) -> list[Photo]:
    """Decode all pages of a TIFF; raise as `decode` does."""
    return [as_srgb(_finished(photo, limits)) for photo in _read_tiff_pages(data, limits)]


def decode_unconverted(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> list[Photo]:
    """Decode upright, in the file's own colour space: all pages of a TIFF, else one; raise as `decode` does."""
    if photo_format is PhotoFormat.TIFF:
        return [_finished(photo, limits) for photo in _read_tiff_pages(data, limits)]
    return [_finished(_read(data, photo_format, limits), limits)]


def _read(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> Photo:
    reader = _READERS.get(photo_format)
    if reader is not None:
        return reader(data, limits)
    if photo_format in (PhotoFormat.WEBP, PhotoFormat.AVIF, PhotoFormat.HEIC):
        return read_still(data, photo_format, limits)
    return read_lossless(data, photo_format, limits)


def _finished(photo: Photo, limits: PhotoLimits) -> Photo:
    metadata, left_out = bounded(_with_dpi(photo.metadata), limits)
    if metadata.xmp:
        metadata = replace(metadata, xmp=without_companions(metadata.xmp))
    photo = replace(photo, metadata=metadata, warnings=photo.warnings + left_out)
    return _with_readable_exif(photo).turned_upright()


def _with_dpi(metadata: Metadata) -> Metadata:
    """A file's own statement of its resolution counts; where it makes none, that of its EXIF does."""
    if metadata.dpi or not metadata.exif:
        return metadata
    return replace(metadata, dpi=resolution_of(metadata.exif))


def _with_readable_exif(photo: Photo) -> Photo:
    """Leave out with a word what is damaged in the EXIF, and without one the thumbnail, which shows the original."""
    exif = photo.metadata.exif
    if exif is None:
        return photo
    if not is_readable(exif):
        return _with_exif(photo, None, DAMAGED_EXIF)
    kept = repaired(exif)
    return _with_exif(photo, without_thumbnail(kept), *(_DAMAGED_PARTS,) * (kept != exif))


def _with_exif(photo: Photo, exif: bytes | None, *warnings: str) -> Photo:
    return replace(photo, metadata=replace(photo.metadata, exif=exif), warnings=photo.warnings + warnings)
