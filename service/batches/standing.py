"""The state of one batch, as the API answers it."""

from photochrom.batches.store import BatchStore
from photochrom.jobs.store import JobStore

from ..live.standing import Standing
from .schemas import view_of


def standing(batches: BatchStore, jobs: JobStore, batch_id: str) -> Standing:
    """Return the state of the batch.

    Raises:
        BatchNotFound: there is none.
    """
    # Read the number first: a change in between is then shown now and once more, and never missed.
    number = batches.events(batch_id)
    view = view_of(jobs, batches.get(batch_id))
    return Standing(tag_of(number), number, view.over, view.model_dump_json())


def tag_of(number: int) -> str:
    """Return the tag of a batch that has had so many events."""
    return f'W/"{number}"'
