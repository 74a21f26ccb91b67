"""Read zip and tar archives that may have been made to do harm, entry by entry, to no place but a draft.

No name is ever used as a path. What is bounded: the number of entries (before the directory is read), each entry's
bytes as they come out (whatever its header claims), and all of them together.
"""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from photochrom.errors import ArchiveRejected, UnreadablePhoto, UnsupportedFormat

_BLOCK = 1 << 18
# Made by file managers beside every photograph.
_LITTER = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
# For one member with its long name and its extended attributes; and for each of many, on average.
_TAR_LONGEST_HEADER, _TAR_HEADER_BYTES = 16 << 10, 4 << 10
_DIRECTORY_BYTES = 64 << 20
_END, _LOCATOR, _HEADER = b"PK\x05\x06", b"PK\x06\x07", b"PK\x01\x02"
_RECORD = b"PK\x06\x06"
_END_BYTES, _LOCATOR_BYTES, _HEADER_BYTES, _RECORD_BYTES = 22, 20, 46, 56
_COMMENT_BYTES = 65_535
# `zipfile` asks bzip2 and LZMA for no limited output: one read of a few hundred bytes unfolds to gigabytes.
_BOUNDED_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    struct.error,
    ValueError,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True)
class Entry:
    """One file in an archive, not yet read."""

    name: str
    open: Callable[[], IO[bytes]]
    counted: bool = False
    """True if its bytes were taken from the budget when its header was read."""


@dataclass
class Budget:
    """Counts down what an archive may still unfold to."""

    entries: int
    bytes: int

    def take_entry(self) -> None:
        """Count one entry; raise `ArchiveRejected` when there are too many."""
        self.entries -= 1
        if self.entries < 0:
            raise ArchiveRejected("The archive has too many entries; send it in parts.")

    def take(self, count: int) -> None:
        """Count unfolded bytes; raise `ArchiveRejected` when they are too many."""
        self.bytes -= count
        if self.bytes < 0:
            raise ArchiveRejected("The archive unfolds to more than this server takes; send it in parts.")


def entries(path: Path, budget: Budget) -> Iterator[Entry]:
    """Yield the regular files (and, unopened, what is none) of a zip, tar or tar.gz.

    Raises:
        ArchiveRejected: it is none of these, damaged beyond reading on, or over the budget.
    """
    with path.open("rb") as file:
        head = file.read(512)
        file.seek(0)
        if head.startswith((b"PK\x03\x04", _END)):
            yield from _zip_entries(file, budget)
        elif head.startswith(b"\x1f\x8b") or head[257:262] == b"ustar":
            yield from _tar_entries(file, budget)
        else:
            raise ArchiveRejected("This is neither a zip nor a tar (or tar.gz) archive.")


def blocks(entry: Entry, budget: Budget) -> Iterator[bytes]:
    """Yield the entry's bytes.

    Raises:
        UnreadablePhoto: the entry is damaged, or encrypted in a way that cannot be read.
        UnsupportedFormat: it is no regular file.
        ArchiveRejected: the archive is over the budget.
    """
    try:
        with entry.open() as source:
            while block := source.read(_BLOCK):
                if not entry.counted:
                    budget.take(len(block))
                yield block
    except (*_DAMAGE, NotImplementedError, RuntimeError) as error:
        raise UnreadablePhoto(f"The entry cannot be unpacked: {error}.") from error


def _zip_entries(file: BinaryIO, budget: Budget) -> Iterator[Entry]:
    _check_directory(file, budget)
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGE as error:
        raise ArchiveRejected(f"The zip is damaged: {error}.") from error
    with archive:
        for info in archive.infolist():
            budget.take_entry()
            if not info.is_dir() and not _is_litter(info.filename):
                yield Entry(info.filename, _zip_opener(archive, info))


def _zip_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def opener() -> IO[bytes]:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise UnsupportedFormat("The entry is a link or a device, no file.")
        if info.flag_bits & 1:
            raise UnsupportedFormat("The entry is encrypted; send it without a password.")
        if info.compress_type not in _BOUNDED_METHODS:
            raise UnsupportedFormat(
                "The entry is neither stored nor deflated; make the zip without other methods."
            )
        return archive.open(info)

    return opener


