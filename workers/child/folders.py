"""Folders for a child's temporary files: gone with it, or, where its worker was killed, with the next that starts."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "photochrom-child-"


class PrivateFolder:
    """A new folder that nobody else may enter, locked as long as this process lives."""

    def __init__(self, within: Path) -> None:
        """Make it, and remove those whose makers are dead."""
        for found in within.glob(f"{_PREFIX}*"):
            _remove_if_unlocked(found)
        while (lock := self._begin(within)) is None:
            pass
        self._lock = lock

    def _begin(self, within: Path) -> int | None:
        """Make one and lock it; None where another who starts took it for a dead one's in between."""
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=within))
        try:
            lock = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        with suppress(OSError):  # some network folders know no locks; then nobody but us removes it
            fcntl.flock(lock, fcntl.LOCK_EX)
        if self.path.exists():
            return lock
        os.close(lock)
        return None

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_if_unlocked(folder: Path) -> None:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return  # gone already, or another user's
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
