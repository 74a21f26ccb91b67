"""How many parts a file may have, counted before any library opens it: each becomes an object, or a step, there.

A file of 200 bytes may claim millions of them. The bounds are many times what any program writes.
"""

from photochrom.photo.sniff import HEAD_BYTES, PhotoFormat, sniff

from ..limits import PhotoLimits
from .boxes import check_boxes
from .codestream import check_codestream
from .directories import check_directories
from .riff import check_chunks

_CHECKS = {
    PhotoFormat.WEBP: (check_chunks,),
    PhotoFormat.AVIF: (check_boxes,),
    PhotoFormat.HEIC: (check_boxes,),
    PhotoFormat.JP2: (check_boxes, check_codestream),
    PhotoFormat.JXL: (check_boxes,),
    PhotoFormat.TIFF: (check_directories,),
}
"""JPEG's segments and scans, and PNG's chunks, are counted where they are read: by our own code."""


def check_structure(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> None:
    """Count the parts of a file of this format; what makes no sense is left to the decoder, and size to its reader.

    Raises:
        UnreadablePhoto: it has more of them than any program writes.
    """
    for check in _CHECKS.get(photo_format, ()):
        check(data, limits)


def format_of(data: bytes, limits: PhotoLimits) -> PhotoFormat:
    """Tell a file's format, and that its parts are no more than any program writes; the first thing to ask of a file.

    Raises:
        UnsupportedFormat, UnreadablePhoto: it is of none that is known, empty, or has too many parts.
    """
    photo_format = sniff(data[:HEAD_BYTES])
    check_structure(data, photo_format, limits)
    return photo_format
