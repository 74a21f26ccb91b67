"""What a caller says of single places: repair here, leave this alone. A map as large as the upright photograph."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from photochrom.errors import MaskRejected, PhotoRejected
from photochrom.photo.boxes import Box

from ..decode import decode
from ..limits import PhotoLimits
from ..metadata.orientation import as_stored
from ..structure import format_of
from .finder import Bytes

KEEP, AS_FOUND, REPAIR = 0, 128, 255
"""Values of a map."""
_DARK, _LIGHT = (
    64,
    192,
)  # a mask that was drawn softly or came through a lossy format still says what it means


def read_wishes(mask: bytes, limits: PhotoLimits) -> Bytes:
    """Return the map (H, W) of an image: white is repaired, black is kept, grey is as the finder says.

    Raises:
        MaskRejected: it cannot be read, is too large, or has colours.
    """
    try:
        photo = decode(mask, format_of(mask, limits), limits)
    except PhotoRejected as error:
        raise MaskRejected(f"The repair mask cannot be used: {error}") from error
    if photo.colored:
        raise MaskRejected(
            "The repair mask has colours; send white for repair, black for keep, grey for neither."
        )
    levels = photo.pixels if photo.pixels.ndim == 2 else photo.pixels[..., 0]
    levels = (levels >> 8).astype(np.uint8) if levels.dtype == np.uint16 else np.asarray(levels, np.uint8)
    return np.select([levels < _DARK, levels >= _LIGHT], [KEEP, REPAIR], AS_FOUND).astype(np.uint8)


def as_stored_wishes(
    wishes: Bytes | None, keep: Iterable[Box], size: tuple[int, int], orientation: int
) -> Bytes | None:
    """Return the map of a photograph of this size as it is stored; None where nothing is wished.

    Args:
        wishes: that of the upright photograph, if there is one.
        keep: places of the upright photograph that stay, whatever the map says.
        size: height and width as stored.
        orientation: EXIF's, 1 to 8.

    Raises:
        MaskRejected: the map has another size than the photograph.
    """
    height, width = size if orientation < 5 else size[::-1]
    if wishes is not None and wishes.shape != (height, width):
        raise MaskRejected(
            f"The repair mask has {wishes.shape[1]} x {wishes.shape[0]} pixels and the upright photograph "
            f"{width} x {height}; send a mask of the photograph's size."
        )
    boxes = tuple(keep)
    if wishes is None and not boxes:
        return None
    upright = np.full((height, width), AS_FOUND, np.uint8) if wishes is None else wishes.copy()
    for box in boxes:
        down = slice(round(box.y * height), round((box.y + box.height) * height))
        upright[down, round(box.x * width) : round((box.x + box.width) * width)] = KEEP
    stored: NDArray[np.uint8] = np.ascontiguousarray(as_stored(upright, orientation))
    return stored
