"""Finds which items of a batch have finished, without asking for all of them each time."""

from photochrom.jobs.states import UNFINISHED, JobState
from photochrom_client import Batch, Client, Job

_FINAL = tuple(state for state in JobState if state not in UNFINISHED)
_PAGE_MIN, _PAGE_MAX = 10, 200


class Follower:
    """Remembers which items of one batch it has reported."""

    def __init__(self, client: Client, batch_id: str) -> None:
        self._client = client
        self._batch_id = batch_id
        self._told: dict[JobState, set[str]] = {state: set() for state in _FINAL}
        self.over = False
        """Whether the batch has finished and every item has been reported."""

    def news(self) -> list[Job]:
        """Return the items that have finished since the last call.

        Raises:
            ApiError, ConnectionFailed: the service does not answer; `NotFound` if the batch is gone.
        """
        batch = self._client.batches.get(self._batch_id)
        if batch.options.consistency and not batch.over:
            return []  # what is there now are colours that are made anew with the others'
        found = [job for state in _FINAL for job in self._new(state, batch)]
        self.over = batch.over
        return found

    def _new(self, state: JobState, batch: Batch) -> list[Job]:
        told = self._told[state]
        # Where items were deleted meanwhile, counts are not enough; at the end of the batch every item is checked.
        wanted = _PAGE_MAX * 10_000 if batch.over else batch.counts.get(state, 0) - len(told)
        if wanted <= 0 or not batch.counts.get(state):
            return []
        found: list[Job] = []
        # Items are processed in the order they came in: newly finished ones are near the top.
        size = min(_PAGE_MAX, max(_PAGE_MIN, 2 * wanted))
        listed = self._client.batches.items(self._batch_id, state=state, page_size=size)
        for job in listed:
            if job.id not in told:
                told.add(job.id)
                found.append(job)
            if len(found) >= wanted:
                break
        return found
