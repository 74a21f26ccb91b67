"""JPEG by way of pixels: where the result is another format, or the source's luma cannot be carried over."""

import io
import re
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
import simplejpeg
from PIL import Image

from photochrom.errors import UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ...color.spaces import from_cmyk
from ...limits import PhotoLimits
from ...metadata.icc import srgb
from ...metadata.orientation import upright
from ...notes import INCOMPLETE, UNREFINED
from ...photo import Metadata, Photo, Samples, to_8bit
from ..damage import damaged, truncated
from ..overheard import overheard
from .companions import left_behind
from .file import Frame, JpegFile
from .markers import lacks_scans, lost_a_restart, plain, says_color
from .metadata import extension_lost, read_metadata, write_segments

_STRAY = "The JPEG has bytes in its picture that mean nothing; they were passed over."
_LOST = "A strip of the JPEG's picture could not be read, and is grey or repeated; copy the file again if you can."
# Of libjpeg's warnings (jerror.h): how a file says what it need not, and what was skipped.
_HARMLESS = ("Invalid SOS parameters", "Inconsistent progression")
_SKIPPED = re.compile(r"(\d+) extraneous bytes before marker 0x([0-9a-f]{2})")
_DAMAGE = "Corrupt JPEG data"  # how libjpeg's words of it begin
_ODD_SAMPLING = "Could not determine subsampling"
_MAX_SIDE = 65_500  # libjpeg's


def read_jpeg(data: bytes, limits: PhotoLimits) -> Photo:
    """Decode a JPEG to grey or RGB; its header is checked already.

    Raises:
        UnreadablePhoto: damaged or truncated.
    """
    jpeg = JpegFile.read(data)
    space = {1: "GRAY", 4: "CMYK"}.get(len(jpeg.frame.components), "RGB")
    pixels, damage = decode_jpeg(data, jpeg, space, 1)
    metadata, orientation = read_metadata(jpeg.metadata)
    warnings = left_behind(jpeg) + extension_lost(jpeg.metadata) + damage + missing(jpeg)
    if space == "CMYK":
        usable = metadata.icc and len(metadata.icc) <= limits.max_icc_bytes
        # Adobe's programs store how much light is left, and all others have followed them.
        pixels, sentence = from_cmyk(255 - pixels, metadata.icc if usable else None)
        metadata, warnings = replace(metadata, icc=srgb()), (*warnings, sentence)
    pixels = np.ascontiguousarray(pixels[..., 0] if space == "GRAY" else pixels)
    return Photo(pixels, PhotoFormat.JPEG, metadata, None, orientation, warnings, lossless=False)


def missing(jpeg: JpegFile) -> tuple[str, ...]:
    """Return a sentence where the end of the picture is not there, and the decoder went on without it."""
    if not jpeg.complete:
        return (INCOMPLETE,)
    return (UNREFINED,) * lacks_scans(jpeg)


class Decoded(NamedTuple):
    """Pixels of a JPEG, and a sentence where its picture has bytes in it that mean nothing."""

    pixels: Samples
    warnings: tuple[str, ...] = ()


