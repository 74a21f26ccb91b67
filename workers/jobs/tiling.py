"""The job that makes tiles for viewers; how they are made: `pipeline/tiling.py`."""

import logging

from photochrom.errors import JobConflict, JobNotFound, ObjectNotFound, PhotoRejected
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.tiles import ORIGINAL_TILES, RESULT_TILES

from .restorer import Restorer

AS_IT_IS = ColorizeOptions()
"""The result is turned already; its original is turned as it was."""
_log = logging.getLogger(__name__)


def tile(restorer: Restorer, job_id: str) -> None:
    """Make the tiles of a result, and of its original while it is there; doing it twice is harmless."""
    keys: list[str] = []
    try:
        record = restorer.store.get(job_id)
        if record.state is not JobState.SUCCEEDED or record.result is None:
            return
        keys.append(_tiled(restorer, record, record.result.key, RESULT_TILES, AS_IT_IS))
        if record.original.key:
            try:
                done, angle = _as_done(record), _angle(record)
                keys.append(_tiled(restorer, record, record.original.key, ORIGINAL_TILES, done, angle))
            except (ObjectNotFound, PhotoRejected) as error:
                _log.info("No tiles of the original: %s", error)
        restorer.store.change(job_id, lambda job: job.tile(*keys))
    except (JobNotFound, JobConflict, ObjectNotFound) as gone:
        _log.info("No tiles: %s", gone)
        for key in keys:
            restorer.storage.delete(key)  # deleted, or its time was over, meanwhile


def _as_done(record: JobRecord) -> ColorizeOptions:
    """Return the options with what was found of the scan in the place of `auto`."""
    told = record.result.restoration if record.result else None
    if told is None:
        return record.options
    found: dict[str, object] = {"negative": told.inversion is not None}
    if told.turning is not None:
        found |= {"turn": told.turning.turn, "mirror": told.turning.mirror}
    return record.options.model_copy(update=found)


def _angle(record: JobRecord) -> float:
    told = record.result.restoration if record.result else None
    found = told.straightening if told else None
    return (found.angle or 0.0) if found and found.turned else 0.0


def _tiled(
    restorer: Restorer,
    record: JobRecord,
    key: str,
    extension: str,
    turned: ColorizeOptions,
    angle: float = 0.0,
) -> str:
    with restorer.storage.file(key) as picture, restorer.colorist.tile(picture, turned, angle) as tiles:
        return restorer.write(record, tiles.chunks(), extension, "application/octet-stream").key
