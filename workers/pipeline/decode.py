"""Any file to an upright photo in sRGB or grey."""

from dataclasses import replace

from photochrom.photo.sniff import PhotoFormat

from .color.profile import as_srgb
from .formats.jp2 import read_jp2
from .formats.jpeg_pixels import read_jpeg
from .formats.png import read_png
from .formats.stills import read_still
from .formats.tiff import read_tiff
from .left_out import bounded
from .limits import PhotoLimits
from .metadata.exif import without_thumbnail
from .metadata.orientation import is_readable
from .photo import Photo

_DAMAGED_EXIF = "The photo's EXIF data are damaged; they were left out."
_READERS = {
    PhotoFormat.JPEG: read_jpeg,
    PhotoFormat.PNG: read_png,
    PhotoFormat.TIFF: read_tiff,
    PhotoFormat.JP2: read_jp2,
}


def decode(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> Photo:
    """Decode a photo of this format; `limits` are checked on the header.

    Raises:
        PhotoRejected: it cannot be read, or is too large.
    """
    reader = _READERS.get(photo_format)
    photo = reader(data, limits) if reader else read_still(data, photo_format, limits)
    metadata, left_out = bounded(photo.metadata, limits)
    photo = replace(photo, metadata=metadata, warnings=photo.warnings + left_out)
    if photo.metadata.exif:
        photo = replace(photo, metadata=replace(photo.metadata, exif=without_thumbnail(photo.metadata.exif)))
    return as_srgb(_with_readable_exif(photo.turned_upright()))


def _with_readable_exif(photo: Photo) -> Photo:
    """Writers of some formats take EXIF apart: what cannot be is left out here, with a word, for all of them."""
    if photo.metadata.exif is None or is_readable(photo.metadata.exif):
        return photo
    metadata = replace(photo.metadata, exif=None)
    return replace(photo, metadata=metadata, warnings=(*photo.warnings, _DAMAGED_EXIF))
