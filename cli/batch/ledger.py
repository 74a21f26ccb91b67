"""What a `batch` run remembers in its target folder: its batches, so that it can continue after any crash."""

import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from photochrom.errors import PhotochromError
from photochrom.files import replacing
from photochrom.locks import take_lock
from photochrom.photo.options import ColorizeOptions


class FolderInUse(PhotochromError):
    """Another run is writing into the same folder."""

    code = "folder-in-use"


class _Memory(BaseModel):
    key: str
    batches: list[str] = []


class Ledger:
    """One small hidden file for each combination of source, server and options; replaced atomically."""

    def __init__(self, target: Path, source: Path, server: str, options: ColorizeOptions, *more: str) -> None:
        identity = json.dumps([str(source.resolve()), server, options.model_dump(mode="json"), *more])
        digest = hashlib.sha256(identity.encode()).hexdigest()
        self._path = target / f".photochrom-batch-{digest[:12]}.json"
        self._memory = self._read()

    @property
    def batches(self) -> list[str]:
        """Return the ids of the batches that have photographs of this run, the oldest first."""
        return list(self._memory.batches)

    def next_key(self) -> str:
        """Return the idempotency key of the next batch; it stays the same until that batch is added."""
        if not self._path.exists():
            self._write()
        return f"{self._memory.key}-{len(self._memory.batches)}"

    def add(self, batch_id: str) -> None:
        """Remember a batch."""
        self._memory.batches.append(batch_id)
        self._write()

    def drop(self, batch_id: str) -> None:
        """Forget a batch that is gone. Later batches need new keys: the old ones may still name it."""
        self._memory = _Memory(
            key=uuid.uuid4().hex, batches=[known for known in self._memory.batches if known != batch_id]
        )
        self._write()

    def forget(self) -> None:
        """Remove the file: every photograph has finished."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> _Memory:
        try:
            return _Memory.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return _Memory(key=uuid.uuid4().hex)

    def _write(self) -> None:
        with replacing(self._path) as file:
            file.write(self._memory.model_dump_json().encode())


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Lock `folder` against other runs; the lock is released when this process dies, however it dies.

    Raises:
        FolderInUse: another run has the lock.
        CannotLock: the folder's file system has no locks.
        OSError: the folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        take_lock(descriptor, folder)
        yield
    except BlockingIOError:
        raise FolderInUse(
            f"Another `photochrom batch` is writing into {folder}; wait for it, or stop it."
        ) from None
    finally:
        os.close(descriptor)
