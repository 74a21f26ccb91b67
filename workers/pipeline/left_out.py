"""What a result cannot carry of its source, said to the user: nothing that a photo carried is dropped in silence."""

from dataclasses import replace
from typing import Any, get_args

from photochrom.photo.sniff import PhotoFormat

from .formats.jpeg.metadata import Part, fits_segment
from .limits import PhotoLimits
from .photo import Metadata, Photo

_WITH_IPTC = (PhotoFormat.JPEG, PhotoFormat.TIFF, PhotoFormat.JP2)
_WITH_RESOURCES = (PhotoFormat.JPEG, PhotoFormat.TIFF)
_NAMES = {"resources": "Photoshop", "geo": "GeoTIFF", "boxes": "XML"}
_TIME = b"tIME"
# Beyond what any scanner does, and near to what no format's numbers can say.
_MOST_DPI = 1_000_000
_NO_ALPHA = "JPEG has no transparency; what was transparent is shown in the colour that lay there."
_EIGHT_BITS = (PhotoFormat.JPEG, PhotoFormat.WEBP, PhotoFormat.AVIF)


def bounded(metadata: Metadata, limits: PhotoLimits) -> tuple[Metadata, tuple[str, ...]]:
    """Leave out what is larger than the limits allow; return the rest, and a sentence for each part left out."""
    sizes = {
        part: (len(value), limits.max_icc_bytes if part == "icc" else limits.max_metadata_bytes)
        for part in ("icc", "exif", "xmp", "iptc", "resources", "geo")
        if (value := getattr(metadata, part))
    }
    sizes["boxes"] = sum(map(len, metadata.boxes)), limits.max_metadata_bytes
    large = {part: limit for part, (size, limit) in sizes.items() if size > limit}
    texts = tuple(text for text in metadata.texts if len(text[1]) <= limits.max_metadata_bytes)
    if len(texts) < len(metadata.texts):
        large["text"] = limits.max_metadata_bytes
    none: dict[str, Any] = dict.fromkeys(large.keys() - {"text", "boxes"})
    if "boxes" in large:
        none["boxes"] = ()
    if metadata.dpi and max(metadata.dpi) > _MOST_DPI:
        none["dpi"] = None
    return replace(metadata, texts=texts, **none), tuple(too_large(*item) for item in large.items())


def too_large(part: str, limit: int) -> str:
    """Return the sentence about a part of the metadata beyond its limit in bytes."""
    name = _NAMES.get(part, part.upper())
    return f"The photo's {name} data are larger than the {limit >> 10:,} KiB allowed; they were left out."


def losses_of_pixels(photo: Photo, target: PhotoFormat) -> tuple[str, ...]:
    """Return a sentence for what a file of format `target` will not hold of a photo's pixels: depth, transparency."""
    deep = photo.full_scale > 255 and target in _EIGHT_BITS
    clear = (
        photo.alpha is not None and target is PhotoFormat.JPEG and bool(photo.alpha.min() < photo.full_scale)
    )
    depth = f"{target.upper()} is written with 8 bits per sample; the photo has more."
    return (depth,) * deep + (_NO_ALPHA,) * clear


def losses(metadata: Metadata, target: PhotoFormat) -> tuple[str, ...]:
    """Return a sentence for each part of a photo's metadata that a file of format `target` will not hold."""
    texts = any(kind != _TIME for kind, _ in metadata.texts)
    homeless = {
        "IPTC records": metadata.iptc and target not in _WITH_IPTC,
        "PNG's text chunks": texts and target is not PhotoFormat.PNG,
        "JPEG comments": metadata.comments and target is not PhotoFormat.JPEG,
        "Photoshop's image resources": metadata.resources and target not in _WITH_RESOURCES,
        "GeoTIFF tags": metadata.geo and target is not PhotoFormat.TIFF,
        "XML boxes": metadata.boxes and target is not PhotoFormat.JP2,
    }
    sentences = [
        f"{target.upper()} has no place for {part}; they were left out."
        for part, lost in homeless.items()
        if lost
    ]
    if target is PhotoFormat.JPEG:
        sentences += [_no_room(part) for part in get_args(Part) if not fits_segment(metadata, part)]
    return tuple(sentences)


def _no_room(part: str) -> str:
    return f"The photo's {part} data are larger than the 64 KiB that JPEG has room for; they were left out."
