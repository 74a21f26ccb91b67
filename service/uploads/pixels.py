"""The size of an upload by its header. The worker decides in the end, since it decodes the photograph."""

from pathlib import Path
from typing import BinaryIO

import imagesize

from photochrom.errors import UnreadablePhoto
from photochrom.photo.jxl_bits import START, Bits, read_size
from photochrom.photo.sniff import HEAD_BYTES

# A header is found in a few hundred reads. A file of nothing but empty segments would take a hundred million.
_CODESTREAMS = (b"jxlc", b"jxlp")
_READS, _BYTES = 20_000, 16 << 20


def pixels_of(photo: Path, otherwise: int) -> int:
    """Return width times height, or `otherwise` where the header does not say: damage must not bypass a quota."""
    size = size_of(photo)
    return size[0] * size[1] if size else otherwise


def size_of(photo: Path) -> tuple[int, int] | None:
    """Return width and height as stored, or None where the header does not say."""
    with photo.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        if head.startswith((START, b"\0\0\0\x0cJXL ")):
            return _size_of_jxl(_FewReads(file), bare=head.startswith(START))
        width, height = imagesize.get(_FewReads(file), exif_rotation=False)
    return (width, height) if width > 0 and height > 0 else None


def _size_of_jxl(file: "_FewReads", *, bare: bool) -> tuple[int, int] | None:
    """Read the size of a JPEG XL, which imagesize does not know; its codestream may lie in a box behind others."""
    try:
        while not bare:
            head = file.read(16)
            size, kind, skipped = int.from_bytes(head[:4], "big"), head[4:8], 8
            if size == 1:
                size, skipped = int.from_bytes(head[8:], "big"), 16
            if kind in _CODESTREAMS:
                file.seek(skipped - len(head) + 4 * (kind == b"jxlp"), 1)
                break
            if size < skipped:
                return None
            file.seek(size - len(head), 1)
        head = file.read(HEAD_BYTES)
        height, width = read_size(Bits(head, 8 * len(START)))
    except (UnreadablePhoto, ValueError, OSError):
        return None
    return (width, height) if head.startswith(START) else None


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
