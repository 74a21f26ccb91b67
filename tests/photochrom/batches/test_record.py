from collections import Counter

import pytest

from photochrom.batches.record import BatchRecord, BatchState
from photochrom.ids import new_id
from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now


def batch(**changes: object) -> BatchRecord:
    return BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now(), **changes)


@pytest.mark.parametrize(
    ("items", "state"),
    [
        ({}, BatchState.COMPLETED),
        ({JobState.QUEUED: 3}, BatchState.SEALED),
        ({JobState.QUEUED: 2, JobState.RUNNING: 1}, BatchState.RUNNING),
        ({JobState.SUCCEEDED: 1, JobState.RETRYING: 1}, BatchState.RUNNING),
        ({JobState.SUCCEEDED: 2}, BatchState.COMPLETED),
        ({JobState.SUCCEEDED: 1, JobState.EXPIRED: 1}, BatchState.COMPLETED),
        ({JobState.SUCCEEDED: 1, JobState.FAILED: 1}, BatchState.COMPLETED_WITH_ERRORS),
    ],
)
def test_the_state_follows_from_the_items(items: dict[JobState, int], state: BatchState) -> None:
    counts = Counter(items)
    assert batch(sealed_at=utc_now()).state(counts) is state
    assert batch().state(counts) is BatchState.RECEIVING
    assert batch(canceled_at=utc_now()).state(counts) is BatchState.CANCELED
