from datetime import timedelta

import pytest

from photochrom.errors import JobCanceled, JobConflict
from photochrom.ids import new_id
from photochrom.jobs.parts import JobError, Lease, ModelUsed, Original, Progress, Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import TRANSITIONS, UNFINISHED, JobState
from photochrom.photo.options import ColorizeOptions
from photochrom.times import NEVER, Retention, utc_now

MODEL = ModelUsed(name="m", version="1", provider="CPUExecutionProvider")
KEEP = Retention(original=timedelta(hours=24), result=timedelta(days=7), record=timedelta(days=30))


def job() -> JobRecord:
    original = Original(
        name="a.jpg", bytes=3, media_type="image/jpeg", sha256="0" * 64, key="originals/a/a.jpg"
    )
    return JobRecord(id=new_id(), options=ColorizeOptions(), original=original, created_at=utc_now())


def result() -> Result:
    return Result(
        key="results/a/b.jpg",
        name="a.jpg",
        media_type="image/jpeg",
        bytes=9,
        width=2,
        height=1,
        sha256="1" * 64,
    )


def lease_of(record: JobRecord) -> Lease:
    assert record.lease is not None
    return record.lease


def succeed(record: JobRecord, lease: Lease) -> JobRecord:
    return record.succeed(lease, result(), MODEL, now=utc_now(), timings={"decode": 0.1}, warnings=("w",))


def test_a_job_goes_from_queued_to_succeeded() -> None:
    running = job().claim("w1", utc_now(), 3)
    lease = lease_of(running)
    shown = running.advance(lease, Progress(stage="decode", done=0, total=4))
    done = succeed(shown, lease)
    assert (running.state, running.attempt) == (JobState.RUNNING, 1)
    assert (done.state, done.lease) == (JobState.SUCCEEDED, None)
    assert done.progress == Progress(stage="decode", done=4, total=4)


def test_a_worker_that_was_taken_over_changes_nothing() -> None:
    first = job().claim("w1", utc_now(), 3)
    second = first.claim("w2", utc_now(), 3)
    old = lease_of(first)
    for stale in (
        lambda: succeed(second, old),
        lambda: second.advance(old, Progress(stage="encode", done=3, total=4)),
        lambda: second.reject(old, JobError(code="c", detail="d"), utc_now()),
        lambda: second.stumble(old, JobError(code="c", detail="d"), utc_now(), 3),
        lambda: second.release(old),
    ):
        with pytest.raises(JobCanceled):
            stale()


def test_a_photo_that_kills_its_worker_three_times_is_given_up() -> None:
    record = job()
    for attempt in (1, 2, 3):
        record = record.claim(f"w{attempt}", utc_now(), 3).lose_worker(utc_now(), 3)
    assert record.state is JobState.FAILED
    assert record.error is not None
    assert record.error.code == "worker-lost"


def test_redelivery_beyond_the_attempts_fails_the_job_too() -> None:
    record = job()
    for _ in range(3):
        record = record.claim("w", utc_now(), 3)
    assert record.claim("w", utc_now(), 3).state is JobState.FAILED


def test_an_error_worth_another_attempt_waits_then_fails() -> None:
    error = JobError(code="storage-full", detail="d")
    record = job()
    for _ in range(2):
        record = record.claim("w", utc_now(), 3)
        record = record.stumble(lease_of(record), error, utc_now(), 3)
        assert record.state is JobState.RETRYING
    record = record.claim("w", utc_now(), 3)
    assert record.stumble(lease_of(record), error, utc_now(), 3).state is JobState.FAILED


def test_giving_a_job_back_costs_no_attempt() -> None:
    running = job().claim("w", utc_now(), 3)
    given_back = running.release(lease_of(running))
    assert (given_back.state, given_back.attempt) == (JobState.QUEUED, 0)


def test_cancel_is_at_once_when_waiting_and_a_flag_when_running() -> None:
    assert job().request_cancel(utc_now()).state is JobState.CANCELED
    running = job().claim("w", utc_now(), 3)
    canceling = running.request_cancel(utc_now())
    assert canceling.state is JobState.CANCELING
    assert canceling.request_cancel(utc_now()) is canceling
    with pytest.raises(JobCanceled):
        canceling.advance(lease_of(running), Progress(stage="encode", done=3, total=4))
    assert canceling.lose_worker(utc_now(), 3).state is JobState.CANCELED
    assert canceling.claim("w2", utc_now(), 3).state is JobState.CANCELED


