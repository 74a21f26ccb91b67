"""The tasks that RQ runs by name: renaming one loses the jobs that are queued under the old name."""

from photochrom.logs import about

from .jobs import series, suggestions, tiling
from .jobs.restorer import Restorer

_restorer: Restorer | None = None


def install(restorer: Restorer) -> None:
    """Give the tasks their dependencies: RQ finds a task by its name and passes only the job's id."""
    global _restorer
    _restorer = restorer


def restore(job_id: str) -> None:
    """Restore one photograph; the task's name on the queue is `workers.tasks.restore`."""
    with about(job_id=job_id):
        _installed().restore(job_id)


def suggest(job_id: str) -> None:
    """Find likely colours for hints; the task's name on the queue is `workers.tasks.suggest`."""
    suggestions.suggest(_installed(), job_id)


def tile(job_id: str) -> None:
    """Make tiles for viewers; the task's name on the queue is `workers.tasks.tile`."""
    tiling.tile(_installed(), job_id)


def harmonize(batch_id: str) -> None:
    """Form the series of a batch; the task's name on the queue is `workers.tasks.harmonize`."""
    series.harmonize(_installed(), batch_id)


def _installed() -> Restorer:
    if _restorer is None:
        raise RuntimeError("workers.tasks.install() comes before the first job.")
    return _restorer
