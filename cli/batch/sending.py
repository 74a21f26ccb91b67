"""What `photochrom batch` sends at once: an archive, or a folder of scans that the service splits."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from photochrom.files import sha256_of
from photochrom.photo.names import suffix_of, with_suffix
from photochrom_client import Client, Conflict, InvalidRequest, TooLarge, UnsupportedMedia

from ..files.colorist import Outcome
from ..files.outcomes import of_plan
from ..files.plan import Plan, is_photograph
from ..files.walk import Walk
from .uploads import name_of

# These errors concern one file; every other error would hit all.
_OF_THE_FILE = (InvalidRequest, TooLarge, UnsupportedMedia, Conflict)


@dataclass(frozen=True)
class Sent:
    """What became of the files."""

    outcomes: tuple[Outcome, ...] = ()
    """Of those that are not accepted, and notes."""
    skipped: int = 0
    """Files that are no photographs."""
    renamed: tuple[str, ...] = ()
    """Sentences on entries that have another name now."""


@dataclass(frozen=True)
class Scans:
    """The scans of a folder that are to be sent."""

    folder: Path
    files: tuple[Path, ...]
    folders: dict[str, str]
    """Where what is cut from a scan goes, whose own name the service does not take, by the name that it has there."""
    there: int
    """Scans that are left out, for the target holds a folder of their name."""
    beside: Sent

    @classmethod
    def of(cls, folder: Path, target: Path, *, again: bool) -> "Scans":
        """Look through a folder; what `target` holds is left out unless it is to be made `again`."""
        walk = Walk(folder, target)
        found = [path for path in walk.files if is_photograph(path)]
        homes = {path: with_suffix(path.relative_to(folder).as_posix(), "") for path in found}
        wanted = [path for path in found if again or not target.joinpath(homes[path]).exists()]
        named = {with_suffix(name_of(path, folder), ""): home for path, home in homes.items()}
        folders = {name: home for name, home in named.items() if name != home}
        notes = of_plan(Plan((), found=tuple(walk.found)))
        beside = Sent(tuple(notes), len(walk.files) - len(found))
        return cls(folder, tuple(wanted), folders, len(found) - len(wanted), beside)


def send_archive(client: Client, batch_id: str, archive: Path, *, names: str | None, split: bool) -> Sent:
    """Send a zip or tar, whose names without encoding are in `names`; with `split` its files are scans."""
    report = client.batches.put_archive(batch_id, archive, names=names, split=split)
    # A text beside the photographs is no failure, as in a folder.
    texts = [bad for bad in report.errors if bad.code == "unsupported-format" and not suffix_of(bad.item)]
    failed = [Outcome(Path(bad.item), bad.code, bad.detail) for bad in report.errors if bad not in texts]
    renamed = [f"{entry.entry!r} is called {entry.item!r}." for entry in report.renamed]
    return Sent(tuple(failed), len(texts), tuple(renamed))


def send_scans(client: Client, batch_id: str, scans: Scans, *, width: int) -> Sent:
    """Send the scans of a folder to be split, `width` at a time; what is there is not sent twice."""
    there = {job.item: job.original.sha256 for job in client.batches.items(batch_id)}
    with ThreadPoolExecutor(width, "send") as pool:
        try:
            refused = list(pool.map(partial(_send, client, batch_id, scans.folder, there), scans.files))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return Sent((*_known(refused), *scans.beside.outcomes), scans.beside.skipped)


def _send(
    client: Client, batch_id: str, folder: Path, there: dict[str | None, str], scan: Path
) -> Outcome | None:
    name = name_of(scan, folder)
    try:
        if there.get(name) != sha256_of(scan):
            client.batches.put(batch_id, name, scan, split=True)
    except _OF_THE_FILE as error:
        if getattr(error, "code", "") == "batch-closed":
            raise
        return Outcome(scan, error.code, str(error))
    except OSError as error:
        return Outcome(scan, "unreadable-file", f"The file cannot be read: {error.strerror}.")
    return None


def _known(outcomes: Sequence[Outcome | None]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome is not None]
