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
    with workplace(jpeg) as at:
        at.write(change(at.read()))
        written = at.file()
    frame = replace(written.frame, height=jpeg.frame.height, width=jpeg.frame.width)
    return replace(written, frame=frame)


def jpeglib_module() -> Any:
    """Return jpeglib, which `can_rewrite` says to be here."""
    # It takes as long to import as OpenCV, and grey photographs do without.
    import jpeglib

    return jpeglib


class Workplace:
    """A file in which jpeglib reads the coefficients of a picture, and writes others."""

    def __init__(self, jpeg: JpegFile, path: Path) -> None:
        """Put the picture there, without its metadata."""
        self._path, source = path, without_metadata(jpeg)
        self._size = len(source)
        path.write_bytes(source)

    def read(self) -> Any:
        """Return what lies there, as jpeglib has it."""
        with self._damage_told():
            return jpeglib_module().read_dct(str(self._path))

    def write(self, picture: Any) -> None:
        """Put a picture of jpeglib's there."""
        with self._damage_told():
            picture.write_dct(str(self._path), flags=["+OPTIMIZE_CODING"])

    def file(self) -> JpegFile:
        """Return the file."""
        return JpegFile.read(self._path.read_bytes())

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        """Tell a damaged picture from a full disk, for libjpeg fails alike for both."""
        try:
            yield
        except OSError as error:
            _check_room(self._path.with_name("room"), 2 * self._size + _SOME)
            raise damaged("JPEG") from error


@contextmanager
def workplace(jpeg: JpegFile) -> Iterator[Workplace]:
    """Have a picture in a temporary file, for the time of the context.

    Raises:
        UnreadablePhoto: the picture is damaged, which is seen as it is read.
        OSError: there is no room for temporary files.
    """
    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        yield Workplace(jpeg, Path(folder) / "picture.jpg")


def _check_room(path: Path, size: int) -> None:
    """Raise `OSError` where a file of so many bytes cannot be written."""
    path.write_bytes(bytes(size))
    path.unlink()
