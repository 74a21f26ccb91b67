"""What the pipeline reads and writes in EXIF: orientation (the network wants heads above feet) and resolution."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .directory import INTEGERS, RATIONAL, Entry, Order, Structure, shorts
from .exif import ORIENTATION_TAG, is_overlapping, with_entries

_ACROSS, _DOWN, _UNIT = 282, 283, 296
_INCH, _CENTIMETRE = 2, 3
_PREFIX = b"Exif\x00\x00"
_FINEST = 1000
Array = NDArray[Any]


def is_readable(exif: bytes) -> bool:
    """Return whether an EXIF block, with or without its prefix, can be taken apart."""
    block = exif.removeprefix(_PREFIX)
    structure = Structure(block)
    # Some programs write a directory without entries where they have nothing to say.
    return structure.is_empty() or (structure.is_whole() and not structure.big and not is_overlapping(block))


def read_orientation(exif: bytes) -> int:
    """Return the EXIF orientation 1..8 of an EXIF block, with or without its prefix; 1 where it says none."""
    structure = Structure(exif.removeprefix(_PREFIX))
    return orientation_among(structure.entries(structure.first), structure.order) if is_readable(exif) else 1


def orientation_among(entries: dict[int, Entry], order: Order) -> int:
    """Return the orientation 1..8 that a directory states, by a number of whatever type; 1 where it says none."""
    entry = entries.get(ORIENTATION_TAG)
    numbers = entry.numbers(order) if entry and entry.kind in INTEGERS else ()
    return int(numbers[0]) if numbers and numbers[0] in range(1, 9) else 1


def resolution_of(exif: bytes) -> tuple[float, float] | None:
    """Return the pixels per inch that an EXIF block states, across and down."""
    structure = Structure(exif.removeprefix(_PREFIX))
    return (
        resolution_among(structure.entries(structure.first), structure.order) if is_readable(exif) else None
    )


def resolution_among(entries: dict[int, Entry], order: Order) -> tuple[float, float] | None:
    """Return the pixels per inch that a directory states, across and down."""
    found = {tag: entries[tag].numbers(order) for tag in (_ACROSS, _DOWN, _UNIT) if tag in entries}
    unit, across, down = (found.get(tag) or (0,) for tag in (_UNIT, _ACROSS, _DOWN))
    scale = {_INCH: 1.0, _CENTIMETRE: 2.54}.get(int(unit[0]) if _UNIT in found else _INCH)
    if scale is None or not across[0] > 0 or not down[0] > 0:
        return None
    return across[0] * scale, down[0] * scale


def resolution_entries(dpi: tuple[float, float], order: Order) -> dict[int, Entry]:
    """Return the entries that state a resolution."""
    across, down = (_rational(value, order) for value in dpi)
    return {_ACROSS: across, _DOWN: down, _UNIT: shorts(order, _INCH)}


def with_resolution(exif: bytes | None, dpi: tuple[float, float] | None) -> bytes | None:
    """Return an EXIF block that states the resolution, for formats with no other place for it."""
    if dpi is None or (exif and (resolution_of(exif) or not is_readable(exif))):
        return exif
    order = Structure(exif).order if exif else "little"
    return with_entries(exif, resolution_entries(dpi, order), order)


def _rational(value: float, order: Order) -> Entry:
    fraction = Fraction(value).limit_denominator(_FINEST)
    return Entry(RATIONAL, 1, b"".join(part.to_bytes(4, order) for part in fraction.as_integer_ratio()))


def upright(plane: Array, orientation: int) -> Array:
    """Turn a stored picture (H, W, ...) as its orientation asks."""
    if orientation in (5, 6, 7, 8):
        plane = np.swapaxes(plane, 0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return plane[::rows, ::columns]


def composed(first: int, then: int) -> int:
    """Return the one orientation that does what `upright` does with these two, one after the other."""
    marks = np.arange(6).reshape(2, 3)
    wanted = upright(upright(marks, first), then)
    return next(one for one in range(1, 9) if np.array_equal(upright(marks, one), wanted))


def as_stored(plane: Array, orientation: int) -> Array:
    """Undo `upright`."""
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    return upright(plane, inverse)
