"""What a result's format has no place for, said to the user: nothing that a photo carried is dropped in silence."""

from typing import get_args

from photochrom.sniff import PhotoFormat

from .metadata import Part, fits_segment
from .photo import Metadata

_WITH_IPTC = (PhotoFormat.JPEG, PhotoFormat.TIFF, PhotoFormat.JP2)
_TIME = b"tIME"


def losses(metadata: Metadata, target: PhotoFormat) -> tuple[str, ...]:
    """Return a sentence for each part of a photo's metadata that a file of format `target` will not hold."""
    texts = any(kind != _TIME for kind, _ in metadata.texts)
    homeless = {
        "IPTC records": metadata.iptc and target not in _WITH_IPTC,
        "PNG's text chunks": texts and target is not PhotoFormat.PNG,
        "JPEG comments": metadata.comments and target is not PhotoFormat.JPEG,
    }
    sentences = [
        f"{target.upper()} has no place for {part}; they were left out."
        for part, lost in homeless.items()
        if lost
    ]
    if target is PhotoFormat.JPEG:
        sentences += [_too_large(part) for part in get_args(Part) if not fits_segment(metadata, part)]
    return tuple(sentences)


def _too_large(part: str) -> str:
    return f"The photo's {part} data are larger than the 64 KiB that JPEG has room for; they were left out."