def _check_directory(file: BinaryIO, budget: Budget) -> None:
    """Count the entries of the directory before `zipfile` builds an object for each."""
    size = file.seek(0, 2)
    tail_at = max(0, size - _END_BYTES - _COMMENT_BYTES)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_BYTES:
        raise ArchiveRejected("The zip is cut off: its directory is missing.")
    directory_bytes = struct.unpack_from("<I", tail, at + 12)[0]
    end = tail_at + at
    if tail[max(0, at - _LOCATOR_BYTES) : at].startswith(_LOCATOR):
        end -= _LOCATOR_BYTES + _RECORD_BYTES
        directory_bytes = _directory_bytes_64(file, end)
    if not 0 <= directory_bytes <= min(end, _DIRECTORY_BYTES):
        raise ArchiveRejected("The zip is damaged: its directory does not fit in it.")
    file.seek(end - directory_bytes)
    if _count(file.read(directory_bytes), budget.entries) > budget.entries:
        raise ArchiveRejected("The archive has too many entries; send it in parts.")
    file.seek(0)


def _directory_bytes_64(file: BinaryIO, record_at: int) -> int:
    """Read the ZIP64 record right before its locator, where `zipfile` reads it, whatever the locator says."""
    file.seek(max(0, record_at))
    record = file.read(_RECORD_BYTES + _LOCATOR_BYTES)
    said_at = struct.unpack_from("<Q", record, len(record) - _LOCATOR_BYTES + 8)[0]
    if not record.startswith(_RECORD) or said_at != record_at:
        raise ArchiveRejected("The zip is damaged: its ZIP64 record is missing.")
    return int(struct.unpack_from("<Q", record, 40)[0])


def _count(directory: bytes, enough: int) -> int:
    """Return the number of headers, counting no further than one more than `enough`."""
    count = at = 0
    while count <= enough and directory.startswith(_HEADER, at) and at + _HEADER_BYTES <= len(directory):
        at += _HEADER_BYTES + sum(struct.unpack_from("<HHH", directory, at + 28))
        count += 1
    return count


def _tar_entries(file: io.BufferedReader, budget: Budget) -> Iterator[Entry]:
    unpacked = gzip.GzipFile(fileobj=file) if file.peek(2).startswith(b"\x1f\x8b") else file
    source = _Forward(unpacked, _TAR_HEADER_BYTES * budget.entries)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", source), mode="r:") as archive:
            while (member := source.header(archive)) is not None:
                budget.take_entry()
                # To reach the next header all of this one's bytes are unfolded, wanted or not.
                budget.take(max(member.size, archive.offset - member.offset_data))
                if not member.isdir() and not _is_litter(member.name):
                    yield Entry(member.name.removeprefix("./"), _tar_opener(archive, member), counted=True)
    except _DAMAGE as error:
        raise ArchiveRejected(f"The tar is damaged: {error}.") from error


class _Forward(io.RawIOBase):
    """What `tarfile` reads from: onward only, and few bytes for a header.

    Comments, names, maps of sparse files and chains of extended headers are all taken into memory, whatever size
    they claim. A size below zero would have the same bytes unfolded again and again.
    """

    def __init__(self, source: gzip.GzipFile | io.BufferedReader, header_bytes: int) -> None:
        self._source = source
        self._all_headers = header_bytes
        self._header = _TAR_LONGEST_HEADER
        self._in_header = True  # `tarfile.open` reads the first one

    def header(self, archive: tarfile.TarFile) -> tarfile.TarInfo | None:
        """Return the next member; the archive forgets it, and what global headers said."""
        self._header, self._in_header = _TAR_LONGEST_HEADER, True
        member = archive.next()
        self._in_header = False
        if member is not None and (member.size < 0 or archive.offset < member.offset_data):
            raise tarfile.ReadError("a header claims to be smaller than nothing")
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
            raise tarfile.ReadError("a header leads back")
        return self._source.seek(offset)

    def tell(self) -> int:
        return self._source.tell()


def _tar_opener(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def opener() -> IO[bytes]:
        if member.issparse():
            raise UnsupportedFormat("The entry is a sparse file; pack it as a plain one.")
        source = archive.extractfile(member) if member.isreg() else None
        if source is None:
            raise UnsupportedFormat("The entry is a link or a device, no file.")
        return source

    return opener


def _is_litter(name: str) -> bool:
    return not _LITTER.isdisjoint(PurePosixPath(name).parts)
