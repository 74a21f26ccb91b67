"""`photochrom batch` with a zip or tar, or with scans: the service takes them apart; results come into a folder."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath

from rich.console import Console

from photochrom.batches.names import item_name
from photochrom.errors import InvalidName
from photochrom.jobs.states import JobState
from photochrom.photo.names import folded, suffix_of, with_suffix
from photochrom.photo.options import ColorizeOptions
from photochrom.progress import Count
from photochrom_client import ApiError, Batch, Client, ConnectionFailed, Job, JobFailed, NotFound, Retries

from ..errors import stderr
from ..files.colorist import Outcome
from ..files.outcomes import tell
from .batch import Interrupted, Remote, greet, sentence
from .follower import Follower
from .ledger import Ledger, held
from .sending import Scans, Sent, send_archive, send_scans

_NAME_LENGTH = 200
_LOOK_SECONDS = 0.5


def run_archive(
    source: Path,
    target: Path,
    options: ColorizeOptions,
    remote: Remote,
    *,
    names: str | None,
    overwrite: bool,
    split: bool = False,
) -> int:
    """Colorize the photographs of `source` into `target`; return the exit code (1 if any failed).

    Args:
        source: a zip or tar; with `split` also a folder.
        target: a folder.
        options: of all photographs.
        remote: the service.
        names: encoding of an archive's names that do not say it.
        overwrite: whether to replace what is there.
        split: whether the files are scans, from which photographs are cut first.

    Raises:
        NothingAnswers: there is no service.
        FolderInUse, CannotLock: the target cannot be held.
        Interrupted: the service or the disk failed for longer than the run may wait.
    """
    greet(remote)
    client = Client(remote.server, api_key=remote.api_key, retries=Retries(patience=remote.patience))
    try:
        target.mkdir(parents=True, exist_ok=True)
        with held(target), client:
            ledger = Ledger(target, source, remote.server, options, names or "", *["split"] * split)
            run = _Run(client, ledger, target, overwrite, counted=not split)
            if source.is_file():
                send = partial(send_archive, client, archive=source, names=names, split=split)
                return run.run(source.name, options, send)
            # A run that ended well has forgotten its batch: what the target holds is whole then.
            scans = Scans.of(source, target, again=overwrite or bool(ledger.batches))
            return run.scans(scans, options, remote.transfers)
    except KeyboardInterrupt:
        stderr.print("Stopped; running the same command again fetches the rest.")
        return 130
    except OSError as error:
        raise Interrupted(
            f"{error.filename or target}: {error.strerror}; fix that and run the same command again to continue."
        ) from error
    except (ApiError, ConnectionFailed) as error:
        raise Interrupted(f"{sentence(error)} Run the same command again to continue from here.") from error


class _Run:
    def __init__(
        self, client: Client, ledger: Ledger, target: Path, overwrite: bool, *, counted: bool
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._target = target
        self._overwrite = overwrite
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._outcomes: list[Outcome] = []
        self._taken: set[str] = set()
        self._there = self._skipped = self._scans_there = 0
        self._counted = counted
        self._folders: dict[str, str] = {}

    def scans(self, scans: Scans, options: ColorizeOptions, width: int) -> int:
        """Send a folder of scans and fetch what is cut from them; return the exit code."""
        self._scans_there, self._folders = scans.there, scans.folders
        if not scans.files:
            self._note(scans.beside)
            return self._sum_up()
        send = partial(send_scans, self._client, scans=scans, width=width)
        return self.run(scans.folder.resolve().name, options, send)

    def run(self, name: str, options: ColorizeOptions, send: Callable[..., Sent]) -> int:
        """Make a batch of this name, send and fetch; return the exit code."""
        batch = self._batch(name, options)
        if batch.open:
            self._note(send(batch_id=batch.id))
            batch = self._client.batches.seal(batch.id)
        self._fetch_all(batch)
        return self._sum_up()

    def _note(self, sent: Sent) -> None:
        self._outcomes += sent.outcomes
        self._skipped = sent.skipped
        for renamed in sent.renamed:
            self._console.print(renamed, markup=False)

    def _batch(self, name: str, options: ColorizeOptions) -> Batch:
        """Return the batch of an earlier run of the same command, or a new one."""
        for known in self._ledger.batches:
            try:
                batch = self._client.batches.get(known)
                if batch.over and batch.counts.get(JobState.FAILED):
                    self._client.batches.retry_failed(known)
                return self._client.batches.get(known)
            except NotFound:
                self._ledger.drop(known)
        key = self._ledger.next_key()
        batch = self._client.batches.create(name[:_NAME_LENGTH], options, idempotency_key=key)
        self._ledger.add(batch.id)
        return batch

    def _fetch_all(self, batch: Batch) -> None:
        follower = Follower(self._client, batch.id)
        # How many photographs are cut from scans is not known before.
        with Count(batch.total if self._counted else None, console=self._console, transient=True) as count:
            while not follower.over:
                for job in sorted(follower.news(), key=lambda job: job.item or ""):
                    self._fetch(job)
                    count.add()
                if not follower.over:
                    time.sleep(_LOOK_SECONDS)

    def _fetch(self, job: Job) -> None:
        item = Path(job.item or job.id)
        if job.kind == "page" and job.state is JobState.SUCCEEDED:
            return  # what was cut from it comes by itself
        try:
            target = self._target / self._free_name(job)
            self._client.jobs.download(job.done(), target, overwrite=self._overwrite)
        except FileExistsError:
            self._there += 1
        except (JobFailed, InvalidName, NotFound) as error:
            self._outcomes.append(Outcome(item, error.code, str(error)))
        else:
            self._outcomes.append(Outcome(item, warnings=job.warnings))

    def _free_name(self, job: Job) -> str:
        """Return the item's name with the suffix of its result, or with both where another has that."""
        result, item = job.done().result, PurePosixPath(job.item or job.id)
        assert result is not None
        # Checked: it comes from the service, and becomes a path.
        named = item_name(result.name)
        wanted = item_name(str(item.with_name(named)))
        if job.cut_from:
            item = PurePosixPath(item_name(str(item)))
            item = PurePosixPath(self._folders.get(str(item.parent), str(item.parent))) / item.name
            wanted = with_suffix(str(item), suffix_of(named))
        for name in (wanted, f"{item}{PurePosixPath(wanted).suffix}", f"{job.id}/{wanted}"):
            if folded(name) not in self._taken:
                self._taken.add(folded(name))
                return name
        raise AssertionError("ids are not given twice")

    def _sum_up(self) -> int:
        failed = tell(self._console, self._outcomes)
        parts = [f"{len(self._outcomes) - len(failed)} colorized"]
        if failed:
            parts.append(f"{len(failed)} failed")
        if self._there:
            parts.append(f"{self._there} already there (--overwrite replaces them)")
        if self._scans_there:
            parts.append(f"{self._scans_there} scans already done (--overwrite does them again)")
        if self._skipped:
            parts.append(f"{self._skipped} skipped (not photographs)")
        self._console.print(", ".join(parts) + ".")
        if not failed:
            self._ledger.forget()
        return 1 if failed else 0
