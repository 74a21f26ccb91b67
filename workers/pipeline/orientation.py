"""EXIF orientation: the network wants to see heads above feet."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ORIENTATION_TAG = 0x0112
Array = NDArray[Any]


def read_orientation(exif: bytes) -> int:
    """Return the EXIF orientation 1..8 of an EXIF block, with or without its prefix; 1 where it says none."""
    try:
        tags = Image.Exif()
        tags.load(exif)
        value = tags.get(ORIENTATION_TAG)
    except Exception:  # damaged EXIF of any kind: the picture is still good
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def with_upright_tag(exif: bytes) -> bytes:
    """Return an EXIF block (a TIFF structure) whose orientation, if any, says upright; no other byte changes."""
    order: Literal["little", "big"] = "little" if exif[:2] == b"II" else "big"
    start = int.from_bytes(exif[4:8], order)
    for i in range(int.from_bytes(exif[start : start + 2], order)):
        entry = start + 2 + 12 * i
        if int.from_bytes(exif[entry : entry + 2], order) == ORIENTATION_TAG and entry + 12 <= len(exif):
            return exif[: entry + 8] + (1).to_bytes(2, order) + exif[entry + 10 :]
    return exif


def upright(plane: Array, orientation: int) -> Array:
    """Turn a stored picture (H, W, ...) as its orientation asks."""
    if orientation in (5, 6, 7, 8):
        plane = np.swapaxes(plane, 0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return plane[::rows, ::columns]


def as_stored(plane: Array, orientation: int) -> Array:
    """Undo `upright`."""
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    return upright(plane, inverse)
