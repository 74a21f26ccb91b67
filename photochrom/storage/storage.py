"""Originals and results: complete or absent, never half a file under its final name."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import ObjectNotFound
from .drafts import DraftFile, Drafts, refusals_named
from .keys import MARKER, TRASH

# No part begins with a dot, so no key leaves the folder or collides with the drafts.
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*){0,4}")
_KEY_LENGTH = 200
_DRAFTS = ".drafts"
_CHUNK = 1 << 18
# How network file systems answer that write folders by themselves (CIFS, some FUSE).
_NO_FSYNC_OF_FOLDERS = {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.ENOSYS, errno.EISDIR}


@dataclass(frozen=True)
class StoredObject:
    """What a listing returns for one object."""

    key: str
    bytes: int
    modified_at: datetime


class Draft(Protocol):
    """An object that is being written; it is invisible before `commit`."""

    @property
    def path(self) -> Path:
        """Return a local file with the bytes written so far."""

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            StorageFull: there is no room.
        """

    def commit(self, key: str, *, media_type: str = ..., name: str = ...) -> None:
        """Make it visible under `key`, durably and in one step, in place of an older object of that key.

        Two writers of the same key write the same bytes (the key of a result is derived from its inputs), so the
        last one may win. `media_type` and file `name` are for downloads by link.

        Raises:
            StorageFull: there is no room.
            StorageUnavailable: an object store cannot be reached, or refuses the request.
        """


@dataclass(frozen=True)
class Reading:
    """The bytes of an object, or a part of them, as a stream."""

    size: int
    """Of the whole object."""
    chunks: Iterator[bytes]


class Storage(Protocol):
    """Where photographs are kept, by keys like `originals/<job>/<name>`.

    Every method raises `StorageUnavailable` if an object store cannot be reached, or refuses the request.
    """

    def draft(self) -> AbstractContextManager[Draft]:
        """Start an object; if it is not committed, it is removed when the context ends."""

    def file(self, key: str) -> AbstractContextManager[Path]:
        """Provide the object as a local file for the duration of the context.

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

    def move(self, key: str, to: str) -> None:
        """Move the object to another key, in place of an older one there.

        At every moment it is complete under one of the keys; an object store may show both for a while.

        Raises:
            ObjectNotFound: there is no such object.
        """

    def listing(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield every object whose key begins with this folder, in no order.

        Without a folder it yields every object except those in the trash and our own notes.
        """

    def read(self, key: str, start: int = 0, end: int | None = None) -> Reading:
        """Start to read the bytes from `start` (within the object) to before `end`.

        Raises:
            ObjectNotFound: there is no such object; raised here, not while the bytes are read.
        """

    def local_path(self, key: str) -> Path | None:
        """Return the file itself, for servers that can send files; None if objects are not files.

        Raises:
            ObjectNotFound: there is no such file; not checked if objects are not files.
        """

    def link(self, key: str) -> str | None:
        """Return a link by which anybody can download the object for some minutes; None without such links."""

    def discard_drafts(self) -> int:
        """Remove the drafts on this machine whose writers are dead and return how many there were."""

    def check_writable(self) -> None:
        """Write something, to test that it is possible.

        Raises:
            StorageFull: there is no room.
            StorageReadOnly: the folder cannot be written to.
            OSError: the folder is gone.
        """


def checked_key(key: str) -> str:
    """Return the key; raise `ObjectNotFound` if it is not a possible key."""
    if len(key) > _KEY_LENGTH or not _KEY.fullmatch(key):
        raise ObjectNotFound(f"{key!r} is not a key.")
    return key


class LocalStorage:
    """A folder: drafts in `.drafts` of the same file system, then fsync, rename, fsync of the folder."""

    def __init__(self, folder: Path, keep_free: int = 0) -> None:
        self._folder = folder.resolve()
        self._drafts = Drafts(self._folder / _DRAFTS, keep_free)

    @contextmanager
    def draft(self) -> Iterator["_LocalDraft"]:
        """See `Storage.draft`."""
        with self._drafts.new() as file:
            yield _LocalDraft(self, file)

    @contextmanager
    def file(self, key: str) -> Iterator[Path]:
        """See `Storage.file`."""
        yield self.local_path(key)

    def read(self, key: str, start: int = 0, end: int | None = None) -> Reading:
        """See `Storage.read`."""
        try:
            file = self._path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError):
            raise _not_found(key) from None
        size = os.fstat(file.fileno()).st_size
        return Reading(size, _chunks(file, start, size if end is None else end))

    def link(self, key: str) -> None:
        """Return None: there are no links to a disk."""

    def local_path(self, key: str) -> Path:
        """Return the file itself, for servers that can send files.

        Raises:
            ObjectNotFound: there is no such object.
        """
        path = self._path(key)
        if not path.is_file():
            raise _not_found(key)
        return path

    def size(self, key: str) -> int:
        """See `Storage.size`."""
        return self.local_path(key).stat().st_size

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        path = self._path(key)
        with refusals_named():
            path.unlink(missing_ok=True)
        self._remove_empty(path.parent)

    def move(self, key: str, to: str) -> None:
        """See `Storage.move`."""
        source = self.local_path(key)
        self._publish(source, to)
        self._remove_empty(source.parent)

    def listing(self, prefix: str = "") -> Iterator[StoredObject]:
        """See `Storage.listing`."""
        for folder, subfolders, names in os.walk(self._folder / prefix):
            if Path(folder) == self._folder:
                subfolders[:] = [name for name in subfolders if name not in {_DRAFTS, TRASH}]
                names = [name for name in names if name != MARKER]
            for name in names:
                path = Path(folder) / name
                try:
                    stat = path.stat()
                except FileNotFoundError:
                    continue
                modified_at = datetime.fromtimestamp(stat.st_mtime, UTC)
                yield StoredObject(path.relative_to(self._folder).as_posix(), stat.st_size, modified_at)

    def discard_drafts(self) -> int:
        """See `Storage.discard_drafts`."""
        return self._drafts.discard_dead()

    def check_writable(self) -> None:
        """Write and remove a draft; see `Storage.check_writable`."""
        with self.draft() as draft:
            draft.write(b"\0")

    def _publish(self, draft: Path, key: str) -> None:
        target = self._path(key)
        with refusals_named():
            while True:
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    draft.replace(target)
                except FileNotFoundError:
                    # Another process deleted the folder in between; the draft itself is ours alone.
                    if draft.exists():
                        continue
                    raise
                break
            _fsync_folders(target.parent, self._folder)

    def _path(self, key: str) -> Path:
        return self._folder / checked_key(key)

    def _remove_empty(self, folder: Path) -> None:
        while folder != self._folder:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


class _LocalDraft:
    def __init__(self, storage: LocalStorage, file: DraftFile) -> None:
        self._storage = storage
        self._file = file
        self.path = file.path
        self.write = file.write

    def commit(self, key: str, *, media_type: str = "", name: str = "") -> None:  # noqa: ARG002 - for object stores
        self._file.sync()
        self._storage._publish(self.path, key)


def _not_found(key: str) -> ObjectNotFound:
    return ObjectNotFound(f"The storage holds no {key!r}.")


def _chunks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (chunk := file.read(min(_CHUNK, end - start))):
            start += len(chunk)
            yield chunk


def _fsync_folders(folder: Path, last: Path) -> None:
    """Sync the new entries to the disk, from `folder` up to `last`."""
    while True:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _NO_FSYNC_OF_FOLDERS:
                raise
        finally:
            os.close(descriptor)
        if folder == last:
            return
        folder = folder.parent
