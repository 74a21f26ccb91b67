"""Cut parts out of a JPEG by whole blocks: every coefficient stays as it was, and nothing is decoded."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..damage import damaged
from .coefficients import library
from .dct import SIDE
from .file import JpegFile
from .pixels import without_metadata


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
    """
    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        path = Path(folder) / "picture.jpg"
        path.write_bytes(without_metadata(jpeg))
        try:
            picture = library().read_dct(str(path))
            for part in parts:
                yield _written(picture, jpeg, grown(part, jpeg), path)
        except OSError as error:
            raise damaged("JPEG") from error


def _written(picture: Any, jpeg: JpegFile, part: Part, path: Path) -> JpegFile:
    planes = [picture.Y] if picture.Cb is None else [picture.Y, picture.Cb, picture.Cr]
    first = jpeg.frame.components[0]
    pieces = []
    for plane, component in zip(planes, jpeg.frame.components, strict=True):
        down = SIDE * first.vertical // component.vertical
        across = SIDE * first.horizontal // component.horizontal
        pieces.append(_piece(plane, part, down, across, _unit(jpeg)))
    tables = list(picture.quant_tbl_no)[: len(pieces)]
    library().from_dct(*pieces, qt=picture.qt, quant_tbl_no=tables).write_dct(
        str(path), flags=["+OPTIMIZE_CODING"]
    )
    written = JpegFile.read(path.read_bytes())
    frame = replace(written.frame, height=part.bottom - part.top, width=part.right - part.left)
    return replace(written, frame=frame)


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
