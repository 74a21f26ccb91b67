"""JPEG by way of pixels: where the result is another format, or the source's luma cannot be carried over."""

import numpy as np
import simplejpeg

from photochrom.errors import UnreadablePhoto
from photochrom.sniff import PhotoFormat

from .jpeg_file import JpegFile
from .limits import PhotoLimits
from .metadata import read_metadata, write_segments
from .photo import Metadata, Photo, Samples


def read_jpeg(data: bytes, limits: PhotoLimits) -> Photo:
    """Decode a JPEG to grey or RGB.

    Raises:
        UnreadablePhoto: damaged or truncated.
    """
    jpeg = JpegFile.read(data)
    space = "GRAY" if len(jpeg.frame.components) == 1 else "RGB"
    try:
        pixels = simplejpeg.decode_jpeg(data if jpeg.complete else data + b"\xff\xd9", space, strict=True)
    except ValueError as error:
        raise UnreadablePhoto(f"The JPEG is damaged or truncated: {error}.") from error
    metadata, orientation = read_metadata(jpeg.metadata, limits)
    pixels = pixels[..., 0] if space == "GRAY" else pixels
    return Photo(np.ascontiguousarray(pixels), PhotoFormat.JPEG, metadata, None, orientation)


def write_jpeg(pixels: Samples, metadata: Metadata, quality: int) -> bytes:
    """Encode (H, W, 3) RGB as 4:2:0 JPEG; 16-bit samples are rounded to 8."""
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    plain = JpegFile.read(simplejpeg.encode_jpeg(pixels, quality, "RGB", "420"))
    return bytes(plain.with_metadata(write_segments(metadata)))
