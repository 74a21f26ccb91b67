"""Uploads photographs into a batch of the service, each once, whatever an earlier run has already sent."""

import hashlib
import threading
from pathlib import Path, PurePosixPath

from photochrom.batches.names import item_name
from photochrom.errors import InvalidName
from photochrom.files import sha256_of
from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions
from photochrom_client import Batch, Client, Conflict, Job, NotFound

from ..files.plan import Item
from .ledger import Ledger

_NAME_LENGTH = 200
_OVER_WITHOUT_RESULT = (JobState.FAILED, JobState.CANCELED, JobState.EXPIRED)


class Sender:
    """Safe to share between threads."""

    def __init__(self, client: Client, ledger: Ledger, source: Path, options: ColorizeOptions) -> None:
        self._client = client
        self._ledger = ledger
        self._source = source
        self._options = options
        self._lock = threading.Lock()
        self._open: str | None = None
        self._present: dict[str, Job] = {}

    def look_around(self) -> None:
        """Find what earlier runs have sent; call it before `resume` and `send`.

        Raises:
            ApiError, ConnectionFailed: the service does not answer.
        """
        for batch_id in self._ledger.batches:
            try:
                batch = self._client.batches.get(batch_id)
                self._present |= {job.item: job for job in self._client.batches.items(batch_id) if job.item}
            except NotFound:
                self._ledger.drop(batch_id)
            else:
                self._open = batch.id if batch.open else None

    def resume(self, item: Item) -> Job | None:
        """Return the job of a photograph that is already there, and queue a failed one again; None to send it.

        Raises:
            ApiError, ConnectionFailed, OSError.
        """
        job = self._present.get(self.name_of(item))
        if job is None:
            return None
        if job.original.sha256 == sha256_of(item.source):
            if job.state not in _OVER_WITHOUT_RESULT:
                return job
            try:
                return self._client.jobs.retry(job.id)
            except (Conflict, NotFound):
                pass  # its original is gone from the service, too
        # It would conflict with the one to be sent.
        self._client.jobs.delete(job.id)
        return None

    def send(self, item: Item) -> Job:
        """Upload a photograph; return its job.

        Raises:
            ApiError, ConnectionFailed, OSError.
        """
        while True:
            batch_id = self._batch()
            try:
                return self._client.batches.put(batch_id, self.name_of(item), item.source)
            except Conflict as conflict:
                if conflict.code != "batch-closed":
                    raise
                self._leave(batch_id)

    def seal(self) -> None:
        """Seal the batch: all photographs are sent. A batch whose photographs were all refused is deleted."""
        if self._open is None:
            return
        if self._client.batches.seal(self._open).total == 0:
            self._client.batches.delete(self._open)
            self._ledger.drop(self._open)

    def name_of(self, item: Item) -> str:
        """Return the photograph's name on the service: its path in the folder, where such a name is allowed."""
        return name_of(item.source, self._source)

    def _batch(self) -> str:
        with self._lock:
            if self._open is None:
                self._open = self._begin().id
            return self._open

    def _begin(self) -> Batch:
        batch = self._client.batches.create(
            self._source.resolve().name[:_NAME_LENGTH],
            self._options,
            idempotency_key=self._ledger.next_key(),
        )
        self._ledger.add(batch.id)
        return batch

    def _leave(self, batch_id: str) -> None:
        """Use another batch from now on: somebody sealed or canceled this one."""
        with self._lock:
            if self._open == batch_id:
                self._open = None


def name_of(photograph: Path, folder: Path) -> str:
    """Return the name on the service of a photograph in a folder: its path there, where such a name is allowed."""
    name = photograph.relative_to(folder).as_posix()
    try:
        return item_name(name)
    except InvalidName:
        digest = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()
        return f"unnamed/{digest[:32]}{_plain(PurePosixPath(name).suffix)}"


def _plain(suffix: str) -> str:
    return suffix if suffix.isascii() and suffix[1:].isalnum() and len(suffix) < 8 else ""
