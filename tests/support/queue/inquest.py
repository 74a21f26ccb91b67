"""What a batch has come to: is each photograph there, once, and the zip whole?"""

import json
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from photochrom.jobs.states import JobState
from photochrom.storage.storage import LocalStorage
from photochrom_client import Client, Job
from photochrom_client.downloads import sha256_of


@dataclass
class Verdict:
    """The counts that `killing` explains, and every law that was broken, in words."""

    photos: int = 0
    succeeded: int = 0
    missing: set[str] = field(default_factory=set)
    """Names of those lost."""
    duplicated: int = 0
    again: int = 0
    workers_killed: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.broken

    @property
    def lost(self) -> int:
        return len(self.missing)

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.broken.append(otherwise)

    def __str__(self) -> str:
        told = (
            f"{self.photos} photographs: {self.succeeded} succeeded, {self.lost} lost, "
            f"{self.duplicated} duplicated; {self.workers_killed} workers killed, {self.again} attempts again"
        )
        return "\n".join([told, *(f"BROKEN: {law}" for law in self.broken)])


def examine(
    client: Client, album: Path, out: Path, data: Path, seen: dict[str, Job], workers_killed: int
) -> Verdict:
    """Look at records, storage, zip and the client's folder."""
    names = {path.relative_to(album).as_posix() for path in album.rglob("*.jpg")}
    batches = [batch for batch in client.batches.listed() if batch.total]
    jobs = [job for batch in batches for job in client.batches.items(batch.id)]
    verdict = Verdict(photos=len(names), workers_killed=workers_killed)
    verdict.check(len(batches) == 1, f"{len(batches)} batches instead of one")
    _examine_records(verdict, names, jobs, seen)
    _examine_results(verdict, jobs, out, data)
    if len(batches) == 1 and verdict.succeeded:
        archive = client.batches.download_archive(batches[0].id, out.parent / "all.zip", overwrite=True)
        _examine_zip(verdict, archive, jobs)
    verdict.check(verdict.lost == 0, f"{verdict.lost} lost")
    verdict.check(verdict.duplicated == 0, f"{verdict.duplicated} duplicated")
    verdict.check(
        verdict.again <= workers_killed, f"{verdict.again} attempts again for {workers_killed} dead workers"
    )
    return verdict


def _examine_records(verdict: Verdict, names: set[str], jobs: list[Job], seen: dict[str, Job]) -> None:
    done = [job for job in jobs if job.state is JobState.SUCCEEDED]
    verdict.succeeded = len(done)
    verdict.again = sum(job.attempt - 1 for job in jobs)
    verdict.missing |= names - {str(job.item) for job in done}
    verdict.duplicated += _repeats(job.item for job in jobs)
    now = {job.id: job for job in jobs}
    verdict.duplicated += sum(now.get(job_id) != before for job_id, before in seen.items())


def _examine_results(verdict: Verdict, jobs: list[Job], out: Path, data: Path) -> None:
    photographs = [
        found.key for found in LocalStorage(data / "photos").listing() if _is_photograph(found.key)
    ]
    verdict.duplicated += _repeats(key.split("/")[1] for key in photographs)
    for job in jobs:
        target = out / str(job.item)
        whole = job.result and target.is_file() and sha256_of(target) == job.result.sha256
        verdict.missing |= set() if whole else {str(job.item)}
    left = [path.name for path in out.rglob(".*")]
    verdict.check(not left, f"the client left {left}")


def _examine_zip(verdict: Verdict, path: Path, jobs: list[Job]) -> None:
    with zipfile.ZipFile(path) as archive:
        verdict.check(archive.testzip() is None, "the zip is damaged")
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
    verdict.duplicated += _repeats(names)
    verdict.missing |= {str(job.item) for job in jobs} - set(names)
    told = Counter((entry["item"], entry["state"]) for entry in manifest["items"])
    verdict.check(
        told == Counter((job.item, "succeeded") for job in jobs), "the manifest tells something else"
    )


def _is_photograph(key: str) -> bool:
    """Tell results from originals and from the previews that go with a result."""
    return key.startswith("results/") and len(PurePosixPath(key).suffixes) == 1


def _repeats(things: Iterable[object]) -> int:
    counted = Counter(things)
    return sum(counted.values()) - len(counted)
