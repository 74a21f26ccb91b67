"""Tiles of a picture for viewers (IIIF): upright, in sRGB, with 8 bits."""

import cv2
import numpy as np
import simplejpeg

from photochrom.photo.tiles import TILE, Tiling, packed

from .decode import decode
from .limits import PhotoLimits
from .photo import Samples
from .structure import format_of

_QUALITY = 88
_BITS_16_TO_8 = 255 / 65535


def tiles_of(data: bytes, limits: PhotoLimits) -> list[bytes]:
    """Return the file of a picture's tiles, in parts; raise `PhotoRejected` where it cannot be read."""
    pixels = decode(data, format_of(data, limits), limits).pixels
    if pixels.dtype == np.uint16:
        pixels = cv2.convertScaleAbs(pixels, alpha=_BITS_16_TO_8)
    tiling = Tiling(pixels.shape[1], pixels.shape[0])
    whole = _encoded(cv2.resize(pixels, tiling.whole, interpolation=cv2.INTER_AREA))
    tiles: list[bytes] = []
    for factor in tiling.factors:
        if factor > 1:
            pixels = cv2.resize(pixels, tiling.level(factor), interpolation=cv2.INTER_AREA)
        for box in tiling.boxes(factor):
            x, y = box.x // factor, box.y // factor
            tiles.append(_encoded(pixels[y : y + TILE, x : x + TILE]))
    return packed(tiling, [*tiles, whole])


def _encoded(pixels: Samples) -> bytes:
    grey = pixels.ndim == 2
    given = np.ascontiguousarray(pixels[..., None] if grey else pixels)
    space = "GRAY" if grey else "RGB"
    return bytes(
        simplejpeg.encode_jpeg(
            given, quality=_QUALITY, colorspace=space, colorsubsampling="Gray" if grey else "420"
        )
    )
