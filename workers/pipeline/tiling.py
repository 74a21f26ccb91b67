"""Tiles of a picture for viewers (IIIF): upright, in sRGB, with 8 bits."""

import cv2

from photochrom.photo.tiles import TILE, Tiling, packed

from .decode import decode
from .limits import PhotoLimits
from .photo import to_8bit
from .prediction.preparation import NOTHING, Preparation
from .previews import small_jpeg
from .structure import format_of

_QUALITY = 88


def tiles_of(data: bytes, limits: PhotoLimits, preparation: Preparation = NOTHING) -> list[bytes]:
    """Return the file of a picture's tiles, in parts; raise `PhotoRejected` where it cannot be read."""
    pixels = to_8bit(preparation.of_photo(decode(data, format_of(data, limits), limits)).pixels)
    tiling = Tiling(pixels.shape[1], pixels.shape[0])
    whole = small_jpeg(cv2.resize(pixels, tiling.whole, interpolation=cv2.INTER_AREA), _QUALITY)
    tiles: list[bytes] = []
    for factor in tiling.factors:
        if factor > 1:
            pixels = cv2.resize(pixels, tiling.level(factor), interpolation=cv2.INTER_AREA)
        for box in tiling.boxes(factor):
            x, y = box.x // factor, box.y // factor
            tiles.append(small_jpeg(pixels[y : y + TILE, x : x + TILE], _QUALITY))
    return packed(tiling, [*tiles, whole])
