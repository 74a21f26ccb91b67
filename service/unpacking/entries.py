"""What an archive holds, whatever its kind, and how much of it is taken."""

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from photochrom.errors import ArchiveRejected

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


@dataclass(frozen=True)
class Entry:
    """One file in an archive, not yet read."""

    name: str
    open: Callable[[], IO[bytes]]
    size: int
    """Bytes, as its header claims; no more come out."""
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


def is_litter(name: str) -> bool:
    """Tell whether a file manager made it, not a photographer."""
    return not _LITTER.isdisjoint(PurePosixPath(name).parts)
