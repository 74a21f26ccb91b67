"""JPEG by way of pixels: where the result is another format, or the source's luma cannot be carried over."""

import numpy as np
import simplejpeg

from photochrom.errors import UnreadablePhoto, UnsupportedFormat
from photochrom.photo.sniff import PhotoFormat

from ..limits import PhotoLimits
from ..photo import Metadata, Photo, Samples, to_8bit
from .jpeg_file import APP0, APP14, Frame, JpegFile
from .jpeg_metadata import extension_lost, further_pictures, read_metadata, write_segments

_MAX_SIDE = 65_500  # libjpeg's


def read_jpeg(data: bytes, limits: PhotoLimits) -> Photo:  # noqa: ARG001 - its header is checked already
    """Decode a JPEG to grey or RGB.

    Raises:
        UnreadablePhoto: damaged or truncated.
    """
    jpeg = JpegFile.read(data)
    space = "GRAY" if len(jpeg.frame.components) == 1 else "RGB"
    pixels = decode_jpeg(data, jpeg, space, 1)
    metadata, orientation = read_metadata(jpeg.metadata)
    pixels = pixels[..., 0] if space == "GRAY" else pixels
    pixels = np.ascontiguousarray(pixels)
    warnings = further_pictures(jpeg.metadata) + extension_lost(jpeg.metadata)
    return Photo(pixels, PhotoFormat.JPEG, metadata, None, orientation, warnings, lossless=False)


def decode_jpeg(data: bytes, jpeg: JpegFile, space: str, factor: int) -> Samples:
    """Decode to "GRAY" or "RGB", (ceil(H / factor), ceil(W / factor), 1 or 3); the DCT scales by 1, 2, 4 or 8.

    Raises:
        UnreadablePhoto: the picture itself is damaged; damaged metadata are not minded.
    """
    if not jpeg.complete:
        data += b"\xff\xd9"
    try:
        return _decode(data, jpeg.frame, space, factor)
    except ValueError:
        # libjpeg may have stumbled over what is not the picture: once more without metadata and stray bytes.
        clean = without_metadata(jpeg)
    try:
        return _decode(clean, jpeg.frame, space, factor)
    except ValueError as error:
        raise UnreadablePhoto(f"The JPEG is damaged or truncated: {error}.") from error


def without_metadata(jpeg: JpegFile) -> bytes:
    """Return a JPEG with nothing but its picture, and the markers that say how to decode it."""
    return bytes(jpeg.with_metadata(tuple(s for s in jpeg.metadata if s.marker in (APP0, APP14))))


def _decode(data: bytes, frame: Frame, space: str, factor: int) -> Samples:
    # simplejpeg takes the smallest scale that is at least this large; 0 means no scaling.
    height, width = (-(-side // factor) if factor > 1 else 0 for side in (frame.height, frame.width))
    return np.asarray(simplejpeg.decode_jpeg(data, space, min_height=height, min_width=width, strict=True))


def write_jpeg(pixels: Samples, metadata: Metadata, quality: int) -> bytes:
    """Encode (H, W, 3) RGB as 4:2:0 JPEG; 16-bit samples are rounded to 8.

    Raises:
        UnsupportedFormat: the picture is larger than JPEG allows.
    """
    if max(pixels.shape) > _MAX_SIDE:
        raise UnsupportedFormat(f"JPEG holds at most {_MAX_SIDE} pixels a side; ask for another format.")
    plain = JpegFile.read(simplejpeg.encode_jpeg(to_8bit(pixels), quality, "RGB", "420"))
    return bytes(plain.with_metadata(write_segments(metadata)))
