"""When a photograph was taken, as its metadata say."""

import re

from .directory import Structure
from .exif import EXIF_IFD, nested_directories
from .orientation import is_readable

_DATE_TIME_ORIGINAL = 0x9003
_YEAR = re.compile(rb"(1[89]\d\d|20\d\d)\b")
_CREATED = re.compile(
    rb"""(?:photoshop:DateCreated|exif:DateTimeOriginal)(?:\s{0,9}=\s{0,9}["']|>)\s{0,9}(1[89]\d\d|20\d\d)"""
)


def year_of(exif: bytes | None, xmp: bytes | None) -> int | None:
    """Return the year in which EXIF or XMP say that the picture was taken, 1800 to 2099; None where neither does."""
    found = _YEAR.match(_original(exif)) if exif and is_readable(exif) else None
    found = found or _CREATED.search(xmp or b"")
    return int(found[1]) if found else None


def _original(exif: bytes) -> bytes:
    structure = Structure(exif)
    entry = nested_directories(structure, structure.first).get(EXIF_IFD, {}).get(_DATE_TIME_ORIGINAL)
    return entry.value if entry else b""
