"""The state of one job, as the API answers it."""

from photochrom.jobs.record import JobRecord

from ..live.standing import Standing
from .schemas import JobView


def standing(record: JobRecord, position: int | None = None) -> Standing:
    """Return the state of the job, with its position in the queue.

    The tag is weak: the record's revision, and the position, which changes without it.
    """
    tag = tag_of(record, position)
    return Standing(tag, record.revision, record.finished, JobView.of(record, position).model_dump_json())


def tag_of(record: JobRecord, position: int | None = None) -> str:
    """Return the tag of this state."""
    return f'W/"{record.revision}-{"" if position is None else position}"'
