"""What the pipeline reads and writes in EXIF: orientation (the network wants heads above feet) and resolution."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .exif import ORIENTATION_TAG, is_overlapping

_ACROSS, _DOWN, _UNIT = 282, 283, 296
_INCH, _CENTIMETRE = 2, 3
Array = NDArray[Any]


def load_exif(exif: bytes) -> Image.Exif:
    """Take an EXIF block apart, with or without its prefix; raise some error where it is damaged."""
    tags = Image.Exif()
    if is_overlapping(exif.removeprefix(b"Exif\x00\x00")):
        raise ValueError("The values of the EXIF block lie in one another.")
    tags.load(exif)
    return tags


def read_orientation(exif: bytes) -> int:
    """Return the EXIF orientation 1..8 of an EXIF block, with or without its prefix; 1 where it says none."""
    try:
        tags = load_exif(exif)
        value = tags.get(ORIENTATION_TAG)
    except Exception:  # damaged EXIF of any kind: the picture is still good
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def resolution_of(exif: bytes) -> tuple[float, float] | None:
    """Return the pixels per inch that an EXIF block states, across and down."""
    try:
        tags = load_exif(exif)
        across, down = float(tags[_ACROSS]), float(tags[_DOWN])
        scale = {_INCH: 1.0, _CENTIMETRE: 2.54}[tags.get(_UNIT, _INCH)]
    except Exception:  # as above
        return None
    return (across * scale, down * scale) if across > 0 and down > 0 else None


def with_resolution(exif: bytes | None, dpi: tuple[float, float] | None) -> bytes | None:
    """Return an EXIF block that states the resolution, for formats with no other place for it."""
    if dpi is None or (exif and resolution_of(exif)):
        return exif
    try:
        tags = load_exif(exif or b"")
        tags[_ACROSS], tags[_DOWN], tags[_UNIT] = dpi[0], dpi[1], _INCH
        return tags.tobytes().removeprefix(b"Exif\x00\x00")
    except Exception:  # as above: what is damaged is carried as it came
        return exif


def is_readable(exif: bytes) -> bool:
    """Tell whether an EXIF block can be taken apart and written anew, as some formats need it."""
    try:
        tags = load_exif(exif)
        tags.tobytes()
    except Exception:  # as above
        return False
    return True


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
