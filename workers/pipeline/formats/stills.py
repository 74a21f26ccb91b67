"""WebP, AVIF and HEIC: Pillow's codecs, pi-heif's decoder, and pillow-heif's encoder where it is installed."""

import io
from dataclasses import replace
from typing import Any

import imagecodecs
import numpy as np
import pi_heif
from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile

from photochrom.errors import PhotochromError, UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ..limits import PhotoLimits
from ..metadata.exif import ORIENTATION_TAG, without_tag
from ..metadata.orientation import read_orientation, resolution_of, with_resolution
from ..photo import Metadata, Photo, Samples, full_range, split_alpha, to_8bit, turned_metadata
from .damage import damaged
from .heif_boxes import avif_bits, check_stated_size, is_coded_as, is_sequence, left_behind
from .heif_colors import profile_of
from .heif_properties import clean_aperture

_WEBP_MAX_SIDE = 16_383
_AVIF_INFO = 7
_FRAME_HEADER = 16  # of an animation's frame; its chunks follow
_8_OF_MORE = "The AVIF is a sequence of more than 8 bits; 8 of them were read."
_NO_HEIC = (
    "This installation does not write HEIC, whose encoder is under the GPL; install photochrom[heic-write], or ask "
    "for JPEG, AVIF or WebP."
)


def read_still(data: bytes, photo_format: PhotoFormat, limits: PhotoLimits) -> Photo:
    """Decode WebP, AVIF or HEIC; of an animated file, its first frame.

    Raises:
        UnreadablePhoto: truncated or damaged.
        PhotoTooLarge: more pixels than allowed, by its header.
    """
    try:
        if photo_format in (PhotoFormat.AVIF, PhotoFormat.HEIC):
            check_stated_size(data, limits)
        image: Any = _open_heic(data) if photo_format is PhotoFormat.HEIC else _open(data, photo_format)
        limits.check_size(image.size[1], image.size[0])
        bits = avif_bits(data) if photo_format is PhotoFormat.AVIF else 8
        frames = len(image) if photo_format is PhotoFormat.HEIC else getattr(image, "n_frames", 1)
        # imagecodecs writes beyond its memory where there is more than one frame.
        deep = bits > 8 and frames == 1 and not is_sequence(data)
        samples = _deep_avif(data, bits, image.size) if deep else _samples(image)
        # libheif has cut out what is to be shown; libavif leaves it to its callers.
        if photo_format is PhotoFormat.AVIF and (shown := clean_aperture(data, *samples.shape[:2])):
            samples = np.ascontiguousarray(samples[shown])
    except PhotochromError:
        raise
    except Exception as error:  # Pillow's plugins raise errors of many kinds
        raise _unreadable(data, photo_format) from error
    pixels, alpha = split_alpha(samples)
    metadata = _read_metadata(image)
    # libheif has turned the picture by the container's own rotation, but not the tag. Pillow leaves WebP and
    # AVIF as they are stored, and writes the rotation of an AVIF's container into the tag.
    orientation = read_orientation(image.info.get("exif") or b"")
    if photo_format is PhotoFormat.HEIC:
        metadata, orientation = turned_metadata(metadata, orientation), 1
    chosen = "main one" if photo_format is PhotoFormat.HEIC else "first"  # pi-heif reads the primary item
    many = f"The file has {frames} pictures; only the {chosen} was colorized."
    warnings = (many,) * (frames > 1) + (_8_OF_MORE,) * (bits > 8 and not deep)
    if photo_format is not PhotoFormat.WEBP:
        profile, notes = profile_of(data, metadata.icc)
        metadata, warnings = replace(metadata, icc=profile), warnings + left_behind(data) + notes
    lossless = photo_format is PhotoFormat.WEBP and _is_lossless_webp(data)
    return Photo(pixels, photo_format, metadata, alpha, orientation, warnings, lossless=lossless)


def write_still(photo: Photo, target: PhotoFormat, quality: int) -> bytes:
    """Encode RGB with metadata; 16-bit samples go to HEIC with 10 bits, to the others with 8.

    Raises:
        UnsupportedFormat: the picture is larger than the format allows, or no encoder is installed.
    """
    if target is PhotoFormat.WEBP and max(photo.pixels.shape) > _WEBP_MAX_SIDE:
        raise UnsupportedFormat(f"WebP holds at most {_WEBP_MAX_SIDE} pixels a side; ask for another format.")
    # Pillow would take an orientation out of an AVIF's EXIF, and write the rest anew: as ASCII.
    exif = photo.metadata.exif and without_tag(photo.metadata.exif, ORIENTATION_TAG)
    options = _metadata_options(replace(photo.metadata, exif=exif)) | {"quality": quality}
    file = io.BytesIO()
    try:
        _encode(file, photo, target, options)
    except (RuntimeError, ValueError, OSError) as error:
        height, width = photo.pixels.shape[:2]
        raise UnsupportedFormat(
            f"{target.upper()} cannot hold this picture of {width} x {height} pixels; ask for another format."
        ) from error
    return file.getvalue()


