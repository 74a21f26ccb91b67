"""Cut parts out of a JPEG by whole blocks: every coefficient stays as it was, and nothing is decoded."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .coefficients import jpeglib_module, workplace
from .dct import SIDE
from .file import JpegFile


@dataclass(frozen=True)
class Part:
    """A part of a picture as it is stored, in pixels."""

    top: int
    bottom: int
    left: int
    right: int


def grown(part: Part, jpeg: JpegFile) -> Part:
    """Return a part grown outwards to whole blocks of all components, within the picture."""
    down, across = _unit(jpeg)
    return Part(
        part.top // down * down,
        min(-(-part.bottom // down) * down, jpeg.frame.height),
        part.left // across * across,
        min(-(-part.right // across) * across, jpeg.frame.width),
    )


def cut(jpeg: JpegFile, parts: list[Part]) -> Iterator[JpegFile]:
    """Yield the parts, grown to whole blocks, without metadata.

    Args:
        jpeg: one whose first component has all its resolution (`luma.has_exact_luma`).
        parts: within the picture.

    Raises:
        UnreadablePhoto: the picture is damaged.
        OSError: there is no room for temporary files.
    """
    with workplace(jpeg) as at:
        picture = at.read()
        for part in parts:
            place = grown(part, jpeg)
            at.write(_part_of(picture, jpeg, place))
            written = at.file()
            frame = replace(written.frame, height=place.bottom - place.top, width=place.right - place.left)
            yield replace(written, frame=frame)


def _part_of(picture: Any, jpeg: JpegFile, part: Part) -> Any:
    """Return the coefficients of a part of whole blocks, as jpeglib has them."""
    planes = [picture.Y] if picture.Cb is None else [picture.Y, picture.Cb, picture.Cr]
    first = jpeg.frame.components[0]
    pieces = []
    for plane, component in zip(planes, jpeg.frame.components, strict=True):
        down = SIDE * first.vertical // component.vertical
        across = SIDE * first.horizontal // component.horizontal
        pieces.append(_piece(plane, part, down, across, _unit(jpeg)))
    tables = list(picture.quant_tbl_no)[: len(pieces)]
    return jpeglib_module().from_dct(*pieces, qt=picture.qt, quant_tbl_no=tables)


def _piece(plane: NDArray[Any], part: Part, down: int, across: int, unit: tuple[int, int]) -> NDArray[Any]:
    """Return the blocks (h, w, 8, 8) of a part, of which each covers so many pixels; whole units, also at the rims."""
    height, width = (
        -(-length // each) * each
        for length, each in zip((part.bottom - part.top, part.right - part.left), unit, strict=True)
    )
    top, left = part.top // down, part.left // across
    blocks = plane[top : top + height // down, left : left + width // across]
    missing = [(0, height // down - blocks.shape[0]), (0, width // across - blocks.shape[1])]
    return np.ascontiguousarray(np.pad(blocks, [*missing, (0, 0), (0, 0)], mode="edge"))


def _unit(jpeg: JpegFile) -> tuple[int, int]:
    """Return height and width in pixels of the smallest part that has whole blocks of all components."""
    if len(jpeg.frame.components) == 1:
        return SIDE, SIDE
    first = jpeg.frame.components[0]
    return SIDE * first.vertical, SIDE * first.horizontal
