"""Read zip and tar archives that may have been made to do harm, entry by entry, to no place but a draft.

No name is ever used as a path. What is bounded: the number of entries (before the directory is read), each entry's
bytes as they come out (whatever its header claims), and all of them together.
"""

from collections.abc import Iterator
from pathlib import Path

from photochrom.errors import ArchiveRejected, UnreadablePhoto

from .entries import DAMAGE, Budget, Entry
from .tars import tar_entries
from .zips import END, zip_entries

_BLOCK = 1 << 18


def entries(path: Path, budget: Budget, encoding: str | None = None) -> Iterator[Entry]:
    """Yield the regular files (and, unopened, what is none) of a zip, tar or tar.gz.

    `encoding` is that of names which do not say it.

    Raises:
        ArchiveRejected: it is none of these, damaged beyond reading on, or over the budget.
    """
    with path.open("rb") as file:
        head = file.read(512)
        file.seek(0)
        if head.startswith((b"PK\x03\x04", END)):
            yield from zip_entries(file, budget, encoding)
        elif head.startswith(b"\x1f\x8b") or head[257:262] == b"ustar":
            yield from tar_entries(file, budget, encoding)
        else:
            raise ArchiveRejected("This is neither a zip nor a tar (or tar.gz) archive.")


def blocks(entry: Entry, budget: Budget) -> Iterator[bytes]:
    """Yield the entry's bytes.

    Raises:
        PhotoTooLarge: more comes out of it than of any photograph.
        UnreadablePhoto: the entry is damaged, or encrypted in a way that cannot be read.
        UnsupportedFormat: it is no regular file.
        ArchiveRejected: the archive is over the budget.
    """
    entry.refuse_bomb(entry.size)
    unpacked = 0
    try:
        with entry.open() as source:
            while block := source.read(_BLOCK):
                unpacked += len(block)
                entry.refuse_bomb(unpacked)
                if not entry.counted:
                    budget.take(len(block))
                yield block
    except (*DAMAGE, NotImplementedError, RuntimeError) as error:
        raise UnreadablePhoto(f"The entry cannot be unpacked: {error}.") from error
