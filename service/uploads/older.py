"""What workers of an older version would do otherwise than asked, without a word: it is refused until they are gone."""

from photochrom.errors import WorkersTooOld
from photochrom.jobs.fleet import PAGE, Fleet
from photochrom.photo.options import ColorizeOptions


def refuse_while_workers_are_older(fleet: Fleet) -> None:
    """Raise `WorkersTooOld` while one lives that would colour a scan whole."""
    if not all(PAGE in worker.kinds for worker in fleet.alive()):
        raise WorkersTooOld(WorkersTooOld.sample)


def refuse_what_workers_do_not_know(fleet: Fleet, options: ColorizeOptions) -> None:
    """Raise `WorkersTooOld` while one lives that would leave out an option."""
    if not (newer := options.newer()):
        return
    if unknown := {name for worker in fleet.alive() for name in newer.difference(worker.options)}:
        raise WorkersTooOld(
            f"A worker of an older version is at work, which does not know {min(unknown)}; try again when all "
            "workers are of this version."
        )
