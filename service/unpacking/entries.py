"""What an archive holds, whatever its kind, and how much of it is taken."""

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from photochrom.errors import ArchiveRejected, PhotoTooLarge

# Made by file managers beside every photograph.
_LITTER = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
# What the readers of archives raise on bad ones.
DAMAGE = (
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


RATIO = 100
"""How many times as large as its packed form an entry, or an archive, may be: photographs hardly shrink."""
# Below it nothing is refused: a small file of one tone shrinks to nothing, and does no harm.
_ENTRY_BYTES, _ARCHIVE_BYTES = 1 << 20, 64 << 20


@dataclass(frozen=True)
class Entry:
    """One file in an archive, not yet read."""

    name: str
    open: Callable[[], IO[bytes]]
    size: int
    """Bytes, as its header claims; no more come out."""
    counted: bool = False
    """True if its bytes were taken from the budget when its header was read."""
    packed: int | None = None
    """Bytes that it takes in the archive, where each entry is packed by itself."""

    def refuse_bomb(self, unpacked: int) -> None:
        """Raise `PhotoTooLarge` where more comes out of the entry than of any photograph."""
        if self.packed is not None and unpacked > _bound(self.packed, _ENTRY_BYTES):
            raise PhotoTooLarge(
                f"The entry unpacks to more than {RATIO} times its size in the archive; send that file by itself."
            )


@dataclass
class Budget:
    """Counts down what an archive may still unfold to."""

    entries: int
    bytes: int

    @classmethod
    def of(cls, archive_bytes: int, max_entries: int, max_bytes: int) -> "Budget":
        """Return what an archive of this size may unfold to."""
        return cls(max_entries, min(max_bytes, _bound(archive_bytes, _ARCHIVE_BYTES)))

    def take_entry(self) -> None:
        """Count one entry; raise `ArchiveRejected` when there are too many."""
        self.entries -= 1
        if self.entries < 0:
            raise ArchiveRejected("The archive has too many entries; send it in parts.")

    def take(self, count: int) -> None:
        """Count unfolded bytes; raise `ArchiveRejected` when they are too many."""
        self.bytes -= count
        if self.bytes < 0:
            raise ArchiveRejected("The archive unpacks to more than this server takes; send it in parts.")


def _bound(packed: int, least: int) -> int:
    return max(least, RATIO * packed)


def is_litter(name: str) -> bool:
    """Return whether a file manager made it, not a photographer."""
    return not _LITTER.isdisjoint(PurePosixPath(name).parts)
