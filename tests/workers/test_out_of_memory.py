"""A photograph that needs more memory than a worker may have fails by itself, with a code that says so."""

import io
import resource

import cv2
import numpy as np
import pytest
from PIL import Image

from photochrom.errors import UnreadablePhoto
from photochrom.jobs.states import JobState
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import MODEL, Bench, workers
from workers.out_of_memory import lacks_memory
from workers.supervisor import MEMORY_BYTES


def one_bit(side: int) -> bytes:
    """A PNG of a few kilobytes, whose pixels and their colours take side x side x 4 bytes and more."""
    file = io.BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    return file.getvalue()


def test_a_photo_beyond_the_bound_fails_and_its_worker_goes_on(bench: Bench) -> None:
    with workers(bench, memory_bytes=900 << 20, max_attempts=1, model_path=MODEL) as running:
        running.wait_until_alive()
        (before,) = bench.fleet.alive()
        failed = bench.wait(bench.submit(one_bit(14_000), name="large.png").id, JobState.FAILED)
        assert failed.error is not None
        assert failed.error.code == "out-of-memory"
        assert failed.error.detail.endswith(".")
        bench.wait(bench.submit(grey_jpeg(size=(96, 64))).id, JobState.SUCCEEDED)
        (after,) = bench.fleet.alive()
    assert after.pid == before.pid
    assert after.resident_bytes < 900 << 20


@pytest.mark.parametrize(
    ("given", "bound"), [({}, MEMORY_BYTES), ({"memory_bytes": 0}, resource.RLIM_INFINITY)]
)
def test_every_worker_gets_the_bound_unless_it_is_none(
    bench: Bench, given: dict[str, int], bound: int
) -> None:
    with workers(bench, **given) as running:
        running.wait_until_alive()
        (worker,) = running.children()
        assert worker.rlimit(resource.RLIMIT_DATA)[0] == bound


def test_want_of_memory_is_seen_whoever_says_it() -> None:
    with pytest.raises(cv2.error) as opencv:
        cv2.resize(np.zeros((2, 2), np.uint8), (2**21, 2**21))
    taken = UnreadablePhoto("The PNG is damaged.")
    taken.__cause__ = MemoryError()
    assert lacks_memory(opencv.value)
    assert lacks_memory(taken)
    assert lacks_memory(RuntimeError("onnxruntime: Failed to allocate memory for requested buffer of size 3"))
    assert not lacks_memory(UnreadablePhoto("The PNG is damaged: broken data stream."))
