"""Zips, read so that no directory and no entry takes more memory than its size lets expect."""

import stat
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, BinaryIO

from photochrom.errors import ArchiveRejected, UnsupportedFormat

from .entries import DAMAGE, Budget, Entry, is_litter
from .zip_names import names_of

_DIRECTORY_BYTES = 64 << 20
END, _LOCATOR, _HEADER = b"PK\x05\x06", b"PK\x06\x07", b"PK\x01\x02"
_RECORD = b"PK\x06\x06"
_END_BYTES, _LOCATOR_BYTES, _HEADER_BYTES, _RECORD_BYTES = 22, 20, 46, 56
_COMMENT_BYTES = 65_535
_LOCAL_BYTES = 30  # of an entry's own header, without its name
# `zipfile` asks bzip2 and LZMA for no limited output: one read of a few hundred bytes unfolds to gigabytes.
_BOUNDED_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def zip_entries(file: BinaryIO, budget: Budget, encoding: str | None = None) -> Iterator[Entry]:
    """Yield the entries of a zip; raise `ArchiveRejected` if it is damaged or over the budget.

    `encoding` is that of names which do not say it.
    """
    _check_directory(file, budget)
    try:
        archive = zipfile.ZipFile(file)
    except (*DAMAGE, NotImplementedError) as error:
        raise ArchiveRejected(f"The zip is damaged: {error}.") from error
    with archive:
        infos = archive.infolist()
        _refuse_shared_bytes(infos)
        for info, name in zip(infos, names_of(infos, encoding), strict=True):
            budget.take_entry()
            # Not `is_dir()`, which looks at the last letter of names that have none.
            if not name.endswith("/") and not is_litter(name):
                yield Entry(name, _zip_opener(archive, info), info.file_size, packed=info.compress_size)


def _zip_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def opener() -> IO[bytes]:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise UnsupportedFormat("The entry is a link or a device, not a file; pack the file itself.")
        if info.flag_bits & 1:
            raise UnsupportedFormat("The entry is encrypted; send it without a password.")
        if info.compress_type not in _BOUNDED_METHODS:
            raise UnsupportedFormat(
                "The entry is compressed by an unusual method; make the zip with Deflate or without compression."
            )
        return archive.open(info)

    return opener


def _refuse_shared_bytes(infos: Iterable[zipfile.ZipInfo]) -> None:
    """Refuse a zip whose entries lie on each other: bytes that are sent once would be unpacked thousands of times."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveRejected("The zip is damaged: two of its entries lie on the same bytes.")
        end = info.header_offset + _LOCAL_BYTES + info.compress_size


def _check_directory(file: BinaryIO, budget: Budget) -> None:
    """Count the entries of the directory before `zipfile` builds an object for each."""
    size = file.seek(0, 2)
    tail_at = max(0, size - _END_BYTES - _COMMENT_BYTES)
    file.seek(tail_at)
    tail = file.read()
    at = tail.rfind(END)
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
