"""The DCT coefficients of a JPEG, read and written by jpeglib where it is installed.

It has no wheel for Linux on arm64. There a JPEG of colour, and one whose light is changed, is decoded and encoded anew.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..damage import damaged
from .file import JpegFile
from .pixels import without_metadata

_SOME = 1 << 20  # bytes: what is written anew may be larger than what was read


@cache
def can_rewrite() -> bool:
    """Return whether coefficients can be read and written here."""
    return find_spec("jpeglib") is not None


def grey_of(luma: Any, quantization: Any) -> Any:
    """Return a grey picture of jpeglib's of these luma coefficients and their table, both as jpeglib has them."""
    return library().from_dct(luma, qt=quantization[None])


def rewritten(jpeg: JpegFile, change: Callable[[Any], Any]) -> JpegFile:
    """Return the picture with other coefficients, at its own size and without metadata.

    Args:
        jpeg: the picture.
        change: gets the coefficients as jpeglib has them (Y: int16 (h, w, 8, 8), quantised; qt: its tables) and
            returns those to write, the same object or another.

    Raises:
        UnreadablePhoto: the picture is damaged.
        OSError: there is no room for temporary files.
    """
    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        path = Path(folder) / "picture.jpg"
        source = without_metadata(jpeg)
        path.write_bytes(source)
        try:
            change(library().read_dct(str(path))).write_dct(str(path), flags=["+OPTIMIZE_CODING"])
        except OSError as error:
            _check_room(path.with_name("room"), 2 * len(source) + _SOME)
            raise damaged("JPEG") from error
        written = JpegFile.read(path.read_bytes())
    frame = replace(written.frame, height=jpeg.frame.height, width=jpeg.frame.width)
    return replace(written, frame=frame)


def library() -> Any:
    """Return jpeglib, imported."""
    # It takes as long to import as OpenCV, and grey photographs do without.
    import jpeglib

    return jpeglib


def _check_room(path: Path, size: int) -> None:
    """Raise `OSError` where a file of so many bytes cannot be written: libjpeg fails alike for this and for damage."""
    path.write_bytes(bytes(size))
    path.unlink()