def decode_upright(data: bytes, jpeg: JpegFile, least: int) -> tuple[Samples, int]:
    """Decode grey (h, w) or RGB (h, w, 3) as small as leaves the longer side `least` pixels, and turn it upright.

    Returns:
        The pixels, and the EXIF orientation 1..8 by which they were turned.

    Raises:
        UnreadablePhoto: the picture itself is damaged.
    """
    longest = max(jpeg.frame.height, jpeg.frame.width)
    factor = next(factor for factor in (8, 4, 2, 1) if factor == 1 or longest // factor >= least)
    space = "GRAY" if len(jpeg.frame.components) == 1 else "RGB"
    pixels = decode_jpeg(data, jpeg, space, factor).pixels
    _, orientation = read_metadata(jpeg.metadata)
    return np.ascontiguousarray(
        upright(pixels[..., 0] if space == "GRAY" else pixels, orientation)
    ), orientation


def decode_jpeg(data: bytes, jpeg: JpegFile, space: str, factor: int) -> Decoded:
    """Decode to "GRAY", "RGB" or "CMYK", (ceil(H / factor), ceil(W / factor), 1, 3 or 4).

    The DCT itself scales, by a factor of 1, 2, 4 or 8.

    Raises:
        UnreadablePhoto: the picture itself is damaged; damaged metadata are not minded.
    """
    if not jpeg.complete:
        data += b"\xff\xd9"
    try:
        return Decoded(_decode(data, jpeg.frame, space, factor))
    except ValueError as error:
        if _ODD_SAMPLING in str(error):
            return _decode_oddly_sampled(data, jpeg, space, factor)
        # libjpeg may have stumbled over what is not the picture: once more without metadata and stray bytes.
        clean = without_metadata(jpeg)
    try:
        return Decoded(_decode(clean, jpeg.frame, space, factor))
    except ValueError as error:
        if not _is_harmless(str(error), jpeg):
            raise _unreadable(jpeg) from error
    try:
        return Decoded(_decode(clean, jpeg.frame, space, factor, strict=False), _passed_over(jpeg))
    except ValueError as error:
        raise damaged("JPEG") from error


def _unreadable(jpeg: JpegFile) -> UnreadablePhoto:
    return damaged("JPEG") if jpeg.complete else truncated("JPEG")


def without_metadata(jpeg: JpegFile) -> bytes:
    """Return a JPEG with nothing but its picture, and the markers that say how to decode it."""
    return bytes(jpeg.with_metadata(tuple(plain(s, jpeg.frame) for s in jpeg.metadata if says_color(s))))


def _passed_over(jpeg: JpegFile) -> tuple[str, ...]:
    return (_LOST if lost_a_restart(jpeg) else _STRAY,)


def _is_harmless(warning: str, jpeg: JpegFile) -> bool:
    """Whether libjpeg warns of what lies between the parts of a picture, and not of the picture.

    What it skips before a restart marker is a part of the picture at most; before the end, only padding is harmless.
    """
    if any(text in warning for text in _HARMLESS):
        return True
    skipped = _SKIPPED.search(warning)
    if skipped is None:
        return False
    scan = jpeg.segments[-1].scan if jpeg.segments else b""
    padding = len(scan) - len(scan.rstrip(scan[-1:]))
    return 0xD0 <= int(skipped[2], 16) <= 0xD7 or int(skipped[1]) <= padding


def _decode_oddly_sampled(data: bytes, jpeg: JpegFile, space: str, factor: int) -> Decoded:
    """Decode what libjpeg-turbo's own interface has no name for: any sampling that the standard allows."""
    warning = _damage_of(jpeg)
    if not jpeg.complete or (warning and not _is_harmless(warning, jpeg)):
        raise _unreadable(jpeg)
    mode = {"GRAY": "L"}.get(space, space)
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            image.draft(mode, image.size)  # grey is then the luma, as it is stored
            pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    except Exception as error:  # Pillow's plugins raise errors of many kinds
        raise damaged("JPEG") from error
    if factor > 1:
        height, width = (-(-side // factor) for side in pixels.shape[:2])
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))
    if space == "CMYK":  # Pillow gives inks, simplejpeg what of the light they leave, as it is stored
        pixels = 255 - pixels
    return Decoded(pixels.reshape(*pixels.shape[:2], -1), _passed_over(jpeg) if warning else ())


def _damage_of(jpeg: JpegFile) -> str:
    """Return libjpeg's first word of damage, "" where there is none.

    Pillow's decoder passes over it. OpenCV's goes on as well, but lets it out to standard error.
    """
    picture = np.frombuffer(without_metadata(jpeg), np.uint8)
    said = overheard(lambda: cv2.imdecode(picture, cv2.IMREAD_REDUCED_GRAYSCALE_8))
    return next((line for line in said.splitlines() if line.startswith(_DAMAGE)), "")


def _decode(data: bytes, frame: Frame, space: str, factor: int, *, strict: bool = True) -> Samples:
    # simplejpeg takes the smallest scale that is at least this large; 0 means no scaling.
    height, width = (-(-side // factor) if factor > 1 else 0 for side in (frame.height, frame.width))
    return np.asarray(simplejpeg.decode_jpeg(data, space, min_height=height, min_width=width, strict=strict))


def write_jpeg(pixels: Samples, metadata: Metadata, quality: int) -> bytes:
    """Encode (H, W, 3) RGB as 4:2:0 JPEG, (H, W) as grey; 16-bit samples are rounded to 8.

    Raises:
        UnsupportedFormat: the picture is larger than JPEG allows.
    """
    if max(pixels.shape) > _MAX_SIDE:
        raise UnsupportedFormat(f"JPEG holds at most {_MAX_SIDE} pixels a side; ask for another format.")
    kind = ("GRAY", "Gray") if pixels.ndim == 2 else ("RGB", "420")
    samples = to_8bit(pixels if pixels.ndim == 3 else pixels[..., None])
    plain = JpegFile.read(simplejpeg.encode_jpeg(samples, quality, *kind))
    return bytes(plain.with_metadata(write_segments(metadata)))
