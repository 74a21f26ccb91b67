"""Files being written: in a folder of their own, gone with their writer, however it dies."""

import errno
import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import StorageFull, StorageReadOnly, StorageUnavailable
from ..locks import cannot_lock

_PREFIX = "draft-"
# Those of version 0.1.0 had Python's own name for a temporary file.
_DRAFT = re.compile(rf"({_PREFIX}|tmp)[a-z0-9_]{{8}}")
_FLOOR_BYTES, _FLOOR_SHARE = 2 << 30, 0.05
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


class Drafts:
    """A folder of drafts; safe to share between processes. `keep_free` bytes of its disk are left to others."""

    def __init__(self, folder: Path, keep_free: int = 0) -> None:
        self._folder = folder
        self._keep_free = keep_free
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def new(self) -> Iterator["DraftFile"]:
        """Begin a file; it is removed when the context ends, if it is still there.

        Raises:
            StorageFull: there is no room.
            StorageReadOnly: the disk takes no writes.
            StorageUnavailable: the folder's file system has no locks.
        """
        self._refuse_without_room()
        draft = DraftFile(*self._locked_file(), self._refuse_without_room)
        try:
            yield draft
        finally:
            draft.close()

    def _locked_file(self) -> tuple[int, Path]:
        """Make a file; return its descriptor, which holds its lock. Safe against `discard_dead` next door."""
        while True:
            with refusals_named():
                descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=self._folder)
            # The lock dies with us, however we die: so a draft without one is nobody's.
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError as error:
                os.close(descriptor)
                Path(name).unlink(missing_ok=True)
                raise StorageUnavailable(str(cannot_lock(self._folder, error))) from error
            if os.fstat(descriptor).st_nlink:
                return descriptor, Path(name)
            os.close(descriptor)  # it was taken for a dead one's before it had its lock

    def _refuse_without_room(self) -> None:
        if self._keep_free and free_bytes(self._folder) < self._keep_free:
            raise StorageFull(
                f"Less than {self._keep_free / 2**30:.3g} GiB of the disk are free, which are kept for photographs at "
                "work (PHOTOCHROM_MIN_FREE_BYTES); free some space and try again."
            )

    def discard_dead(self) -> int:
        """Remove the drafts whose writers are dead and return how many there were."""
        drafts = (path for path in self._folder.iterdir() if _DRAFT.fullmatch(path.name))
        return sum(_discard_if_unlocked(path) for path in drafts)


class DraftFile:
    """One file being written."""

    def __init__(self, descriptor: int, path: Path, refuse_without_room: Callable[[], None]) -> None:
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._refuse_without_room = refuse_without_room
        self.path = path

    def write(self, data: bytes) -> None:
        """Append; raise `StorageFull` when there is no room."""
        self._refuse_without_room()
        rest = memoryview(data)
        with refusals_named():
            while rest:
                rest = rest[self._file.write(rest) :]

    def sync(self) -> None:
        """Have the bytes on the disk; raise `StorageFull` when there is no room."""
        with refusals_named():
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Remove it, unless it was moved away."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def free_bytes(folder: Path) -> int:
    """Return what is left on the folder's disk for who is not root."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def floor_of(folder: Path, asked: int | None) -> int:
    """Return the bytes that uploads leave free: those asked for, by default 5 % of the disk and at most 2 GiB."""
    if asked is not None:
        return asked
    disk = os.statvfs(folder)
    return min(_FLOOR_BYTES, int(disk.f_blocks * disk.f_frsize * _FLOOR_SHARE))


def _discard_if_unlocked(draft: Path) -> bool:
    try:
        with draft.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()
    except OSError:
        # Its writer lives, it is gone already, or the disk takes no writes now: the next look is soon enough.
        return False
    return True


@contextmanager
def refusals_named() -> Iterator[None]:
    """Have the disk's own words for "full" and "read-only" be `StorageFull` and `StorageReadOnly`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("The disk is full; free some space and try again.") from error
        if error.errno in _READ_ONLY:
            raise StorageReadOnly(
                f"The storage cannot be written ({error.strerror}); make it writable and try again."
            ) from error
        raise