def test_what_is_done_before_it_sees_the_flag_counts_as_done() -> None:
    running = job().claim("w", utc_now(), 3)
    assert succeed(running.request_cancel(utc_now()), lease_of(running)).state is JobState.SUCCEEDED


def test_retry_starts_afresh_while_the_original_is_there() -> None:
    failed = job().fail(JobError(code="c", detail="d"), utc_now()).keep(KEEP, utc_now())
    again = failed.retry()
    assert (again.state, again.attempt, again.dispatch, again.error) == (JobState.QUEUED, 0, 2, None)
    assert again.next_expiry is None
    with pytest.raises(JobConflict, match="expired"):
        failed.sweep(utc_now() + timedelta(days=2)).retry()


@pytest.mark.parametrize(
    "kept", [Retention(None, KEEP.result, KEEP.record), Retention(KEEP.original, None, KEEP.record), NEVER]
)
def test_what_is_kept_for_ever_has_no_end_and_neither_has_its_record(kept: Retention) -> None:
    now = utc_now()
    running = job().claim("w", now, 3)
    done = succeed(running, lease_of(running)).keep(kept, now)
    assert done.expires_at is None
    later = done.sweep(now + timedelta(days=100_000))
    assert ("originals/a/a.jpg" in later.deleting) is (kept.original is not None)
    assert (later.result is None) is (kept.result is not None)


def test_a_job_of_a_batch_that_is_kept_has_no_end() -> None:
    now = utc_now()
    running = job().model_copy(update={"forever": True}).claim("w", now, 3)
    done = succeed(running, lease_of(running)).keep(KEEP, now)
    assert (done.next_expiry, done.expires_at) == (None, None)
    bad = JobError(code="unreadable-photo", detail="d")
    assert running.fail(bad, now).keep(KEEP, now).original.expires_at == now + timedelta(minutes=30)


def test_parts_expire_in_their_order() -> None:
    now = utc_now()
    running = job().claim("w", now, 3)
    done = succeed(running, lease_of(running)).keep(KEEP, now)
    assert done.next_expiry == now + timedelta(hours=24)
    without_original = done.sweep(now + timedelta(hours=24))
    assert without_original.deleting == ("originals/a/a.jpg",)
    assert without_original.stored_keys() == {"results/a/b.jpg", "originals/a/a.jpg"}
    assert without_original.next_expiry == without_original.finished_at
    without_original = without_original.deleted(without_original.deleting)
    assert without_original.stored_keys() == {"results/a/b.jpg"}
    assert without_original.state is JobState.SUCCEEDED
    expired = without_original.sweep(now + timedelta(days=7))
    assert (expired.state, expired.deleting) == (JobState.EXPIRED, ("results/a/b.jpg",))
    expired = expired.deleted(expired.deleting)
    assert expired.stored_keys() == set()
    assert expired.next_expiry == now + timedelta(days=30)


@pytest.mark.parametrize("state", [s for s in JobState if s not in UNFINISHED])
def test_finished_jobs_are_neither_claimed_nor_redispatched(state: JobState) -> None:
    finished = job().model_copy(update={"state": state})
    with pytest.raises(JobConflict):
        finished.claim("w", utc_now(), 3)
    with pytest.raises(JobConflict):
        finished.redispatch()


def test_every_state_but_the_last_leads_somewhere() -> None:
    assert TRANSITIONS.keys() == set(JobState)
    assert [state for state in JobState if not TRANSITIONS[state]] == [JobState.EXPIRED]


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("unreadable-photo", timedelta(minutes=30)),
        ("unsupported-format", timedelta(minutes=30)),
        ("photo-too-large", timedelta(minutes=30)),
        ("worker-lost", KEEP.original),
        ("storage-full", KEEP.original),
    ],
)
def test_the_original_of_a_photograph_at_fault_goes_within_the_hour(code: str, kept: timedelta) -> None:
    now = utc_now()
    failed = job().fail(JobError(code=code, detail="d"), now).keep(KEEP, now)
    assert failed.original.expires_at == now + kept
    shorter = Retention(timedelta(seconds=5), KEEP.result, KEEP.record)
    again = job().fail(JobError(code=code, detail="d"), now).keep(shorter, now)
    assert again.original.expires_at == now + shorter.original
