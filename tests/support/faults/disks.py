"""A disk that can be full or read-only: a small file system of its own where we may mount, else the kernel's limits."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

import psutil

_MEGABYTES = 48
_BLOCK = 1 << 16
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1
T = TypeVar("T")


class Disk(Protocol):
    """What can go wrong with the disk under a folder, and be put right again, while processes use it."""

    how: str

    def start(self, begin: Callable[[], T]) -> T:
        """Call what starts the processes that will use the disk."""

    def fill(self) -> None:
        """Leave no room."""

    def make_room(self) -> None:
        """End that."""

    def protect(self) -> None:
        """Refuse every write."""

    def unprotect(self) -> None:
        """End that."""


class Mounted:
    """A tmpfs: really full, really read-only."""

    how = "tmpfs"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ballast = folder / "ballast"

    def start(self, begin: Callable[[], T]) -> T:
        return begin()

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            for size in (_BLOCK, 512):
                with suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def make_room(self) -> None:
        self._ballast.unlink()

    def protect(self) -> None:
        _mount("-o", "remount,ro", self._folder)

    def unprotect(self) -> None:
        _mount("-o", "remount,rw", self._folder)


class Limited:
    """The same by RLIMIT_FSIZE of the running processes and by rights on folders, which root is made to heed."""

    how = "limits"

    def __init__(self, folder: Path, processes: Callable[[], Iterable[psutil.Process]]) -> None:
        self._folder, self._processes = folder, processes
        # What a thread may no longer do, neither may the processes that it starts.
        self._starter = ThreadPoolExecutor(1, initializer=_heed_rights)

    def start(self, begin: Callable[[], T]) -> T:
        return self._starter.submit(begin).result()

    def fill(self) -> None:
        self._limit(0)

    def make_room(self) -> None:
        self._limit(psutil.RLIM_INFINITY)

    def protect(self) -> None:
        self._chmod(0o555)

    def unprotect(self) -> None:
        self._chmod(0o755)

    def _limit(self, soft: int) -> None:
        for process in self._processes():
            process.rlimit(psutil.RLIMIT_FSIZE, (soft, psutil.RLIM_INFINITY))

    def _chmod(self, mode: int) -> None:
        for folder, _, _ in os.walk(self._folder):
            Path(folder).chmod(mode)


def _heed_rights() -> None:
    """Let what this thread starts pass over no file's rights, even as root; others never could."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)


@contextmanager
def disk(
    folder: Path, processes: Callable[[], Iterable[psutil.Process]], megabytes: int = _MEGABYTES
) -> Iterator[Disk]:
    """Have a disk at `folder`; `processes` are those that will write to it."""
    folder.mkdir(parents=True)
    if not _mountable(folder, megabytes):
        limited = Limited(folder, processes)
        try:
            yield limited
        finally:
            limited.unprotect()
        return
    try:
        yield Mounted(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _mountable(folder: Path, megabytes: int) -> bool:
    if os.geteuid() != 0:
        return False
    try:
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)
