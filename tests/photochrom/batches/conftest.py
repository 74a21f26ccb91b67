import pytest

from photochrom.batches.record import BatchRecord
from photochrom.ids import new_id
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now
from support.queue.queueing import Bench


@pytest.fixture
def batch_id(bench: Bench) -> str:
    record = BatchRecord(id=new_id(), options=ColorizeOptions(), created_at=utc_now())
    return bench.batches.create(record).id
