"""Small pictures that go with a result, for people who look at many: a preview, and a map of the confidence."""

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from .formats.jpeg.file import JpegFile
from .formats.jpeg.pixels import decode_jpeg
from .metadata.orientation import Array, upright
from .photo import to_8bit

_QUALITY = 85
_AVERAGED = 0.5


def preview_of_jpeg(data: bytes, orientation: int, side: int) -> bytes:
    """Return a JPEG of at most `side` pixels of a YCbCr or grey JPEG, turned upright.

    The decoder shrinks while it decodes, to just above the wanted size: a fraction of a full decode.
    """
    jpeg = JpegFile.read(data)
    scale = side / max(jpeg.frame.height, jpeg.frame.width)
    factor = next(factor for factor in (8, 4, 2, 1) if factor == 1 or factor * scale <= 1)
    return preview_of_pixels(decode_jpeg(data, jpeg, "RGB", factor).pixels, side, orientation)


def preview_of_pixels(pixels: Array, side: int, orientation: int = 1) -> bytes:
    """Return a JPEG of at most `side` pixels of (H, W) grey or (H, W, 3) RGB, 8 or 16 bits, turned upright."""
    scale = min(1.0, side / max(pixels.shape[:2]))
    height, width = (max(1, round(length * scale)) for length in pixels.shape[:2])
    # Below one half, averaging prevents moiré; above, it costs five times as much and gains nothing.
    way = cv2.INTER_AREA if scale < _AVERAGED else cv2.INTER_LINEAR
    small = cv2.resize(pixels, (width, height), interpolation=way)
    return small_jpeg(upright(to_8bit(small), orientation), _QUALITY)


def small_jpeg(pixels: Array, quality: int) -> bytes:
    """Return a JPEG of (H, W) grey or (H, W, 3) RGB, 8 bits, with colour at half its size."""
    given = np.ascontiguousarray(pixels)
    if given.ndim == 2:
        return bytes(simplejpeg.encode_jpeg(given[..., None], quality=quality, colorspace="GRAY"))
    return bytes(simplejpeg.encode_jpeg(given, quality=quality, colorspace="RGB", colorsubsampling="420"))


def confidence_png(confidence: NDArray[np.float32], orientation: int) -> bytes:
    """Return the confidence (h, w), 0..1, as an upright 8-bit grey PNG: white where the network was sure."""
    levels = np.rint(np.clip(upright(confidence, orientation), 0, 1) * 255).astype(np.uint8)
    return cv2.imencode(".png", np.ascontiguousarray(levels))[1].tobytes()


def mask_png(mask: NDArray[np.uint8] | None, orientation: int) -> bytes | None:
    """Return what was repaired (H, W) as an upright grey PNG of the same size; None where there is no mask."""
    if mask is None:
        return None
    # Nearly all of it is black: the fastest packing is as good as any.
    settings = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)
    return cv2.imencode(".png", np.ascontiguousarray(upright(mask, orientation)), settings)[1].tobytes()
