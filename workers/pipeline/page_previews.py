"""Small pictures of the pages of a scan, for whoever checks where its photographs lie."""

from photochrom.photo.sniff import PhotoFormat

from .decode import decode_unconverted
from .formats.jpeg.file import JpegFile, read_frame
from .formats.jpeg.metadata import read_metadata
from .limits import PhotoLimits
from .previews import preview_of_jpeg, preview_of_pixels
from .structure import format_of

MOST = 60
"""Of so many pages."""


def previews_of_pages(data: bytes, limits: PhotoLimits, side: int) -> tuple[bytes, ...]:
    """Return a JPEG of at most `side` pixels of each page, upright.

    Raises:
        PhotoRejected: the file cannot be read, or is too large.
    """
    photo_format = format_of(data, limits)
    if photo_format is PhotoFormat.JPEG and len(read_frame(data).components) != 4:
        _, orientation = read_metadata(JpegFile.read(data).metadata)
        return (preview_of_jpeg(data, orientation, side),)
    photos = decode_unconverted(data, photo_format, limits)
    return tuple(preview_of_pixels(photo.pixels, side) for photo in photos[:MOST])
