"""The job that finds likely colours for hints; how they are found: `pipeline/likely_colors.py`."""

import logging

from photochrom.errors import JobConflict, JobNotFound, ObjectNotFound
from photochrom.jobs.states import JobState

from .restorer import Restorer

_log = logging.getLogger(__name__)
_EXTENSION = ".suggestions.npz"


def suggest(restorer: Restorer, job_id: str) -> None:
    """Make the suggestions of a job and name them in its record; doing it twice is harmless."""
    try:
        record = restorer.store.get(job_id)
        if record.state is not JobState.SUCCEEDED:
            return
        with (
            restorer.inputs(record) as (original, reference, _),
            restorer.colorist.suggest(
                original, record.options, reference, restorer.network_of(record)
            ) as colors,
        ):
            key = restorer.write(record, colors.chunks(), _EXTENSION, "application/octet-stream").key
    except (JobNotFound, ObjectNotFound) as gone:
        _log.info("No suggestions: %s", gone)
        return
    try:
        restorer.store.change(job_id, lambda job: job.suggest(key))
    except (JobNotFound, JobConflict):
        restorer.storage.delete(key)  # deleted, or its time was over, meanwhile
