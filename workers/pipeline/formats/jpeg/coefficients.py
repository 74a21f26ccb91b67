"""The DCT coefficients of a JPEG, read and written by jpeglib where it is installed.

It has no wheel for Linux on arm64. There a JPEG of colour, and one whose light is changed, is decoded and encoded anew.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    return jpeglib_module().from_dct(luma, qt=quantization[None])


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
        with damage_told(path, len(source)):
            change(jpeglib_module().read_dct(str(path))).write_dct(str(path), flags=["+OPTIMIZE_CODING"])
        written = JpegFile.read(path.read_bytes())
    frame = replace(written.frame, height=jpeg.frame.height, width=jpeg.frame.width)
    return replace(written, frame=frame)


def jpeglib_module() -> Any:
    """Return jpeglib, which `can_rewrite` says to be here."""
    # It takes as long to import as OpenCV, and grey photographs do without.
    import jpeglib

    return jpeglib


@contextmanager
def damage_told(path: Path, size: int) -> Iterator[None]:
    """Tell a damaged picture from a full disk, for libjpeg fails alike for both.

    Args:
        path: in the folder where pictures are written.
        size: of the picture, in bytes.

    Raises:
        UnreadablePhoto: libjpeg failed, and there is room for more than it wrote.
        OSError: there is no room.
    """
    try:
        yield
    except OSError as error:
        _check_room(path.with_name("room"), 2 * size + _SOME)
        raise damaged("JPEG") from error


def _check_room(path: Path, size: int) -> None:
    """Raise `OSError` where a file of so many bytes cannot be written."""
    path.write_bytes(bytes(size))
    path.unlink()
