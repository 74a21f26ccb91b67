"""What workers of an older version would do otherwise than asked, without a word: it is refused until they are gone."""

from collections.abc import Iterable

from photochrom.errors import WorkersTooOld
from photochrom.jobs.fleet import PAGE, WorkerStatus
from photochrom.photo.options import ColorizeOptions


def refuse_while_workers_are_older(alive: Iterable[WorkerStatus]) -> None:
    """Raise `WorkersTooOld` while one lives that would colour a scan whole."""
    if not all(PAGE in worker.kinds for worker in alive):
        raise WorkersTooOld(WorkersTooOld.sample)


def refuse_what_workers_do_not_know(alive: Iterable[WorkerStatus], options: ColorizeOptions) -> None:
    """Raise `WorkersTooOld` while one lives that would leave out an option."""
    newer = options.newer()
    if unknown := {name for worker in alive for name in newer.difference(worker.options)}:
        raise WorkersTooOld(
            f"A worker of an older version is at work, which does not know {min(unknown)}; try again when all "
            "workers are of this version."
        )
