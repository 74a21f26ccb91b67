"""`photochrom batch` with a zip or tar: the service takes it apart, and its results come into a folder."""

import time
from pathlib import Path, PurePosixPath

from rich.console import Console

from photochrom.batches.names import item_name
from photochrom.errors import InvalidName
from photochrom.jobs.record import JobState
from photochrom.photo.names import folded, suffix_of
from photochrom.photo.options import ColorizeOptions
from photochrom.progress import Count
from photochrom_client import ApiError, Batch, Client, ConnectionFailed, Job, JobFailed, NotFound, Retries

from ..errors import stderr
from ..files.colorist import Outcome
from ..files.outcomes import tell
from .batch import Interrupted, Remote, greet, sentence
from .follower import Follower
from .ledger import Ledger, held

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
) -> int:
    """Colorize the photographs of `source` into `target`; return the exit code (1 if any failed).

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
            ledger = Ledger(target, source, remote.server, options, names or "")
            return _Run(client, ledger, target, overwrite).run(source, options, names)
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
    def __init__(self, client: Client, ledger: Ledger, target: Path, overwrite: bool) -> None:
        self._client = client
        self._ledger = ledger
        self._target = target
        self._overwrite = overwrite
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._outcomes: list[Outcome] = []
        self._taken: set[str] = set()
        self._there = self._skipped = 0

    def run(self, source: Path, options: ColorizeOptions, names: str | None) -> int:
        batch = self._batch(source, options)
        if batch.open:
            report = self._client.batches.put_archive(batch.id, source, names=names)
            for bad in report.errors:
                # A text beside the photographs is no failure, as in a folder.
                if bad.code == "unsupported-format" and not suffix_of(bad.item):
                    self._skipped += 1
                else:
                    self._outcomes.append(Outcome(Path(bad.item), bad.code, bad.detail))
            for entry in report.renamed:
                self._console.print(f"{entry.entry!r} is called {entry.item!r}.", markup=False)
            batch = self._client.batches.seal(batch.id)
        self._fetch_all(batch)
        return self._sum_up()

    def _batch(self, source: Path, options: ColorizeOptions) -> Batch:
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
        batch = self._client.batches.create(source.name[:_NAME_LENGTH], options, idempotency_key=key)
        self._ledger.add(batch.id)
        return batch

    def _fetch_all(self, batch: Batch) -> None:
        follower = Follower(self._client, batch.id)
        with Count(batch.total, console=self._console, transient=True) as count:
            while not follower.over:
                for job in sorted(follower.news(), key=lambda job: job.item or ""):
                    self._fetch(job)
                    count.add()
                if not follower.over:
                    time.sleep(_LOOK_SECONDS)

    def _fetch(self, job: Job) -> None:
        item = Path(job.item or job.id)
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
        wanted = item_name(str(item.with_name(item_name(result.name))))
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
        if self._skipped:
            parts.append(f"{self._skipped} skipped (not photographs)")
        self._console.print(", ".join(parts) + ".")
        if not failed:
            self._ledger.forget()
        return 1 if failed else 0
