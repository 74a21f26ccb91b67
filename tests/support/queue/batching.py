"""A batch and its items, as the tests of stores see them."""

from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.parts import JobError, ModelUsed
from photochrom.jobs.record import JobRecord
from photochrom.times import utc_now
from support.queue.queueing import Bench, make_record


def add(bench: Bench, batch_id: str, name: str, photo: bytes = b"x", **options: object) -> JobRecord:
    record = make_record(photo, name, **options).model_copy(update={"batch_id": batch_id, "item": name})
    added, _ = bench.batches.add(record)
    bench.turns.feed(batch_id)
    return added


def worker(name: str) -> WorkerStatus:
    model = ModelUsed(name="m", version="1", provider="p")
    return WorkerStatus(name=name, host="h", pid=1, started_at=utc_now(), model=model)


def queued(bench: Bench) -> list[str]:
    waiting = bench.redis.lrange("rq:queue:photochrom", 0, -1)
    return [member.decode().partition("-")[0] for member in waiting]


def end(bench: Bench, job_id: str, *, fail: bool = True) -> None:
    def over(job: JobRecord) -> JobRecord:
        if fail:
            return job.fail(JobError(code="c", detail="d"), utc_now())
        return job.request_cancel(utc_now())

    batch_id = bench.store.change(job_id, over).batch_id
    assert batch_id is not None
    bench.redis.lrem("rq:queue:photochrom", 0, f"{job_id}-1")
    bench.turns.feed(batch_id)
