"""Records of a newer version, read and written by this one: nothing of them is lost."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel
from redis import Redis

from photochrom.access.keys import KeyLimits, KeyRecord, Scope
from photochrom.batches.record import BatchRecord
from photochrom.ids import new_id
from photochrom.jobs.events import EventType
from photochrom.jobs.parts import JobError, Lease, ModelUsed, Original, Progress, Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.split import ScannedPage, Split, StoredFrame
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from photochrom.photo.boxes import Box
from photochrom.photo.film import Film, FilmUsed
from photochrom.photo.hints import Hint
from photochrom.photo.options import ColorizeOptions, Repair
from photochrom.photo.restoration import LevelCurve, Repairs, Restoration
from photochrom.photo.series import Series
from photochrom.photo.turning import Inversion, Straightening, Turning
from photochrom.times import utc_now
from photochrom.webhooks.record import Attempt, Delivery, Webhook, new_secret
from support.queue.queueing import KEEP

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ID = new_id()
ORIGINAL = Original(name="a.jpg", bytes=1, media_type="image/jpeg", sha256="0" * 64, key="k")
RESULT = Result(key="r", name="a.jpg", media_type="image/jpeg", bytes=1, width=1, height=1, sha256="1" * 64)
RESTORATION = Restoration(
    straightening=Straightening(angle=2, turned=True),
    turning=Turning(turn=90, chosen_by="network", sureness=0.9),
    inversion=Inversion(chosen_by="mask"),
    repairs=Repairs(left=1),
    levels=LevelCurve(points=((0, 0), (100, 100))),
)
OPTIONS = ColorizeOptions(
    hints=(Hint(x=0.1, y=0.2, a=3, b=4),), keep=(Box(x=0, y=0, width=1, height=0.5),), repair=Repair.AUTO
)
RECORDS: list[BaseModel] = [
    JobRecord(
        id=ID,
        options=OPTIONS,
        original=ORIGINAL,
        reference=ORIGINAL,
        repair_mask=ORIGINAL,
        result=RESULT.model_copy(update={"restoration": RESTORATION}),
        film=FilmUsed(film=Film.BLUE, weights=(0.0, 0.2, 0.8), chosen_by="date"),
        series=Series(group="g", members=2, relatives=(ID,)),
        split=Split(
            pages=(ScannedPage(width=9, height=9, frames=(StoredFrame(x=1, y=1, width=2, height=2),)),)
        ),
        created_at=NOW,
        lease=Lease(worker="w", dispatch=1, attempt=1),
        progress=Progress(stage="decode", done=0, total=4),
        model=ModelUsed(name="m", version="1", provider="p"),
        error=JobError(code="c", detail="d"),
    ),
    BatchRecord(id=ID, options=OPTIONS, created_at=NOW),
    KeyRecord(
        id="0" * 10,
        name="laptop",
        scopes=frozenset({Scope.READ}),
        sha256="0" * 64,
        owner="o",
        created_at=NOW,
        limits=KeyLimits(daily_jobs=3),
    ),
    Webhook(id=ID, url="https://a.example", secrets=(new_secret(),), created_at=NOW),
    Delivery(
        id=ID,
        webhook_id=ID,
        event_id="e",
        type=EventType.JOB_SUCCEEDED,
        body="{}",
        created_at=NOW,
        attempts=(Attempt(at=NOW, seconds=1.0),),
    ),
]


def newer(found: object) -> object:
    """The same with a field that nobody here knows in each part."""
    if isinstance(found, list):
        return [newer(one) for one in found]
    if isinstance(found, dict):
        return {
            **{name: newer(value) for name, value in found.items()},
            "of_a_newer_version": {"deep": [1, "x"]},
        }
    return found


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_change_keeps_what_it_does_not_know_in_every_part(record: BaseModel) -> None:
    written: Any = newer(record.model_dump(mode="json"))
    written.get("timings", {}).pop("of_a_newer_version", None)  # seconds by stage, not fields
    if written.get("result"):
        written["result"]["restoration"]["repairs"]["counts"].clear()  # numbers by form
    read = type(record).model_validate_json(json.dumps(written))
    changed = read.model_copy(update={"created_at": NOW})
    assert json.loads(changed.model_dump_json()) == written


def test_a_job_goes_through_its_life_and_keeps_what_a_newer_version_noted(redis: Redis) -> None:
    store = JobStore(redis, KEEP)
    record = store.create(JobRecord(id=new_id(), options=OPTIONS, original=ORIGINAL, created_at=utc_now()))
    written: Any = newer(record.model_dump(mode="json"))
    del written["timings"]["of_a_newer_version"]
    redis.hset(f"job:{record.id}", "record", json.dumps(written))
    store.change(record.id, lambda job: job.claim("w", utc_now(), 3))
    store.change(record.id, lambda job: job.fail(JobError(code="c", detail="d"), utc_now()))
    again = store.change(record.id, lambda job: job.retry())
    assert again.state is JobState.QUEUED
    kept = json.loads(redis.hget(f"job:{record.id}", "record") or b"")
    for part in (kept, kept["original"], kept["options"], kept["options"]["hints"][0]):
        assert part["of_a_newer_version"] == {"deep": [1, "x"]}
