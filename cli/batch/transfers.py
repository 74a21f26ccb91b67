"""Upload photographs and, at the same time, download results as they become ready."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from photochrom.errors import PhotochromError
from photochrom.files import copy_times
from photochrom_client import (
    Client,
    Conflict,
    DownloadBroken,
    Expired,
    InvalidRequest,
    Job,
    JobFailed,
    NotFound,
    TooLarge,
    UnsupportedMedia,
)

from ..files.colorist import Outcome
from ..files.plan import Item
from .follower import Follower
from .ledger import Ledger
from .uploads import Sender

# Each look costs both sides some milliseconds: look rarely while much is left, often near the end.
_LOOK_SECONDS, _LAST_LOOKS_SECONDS, _NEARLY_ALL = 1.0, 0.25, 8
# These errors concern one photograph; every other error would hit all photographs.
_OF_THE_PHOTOGRAPH = (InvalidRequest, TooLarge, UnsupportedMedia, Conflict)
_OF_THE_RESULT = (Expired, NotFound, Conflict, DownloadBroken, JobFailed)
_DELETED = "item-deleted"


@dataclass(frozen=True)
class _Sent:
    """The outcome of sending one photograph: a job, a refusal, or (when only looking) neither."""

    item: Item
    job: Job | None = None
    refused: Outcome | None = None


class Transfers:
    """One run. Threads only transfer; every decision is made on the thread that calls `run`."""

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        sender: Sender,
        items: Sequence[Item],
        *,
        width: int,
        times: bool = False,
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._sender = sender
        self._items = items
        self._times = times
        self._up = ThreadPoolExecutor(width, "send")
        self._down = ThreadPoolExecutor(width, "fetch")
        self._sending: set[Future[_Sent]] = set()
        self._fetching: set[Future[Outcome]] = set()
        self._waiting: dict[str, Item] = {}
        self._over: dict[str, Job] = {}
        self._followers: dict[str, Follower] = {}
        self._sealed = False
        self.outcomes: list[Outcome] = []
        """The outcomes so far."""

    def run(self, show: Callable[[int, str], None]) -> None:
        """Transfer until every photograph has an outcome; `show` gets how many have one, and a note.

        Raises:
            ApiError, ConnectionFailed: the service failed for longer than the client's patience.
            OSError: a result cannot be written.
        """
        show(0, "checking what is already there")
        self._sender.look_around()
        # Queue all failed ones again before asking what has failed.
        missing = self._resume(show)
        self._sending = {self._up.submit(self._send, item, self._sender.send) for item in missing}
        while len(self.outcomes) < len(self._items):
            self._turn()
            show(len(self.outcomes), f"{len(self._sending)} to send" if self._sending else "")
            if self._sending or self._waiting or self._fetching:
                left = len(self._items) - len(self.outcomes)
                time.sleep(_LOOK_SECONDS if left > _NEARLY_ALL else _LAST_LOOKS_SECONDS)

    def close(self) -> None:
        """Stop the threads; what they were doing is left as it is."""
        self._client.close()
        for pool in (self._up, self._down):
            pool.shutdown(wait=False, cancel_futures=True)

    def _resume(self, show: Callable[[int, str], None]) -> list[Item]:
        """Resume the photographs that the service already has; return the others."""
        looking = [self._up.submit(self._send, item, self._sender.resume) for item in self._items]
        for number, look in enumerate(as_completed(looking)):
            self._note(look.result())
            show(0, f"checking what is already there: {number + 1}")
        return [look.result().item for look in looking if look.result() == _Sent(look.result().item)]

    def _turn(self) -> None:
        self._collect()
        if not self._sending and not self._sealed:
            self._sender.seal()
            self._sealed = True
        self._ask()
        for job_id in [known for known in self._waiting if known in self._over]:
            self._settle(self._waiting.pop(job_id), self._over.pop(job_id))

    def _collect(self) -> None:
        """Collect what the threads have done; their errors are raised here."""
        for sent in [future for future in self._sending if future.done()]:
            self._sending.remove(sent)
            self._note(sent.result())
        for fetched in [future for future in self._fetching if future.done()]:
            self._fetching.remove(fetched)
            self.outcomes.append(fetched.result())

    def _note(self, sent: _Sent) -> None:
        if sent.refused is not None:
            self.outcomes.append(sent.refused)
        elif sent.job is not None:
            self._waiting[sent.job.id] = sent.item

    def _ask(self) -> None:
        """Find finished items; when all have finished, a photograph that still waits was deleted by somebody."""
        for batch_id in self._ledger.batches:
            follower = self._followers.setdefault(batch_id, Follower(self._client, batch_id))
            if not follower.over:
                self._over |= {job.id: job for job in follower.news()}
        if self._sealed and all(self._followers[batch_id].over for batch_id in self._ledger.batches):
            for job_id in [known for known in self._waiting if known not in self._over]:
                gone = self._waiting.pop(job_id)
                self.outcomes.append(
                    Outcome(gone.source, _DELETED, "Its job was deleted on the service meanwhile.")
                )

    def _settle(self, item: Item, job: Job) -> None:
        try:
            self._fetching.add(self._down.submit(self._fetch, item, job.done()))
        except JobFailed as failed:
            self.outcomes.append(Outcome(item.source, failed.code, str(failed)))

    def _send(self, item: Item, how: Callable[[Item], Job | None]) -> _Sent:
        try:
            return _Sent(item, job=how(item))
        except _OF_THE_PHOTOGRAPH as refusal:
            return _Sent(item, refused=_outcome(item, refusal))
        except OSError as error:
            unreadable = f"The file cannot be read: {error.strerror}."
            return _Sent(item, refused=Outcome(item.source, "unreadable-file", unreadable))

    def _fetch(self, item: Item, job: Job) -> Outcome:
        try:
            self._client.jobs.download(job, item.target, overwrite=item.replace)
            if self._times:
                copy_times(item.source, item.target)
        except FileExistsError:
            appeared = (
                f"{item.target} exists by now, or a file whose name the folder takes for the same; it was left as it "
                "is. --overwrite replaces files that existed before a run."
            )
            return Outcome(item.source, "target-exists", appeared)
        except _OF_THE_RESULT as error:
            return _outcome(item, error)
        return Outcome(item.source, warnings=job.warnings)


def _outcome(item: Item, error: PhotochromError) -> Outcome:
    return Outcome(item.source, error.code, str(error))
