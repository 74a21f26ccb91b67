"""The size of an upload by its header. The worker decides in the end, since it decodes the photograph."""

from pathlib import Path
from typing import BinaryIO

import imagesize

# A header is found in a few hundred reads. A file of nothing but empty segments would take a hundred million.
_READS, _BYTES = 20_000, 16 << 20


def pixels_of(photo: Path, otherwise: int) -> int:
    """Return width times height, or `otherwise` where the header does not say: damage must not bypass a quota."""
    size = size_of(photo)
    return size[0] * size[1] if size else otherwise


def size_of(photo: Path) -> tuple[int, int] | None:
    """Return width and height as stored, or None where the header does not say."""
    with photo.open("rb") as file:
        width, height = imagesize.get(_FewReads(file), exif_rotation=False)
    return (width, height) if width > 0 and height > 0 else None


class _FewReads:
    """A file with a bound on the number of reads and on the bytes of each."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _READS

    def read(self, size: int = -1) -> bytes:
        self._left -= 1
        if self._left < 0 or not 0 <= size <= _BYTES:
            raise ValueError("The header is too long.")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
