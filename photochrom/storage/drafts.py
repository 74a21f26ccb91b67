"""Files that are being written, in a separate folder; they are removed even if their writer is killed."""

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
# Drafts of version 0.1.0 had Python's name for a temporary file.
_DRAFT = re.compile(rf"({_PREFIX}|tmp)[a-z0-9_]{{8}}")
_FLOOR_BYTES, _FLOOR_SHARE = 2 << 30, 0.05
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


class Drafts:
    """A folder of drafts; safe to share between processes. It leaves `keep_free` bytes of its disk unused."""

    def __init__(self, folder: Path, keep_free: int = 0) -> None:
        self._folder = folder
        self._keep_free = keep_free
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def new(self) -> Iterator["DraftFile"]:
        """Begin a file; it is removed when the context ends, if it is still there.

        Raises:
            StorageFull: there is no room.
            StorageReadOnly: the disk cannot be written.
            StorageUnavailable: the folder's file system has no locks.
        """
        self._refuse_without_room()
        draft = DraftFile(*self._locked_file(), self._refuse_without_room)
        try:
            yield draft
        finally:
            draft.close()

    def _locked_file(self) -> tuple[int, Path]:
        """Make a file; return its descriptor, which holds its lock. Safe against `discard_dead` in another process."""
        while True:
            with refusals_named():
                descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=self._folder)
            # The lock ends with this process, however it ends: so a draft without a lock has no writer.
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError as error:
                os.close(descriptor)
                Path(name).unlink(missing_ok=True)
                raise StorageUnavailable(str(cannot_lock(self._folder, error))) from error
            if os.fstat(descriptor).st_nlink:
                return descriptor, Path(name)
            os.close(descriptor)  # it was removed as a dead writer's before it had its lock

    def _refuse_without_room(self) -> None:
        if self._keep_free and free_bytes(self._folder) < self._keep_free:
            raise StorageFull(
                f"Less than {self._keep_free / 2**30:.3g} GiB of the disk are free, which are kept for photographs in "
                "progress (PHOTOCHROM_MIN_FREE_BYTES); free some space and try again."
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
        """Write the bytes to the disk; raise `StorageFull` when there is no room."""
        with refusals_named():
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Remove it, unless it was moved away."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the folder's disk for users other than root."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def floor_of(folder: Path, asked: int | None) -> int:
    """Return the bytes that uploads leave free: the setting, or by default 5 % of the disk and at most 2 GiB."""
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
        # Its writer lives, it is gone already, or the disk cannot be written now: the next call is soon enough.
        return False
    return True


@contextmanager
def refusals_named() -> Iterator[None]:
    """Translate ENOSPC and EROFS into `StorageFull` and `StorageReadOnly`."""
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