def _encode(file: io.BytesIO, photo: Photo, target: PhotoFormat, options: dict[str, Any]) -> None:
    if target is PhotoFormat.HEIC:
        _heic_image(photo.pixels, photo.alpha).save(file, **options)
    else:
        pixels, alpha = to_8bit(photo.pixels), None if photo.alpha is None else to_8bit(photo.alpha)
        image = Image.fromarray(pixels if alpha is None else np.dstack([pixels, alpha]))
        # Pillow's AVIF has no lossless mode, and takes the word without complaint.
        if photo.lossless and target is PhotoFormat.WEBP:
            options |= {"lossless": True, "exact": True}
        image.save(file, target.upper(), **options)


def _unreadable(data: bytes, photo_format: PhotoFormat) -> PhotochromError:
    """The refusal of what a decoder gave up on: for a kind of picture that it does not know, or for damage."""
    if photo_format is PhotoFormat.HEIC and not is_coded_as(data, b"hvc1", b"hev1", b"av01"):
        return UnsupportedFormat(
            "This HEIF holds no picture of a kind that can be read; save it as HEIC or JPEG."
        )
    return damaged(photo_format.upper(), data)


def _open(data: bytes, photo_format: PhotoFormat) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=[photo_format.upper()])


def check_encoder(target: PhotoFormat) -> None:
    """Raise `UnsupportedFormat` where this installation has no encoder for the format."""
    if target is PhotoFormat.HEIC:
        _pillow_heif()


def _pillow_heif() -> Any:
    """The one codec that is not shipped: its wheel carries x265."""
    try:
        import pillow_heif
    except ImportError:
        raise UnsupportedFormat(_NO_HEIC) from None
    return pillow_heif


def _open_heic(data: bytes) -> Any:
    return pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)


def _heic_image(pixels: Samples, alpha: Samples | None) -> Any:
    samples = np.ascontiguousarray(pixels if alpha is None else np.dstack([pixels, alpha]))
    mode = ("RGB" if alpha is None else "RGBA") + (";16" if pixels.dtype == np.uint16 else "")
    return _pillow_heif().from_bytes(mode, (pixels.shape[1], pixels.shape[0]), samples.tobytes())


def _samples(image: Any) -> Samples:
    if isinstance(image, Image.Image) and image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("RGB")
    # A copy: pi-heif lends memory that is freed with the image, whoever still looks at it.
    return np.array(image)


def _deep_avif(data: bytes, bits: int, size: tuple[int, int]) -> Samples:
    """Decode 10 or 12 bits, of which Pillow would keep 8."""
    samples = np.asarray(imagecodecs.avif_decode(data, index=0))
    if samples.shape[1::-1] != size:
        raise UnreadablePhoto("The AVIF is damaged: its picture is not of the size that its header says.")
    return full_range(samples, bits)


def _read_metadata(image: Any) -> Metadata:
    info = image.info
    exif, xmp, icc = (info.get(key) or b"" for key in ("exif", "xmp", "icc_profile"))
    exif = _exif_of_avif(image) or exif
    exif = bytes(exif).removeprefix(b"Exif\x00\x00")
    xmp = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    return Metadata(
        icc=bytes(icc) or None,
        exif=exif or None,
        xmp=xmp or None,
        dpi=resolution_of(exif) if exif else None,
    )


def _exif_of_avif(image: Any) -> bytes:
    """The block as it is: Pillow writes it anew, in ASCII, where the container is turned and the tag is not."""
    decoder = getattr(image, "_decoder", None)
    found: tuple[Any, ...] = decoder.get_info() if isinstance(image, AvifImageFile) and decoder else ()
    exif = bytes(found[4] or b"") if len(found) == _AVIF_INFO else b""
    # How the picture lies is the container's to say.
    return without_tag(exif.removeprefix(b"Exif\x00\x00"), ORIENTATION_TAG)


def _metadata_options(metadata: Metadata) -> dict[str, Any]:
    exif = with_resolution(metadata.exif, metadata.dpi)
    parts = {"exif": exif and b"Exif\x00\x00" + exif, "xmp": metadata.xmp, "icc_profile": metadata.icc}
    return {key: value for key, value in parts.items() if value}


def _is_lossless_webp(data: bytes) -> bool:
    """Whether the first picture among the chunks, or in the first frame of an animation, is a VP8L one."""
    position = len(b"RIFF....WEBP")
    while position + 8 <= len(data):
        kind = data[position : position + 4]
        if kind in (b"VP8L", b"VP8 "):
            return kind == b"VP8L"
        size = (
            _FRAME_HEADER if kind == b"ANMF" else int.from_bytes(data[position + 4 : position + 8], "little")
        )
        position += 8 + size + size % 2
    return False
