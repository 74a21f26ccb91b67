"""How one batch stands, as it is answered."""

from photochrom.batches.store import BatchStore
from photochrom.jobs.store import JobStore

from ..live.standing import Standing
from .schemas import view_of


def standing(batches: BatchStore, jobs: JobStore, batch_id: str) -> Standing:
    """Return how the batch stands.

    Raises:
        BatchNotFound: there is none.
    """
    # The number first: what changes in between is shown now, and once more.
    number = batches.events(batch_id)
    view = view_of(jobs, batches.get(batch_id))
    return Standing(f'W/"{number}"', number, view.over, view.model_dump_json())
