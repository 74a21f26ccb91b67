"""Originals and results: whole or not there, never half a file under its final name."""

import errno
import fcntl
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from .errors import ObjectNotFound, StorageFull

# No part begins with a dot, so no key climbs out of the folder or meets the drafts.
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*){0,4}")
_KEY_LENGTH = 200
_DRAFTS = ".drafts"
_DRAFT_SECONDS = 5.0
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class StoredObject:
    """What a listing tells of one object."""

    key: str
    bytes: int
    modified_at: datetime


class Draft(Protocol):
    """An object being written; nobody sees it before `commit`."""

    @property
    def path(self) -> Path:
        """Return a local file with what was written so far."""

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            StorageFull: there is no room.
        """

    def commit(self, key: str) -> None:
        """Make it visible under `key`, durably and in one step, in place of an older object of that key.

        Raises:
            StorageFull: there is no room.
        """


class Storage(Protocol):
    """Where photographs are kept, by keys like `originals/<job>/<name>`."""

    def draft(self) -> AbstractContextManager[Draft]:
        """Begin an object; whatever was not committed is gone when the context ends."""

    def file(self, key: str) -> AbstractContextManager[Path]:
        """Have the object as a local file for a while.

        Raises:
            ObjectNotFound: there is no such object.
        """

    def size(self, key: str) -> int:
        """Return the number of bytes.

        Raises:
            ObjectNotFound: there is no such object.
        """

    def delete(self, key: str) -> None:
        """Remove the object; no error if it is not there."""

    def listing(self) -> Iterator[StoredObject]:
        """Yield every object, in no order."""


class LocalStorage:
    """A folder: drafts in `.drafts` of the same file system, then fsync, rename, fsync of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._drafts = self._folder / _DRAFTS
        self._drafts.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def draft(self) -> Iterator["_LocalDraft"]:
        """See `Storage.draft`."""
        with _disk_full_named():
            descriptor, name = tempfile.mkstemp(dir=self._drafts)
        # The lock dies with us, however we die: so a draft without one is nobody's.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        draft = _LocalDraft(self, descriptor, Path(name))
        try:
            yield draft
        finally:
            draft.close()

    @contextmanager
    def file(self, key: str) -> Iterator[Path]:
        """See `Storage.file`."""
        yield self.local_path(key)

    def local_path(self, key: str) -> Path:
        """Return the file itself, for servers that can send files.

        Raises:
            ObjectNotFound: there is no such object.
        """
        path = self._path(key)
        if not path.is_file():
            raise ObjectNotFound(f"The storage holds no {key!r}.")
        return path

    def size(self, key: str) -> int:
        """See `Storage.size`."""
        return self.local_path(key).stat().st_size

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        path = self._path(key)
        path.unlink(missing_ok=True)
        self._remove_empty(path.parent)

    def listing(self) -> Iterator[StoredObject]:
        """See `Storage.listing`."""
        for folder, subfolders, names in os.walk(self._folder):
            subfolders[:] = [name for name in subfolders if name != _DRAFTS]
            for name in names:
                path = Path(folder) / name
                try:
                    stat = path.stat()
                except FileNotFoundError:
                    continue
                modified_at = datetime.fromtimestamp(stat.st_mtime, UTC)
                yield StoredObject(path.relative_to(self._folder).as_posix(), stat.st_size, modified_at)

    def discard_drafts(self) -> int:
        """Remove the drafts whose writers are dead and return how many there were."""
        return sum(_discard_if_unlocked(path) for path in self._drafts.iterdir())

    def check_writable(self) -> None:
        """Write and remove a draft.

        Raises:
            StorageFull: there is no room.
            OSError: the folder is gone or read-only.
        """
        with self.draft() as draft:
            draft.write(b"\0")

    def _publish(self, draft: Path, key: str) -> None:
        target = self._path(key)
        with _disk_full_named():
            while True:
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    draft.replace(target)
                except FileNotFoundError:
                    # A delete next door removed the folder in between; the draft itself is ours alone.
                    if draft.exists():
                        continue
                    raise
                break
            _fsync_folders(target.parent, self._folder)

    def _path(self, key: str) -> Path:
        if len(key) > _KEY_LENGTH or not _KEY.fullmatch(key):
            raise ObjectNotFound(f"{key!r} is not a key.")
        return self._folder / key

    def _remove_empty(self, folder: Path) -> None:
        while folder != self._folder:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


class _LocalDraft:
    def __init__(self, storage: LocalStorage, descriptor: int, path: Path) -> None:
        self._storage = storage
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self.path = path

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        with _disk_full_named():
            while rest:
                rest = rest[self._file.write(rest) :]

    def commit(self, key: str) -> None:
        with _disk_full_named():
            os.fsync(self._file.fileno())
        self._storage._publish(self.path, key)

    def close(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


def _discard_if_unlocked(draft: Path) -> bool:
    try:
        with draft.open("rb") as file:
            # Younger ones may be about to be locked.
            if time.time() - os.fstat(file.fileno()).st_mtime < _DRAFT_SECONDS:
                return False
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def _fsync_folders(folder: Path, last: Path) -> None:
    """Make the new entries durable, from `folder` up to `last`."""
    while True:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if folder == last:
            return
        folder = folder.parent


@contextmanager
def _disk_full_named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("The disk is full; free some space and try again.") from error
        raise
