"""Locks on files and folders: they end with the process that holds them, however it ends."""

import fcntl
import os
from pathlib import Path

from .errors import PhotochromError


class CannotLock(PhotochromError):
    """The file system of a folder has no locks."""

    code = "cannot-lock"


def take_lock(descriptor: int, folder: Path) -> None:
    """Lock what is open as `descriptor`, in `folder`, without waiting.

    Raises:
        BlockingIOError: another process has the lock.
        CannotLock: there are no locks here, as on some network folders.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        # ENOLCK, ENOTSUP, ENOSYS, EINVAL, ...: each file system has its own way to say so.
        raise cannot_lock(folder, error) from error


def cannot_lock(folder: Path, error: OSError) -> CannotLock:
    """Return the sentence for a folder whose file system has no locks."""
    return CannotLock(
        f"The folder {folder} cannot be locked ({error.strerror or os.strerror(error.errno or 0)}): its file system "
        "has no locks, as some network folders. Choose a folder on a disk of this machine."
    )
