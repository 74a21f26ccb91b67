"""File names of photographs: which endings are suffixes, and which belong to the name."""

import re
import unicodedata

from .sniff import PhotoFormat

ALIASES = {
    ".jpeg": ".jpg",
    ".jpe": ".jpg",
    ".jfif": ".jpg",
    ".tiff": ".tif",
    ".heif": ".heic",
    ".hif": ".heic",
    ".j2k": ".jp2",
    ".jpx": ".jp2",
    ".jpf": ".jp2",
    ".j2c": ".jp2",
    ".jpc": ".jp2",
    ".dib": ".bmp",
    ".pbm": ".pnm",
    ".pgm": ".pnm",
    ".ppm": ".pnm",
}
"""Other suffixes of the formats, and the usual one of each."""
READ = {kind.extension for kind in PhotoFormat} | set(ALIASES)
"""Suffixes of photographs that are read, in small letters."""
_OTHER_IMAGE = re.compile(
    r"\.(3fr|arw|cr2|cr3|crw|dng|erf|fff|iiq|kdc|mrw|nef|orf|pef|raf|raw|rw2|srw|x3f|dcx|dds|djvu|eps|exr|fits|hdr|ico"
    r"|jls|jng|jxr|pam|pcd|pct|pcx|pfm|pict|psb|psd|qoi|ras|sgi|tga|wdp|xcf)"
)
_NAME_BYTES = 255


def suffix_of(name: str) -> str:
    """Return the suffix, as it is written, if it is one of an image; else nothing: `Oma 12.5.1931` has none."""
    stem, dot, end = name.rpartition(".")
    suffix = f"{dot}{end}"
    known = suffix.lower() in READ or _OTHER_IMAGE.fullmatch(suffix.lower())
    return suffix if known and stem.strip(".") else ""


def with_suffix(name: str, suffix: str) -> str:
    """Return the name with this ending in place of an image's suffix; a name of more than 255 bytes is cut."""
    stem = name.removesuffix(suffix_of(name))
    room = _NAME_BYTES - len(suffix.encode())
    # Bytes that are no text (names of old systems) stay as they are.
    kept = stem.encode(errors="surrogateescape")
    if len(kept) > room:
        stem = kept[:room].decode(errors="ignore")
    return stem + suffix


def folded(name: str) -> str:
    """Return the same text for all names that some file system takes for one: in case, or in the form of Unicode."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).upper().casefold())
