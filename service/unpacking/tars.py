"""Tars, plain or gzipped, read from front to back with a bound on their headers."""

import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from typing import IO, cast

from photochrom.errors import ArchiveRejected, UnsupportedFormat

from .entries import DAMAGE, Budget, Entry, is_litter

# Header bytes for one member with its long name and its extended attributes; and the average for each of many.
_TAR_LONGEST_HEADER, _TAR_HEADER_BYTES = 16 << 10, 4 << 10

# More members than allowed this close together: the tar was made to have many members, not to hold photographs.
_LOOK_BYTES = 64 << 20
_BLOCK = 512
_SIZE, _KIND = slice(124, 136), 156


def tar_entries(file: io.BufferedReader, budget: Budget, encoding: str | None = None) -> Iterator[Entry]:
    """Yield the entries of a tar; raise `ArchiveRejected` if it is damaged or exceeds the budget.

    `encoding` is that of names which do not say it.
    """
    _check_count(file, budget.entries)
    unpacked = gzip.GzipFile(fileobj=file) if file.peek(2).startswith(b"\x1f\x8b") else file
    source = _Forward(unpacked, _TAR_HEADER_BYTES * budget.entries)
    try:
        with tarfile.open(
            fileobj=cast("IO[bytes]", source), mode="r:", encoding=encoding or "utf-8"
        ) as archive:
            while (member := source.header(archive)) is not None:
                budget.take_entry()
                # To reach the next header, all bytes of this entry are decompressed, wanted or not.
                budget.take(max(member.size, archive.offset - member.offset_data))
                if not member.isdir() and not is_litter(member.name):
                    opener = _tar_opener(archive, member)
                    yield Entry(member.name.removeprefix("./"), opener, member.size, counted=True)
    except DAMAGE as error:
        raise ArchiveRejected(f"The tar is damaged: {error}.") from error


def _check_count(file: io.BufferedReader, most: int) -> None:
    """Refuse a tar of countless little members before any is opened; many large ones are counted as they come."""
    packed = file.peek(2).startswith(b"\x1f\x8b")
    source: io.BufferedIOBase = gzip.GzipFile(fileobj=file) if packed else file
    count = at = 0
    try:
        while at < _LOOK_BYTES:
            source.seek(at)
            header = source.read(_BLOCK)
            if len(header) < _BLOCK or not any(header):
                break
            count += header[_KIND] not in b"xgLK"
            if count > most:
                raise ArchiveRejected("The archive has too many entries; send it in parts.")
            size = int(header[_SIZE].strip(b"\0 ") or b"0", 8)
            if size < 0:
                break  # damaged; going back would loop forever
            at += _BLOCK + size + -size % _BLOCK
    except DAMAGE:
        pass  # reported when the archive is read
    file.seek(0)


class _Forward(io.RawIOBase):
    """The file that `tarfile` reads from: forward only, and with a bound on the bytes of a header.

    `tarfile` loads comments, names, maps of sparse files and chains of extended headers into memory, whatever size
    they claim. A negative size would make it decompress the same bytes again and again.
    """

    def __init__(self, source: gzip.GzipFile | io.BufferedReader, header_bytes: int) -> None:
        self._source = source
        self._all_headers = header_bytes
        self._header = _TAR_LONGEST_HEADER
        self._in_header = True  # `tarfile.open` reads the first one

    def header(self, archive: tarfile.TarFile) -> tarfile.TarInfo | None:
        """Return the next member; the archive drops it and the values of global headers."""
        self._header, self._in_header = _TAR_LONGEST_HEADER, True
        member = archive.next()
        self._in_header = False
        if member is not None and (member.size < 0 or archive.offset < member.offset_data):
            raise tarfile.ReadError("a header claims a negative size")
        archive.members = []  # type: ignore[attr-defined]
        archive.pax_headers = {}
        return member

    def read(self, size: int = -1) -> bytes:
        if self._in_header:
            self._header -= size
            self._all_headers -= size
            if size < 0 or min(self._header, self._all_headers) < 0:
                raise tarfile.ReadError("its headers are too long")
        return self._source.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0 or offset < self._source.tell():
            raise tarfile.ReadError("a header points backwards")
        return self._source.seek(offset)

    def tell(self) -> int:
        return self._source.tell()


def _tar_opener(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def opener() -> IO[bytes]:
        if member.issparse():
            raise UnsupportedFormat("The entry is a sparse file; pack it as a plain file.")
        source = archive.extractfile(member) if member.isreg() else None
        if source is None:
            raise UnsupportedFormat("The entry is a link or a device, not a file; pack the file itself.")
        return source

    return opener
