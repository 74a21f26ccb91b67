import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.jobs import counters
from photochrom.jobs.counters import BOUNDS, WAIT
from photochrom.jobs.parts import JobError, ModelUsed
from photochrom.times import utc_now
from support.queue.queueing import Bench, make_record

MODEL = ModelUsed(name="photochrom", version="1", provider="CPUExecutionProvider")


def ended(bench: Bench, *, error: JobError | None = None) -> None:
    record = bench.accept(b"photo")
    claimed = bench.store.change(record.id, lambda job: job.claim("w", utc_now(), 3))
    assert claimed.lease is not None
    lease, wrong = claimed.lease, error or JobError(code="unreadable-photo", detail="No.")
    bench.store.change(record.id, lambda job: job.reject(lease, wrong, utc_now()))


def test_every_end_is_counted_once_and_by_its_code(bench):
    for _ in range(3):
        ended(bench)
    ended(bench, error=JobError(code="job-timeout", detail="Too long."))
    readings = counters.read(bench.redis)
    assert readings.jobs == {"failed": 4}
    assert readings.failures == {"unreadable-photo": 3, "job-timeout": 1}
    assert readings.stages[WAIT].counts[-1] == 4


def test_an_end_that_is_not_written_is_not_counted(bench):
    record = bench.accept(b"photo")
    bench.store.change(record.id, lambda job: job.cancel(utc_now()))
    bench.store.change(record.id, lambda job: job)  # changes nothing more
    assert counters.read(bench.redis).jobs == {"canceled": 1}


def test_a_job_that_lives_adds_nothing(bench):
    record = bench.accept(b"photo")
    bench.store.change(record.id, lambda job: job.claim("w", utc_now(), 3))
    assert counters.read(bench.redis) == counters.Readings()


def test_no_clock_takes_a_counter_back(bench):
    """The moments are of two machines: that of the API, and the worker's, which may be behind."""
    ended(bench)
    before = counters.read(bench.redis).stages[WAIT]
    record = bench.accept(b"other")
    bench.store.change(record.id, lambda job: job.claim("w", utc_now() - timedelta(hours=1), 3))
    bench.store.change(record.id, lambda job: job.request_cancel(utc_now()).cancel(utc_now()))
    after = counters.read(bench.redis).stages[WAIT]
    assert after.seconds >= before.seconds
    assert after.counts[-1] == before.counts[-1] + 1


def test_models_and_stages_of_a_success(bench):
    now = utc_now()
    job = make_record(b"photo").model_copy(
        update={"state": "succeeded", "started_at": now, "model": MODEL, "timings": {"decode": 0.2}}
    )
    job = job.model_copy(update={"created_at": now - timedelta(seconds=2)})
    for field, number in json.loads(counters.of_end(job)).items():
        bench.redis.hincrbyfloat(counters.METERS, field, number)
    readings = counters.read(bench.redis)
    assert readings.models == {("photochrom", "1", "CPUExecutionProvider"): 1}
    assert readings.stages["decode"].seconds == pytest.approx(0.2)
    assert readings.stages[WAIT].seconds == pytest.approx(2)


@given(st.floats(0, 1e6))
def test_buckets_hold_what_is_not_above_their_bound(seconds):
    job = make_record(b"photo").model_copy(update={"timings": {"decode": seconds}, "started_at": None})
    fields = map(json.loads, json.loads(counters.of_end(job)))
    bucket = next(int(labels[-1]) for kind, *labels in fields if kind == "stages")
    assert seconds <= BOUNDS[bucket]
    assert bucket == 0 or seconds > BOUNDS[bucket - 1]
