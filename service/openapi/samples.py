"""Examples of every answer for the OpenAPI document: made from the records, so they are always valid."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from photochrom.access.keys import KeyLimits, KeyRecord, Scope
from photochrom.access.quotas import Use
from photochrom.batches.record import BatchRecord, BatchState
from photochrom.jobs.events import EventType
from photochrom.jobs.fleet import WorkerStatus
from photochrom.jobs.parts import JobError, Lease, ModelUsed, Original, Progress, Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.split import ScannedPage, Split, StoredFrame
from photochrom.jobs.states import JobState
from photochrom.photo.frames import Frame
from photochrom.photo.hints import Hint
from photochrom.photo.options import ColorizeOptions, OutputFormat
from photochrom.photo.sniff import PhotoFormat
from photochrom.photo.tiles import Tiling
from photochrom.times import Retention
from photochrom.webhooks.record import Attempt, Delivery, DeliveryState, Secret, Webhook

from ..access.sessions import KeyView, SignIn
from ..batches.archives import ArchiveReport, RejectedEntry
from ..batches.schemas import BatchPage, BatchView, NewBatch, Retried
from ..iiif.image import info
from ..iiif.manifest import manifest_of_batch, manifest_of_job
from ..jobs.proposals import Proposals, ProposedHint
from ..jobs.schemas import JobPage, JobView
from ..jobs.suggestions import SuggestedColor, Suggestions
from ..live.streams import event
from ..operation.schemas import AllowanceView, LimitsView, ModelView, Readiness, WorkerView
from ..pages.schemas import NewFrames, NewPageFrames, PageView
from ..webhooks.examples import example_of
from ..webhooks.schemas import (
    DeliveryPage,
    DeliveryView,
    NewSecretView,
    NewWebhook,
    Rotation,
    WebhookChange,
    WebhookList,
    WebhookView,
)

JOB_ID = "01kb3v9m5w8xw7z4y2q6c1n0ra"
BATCH_ID = "01kb3v8zq0h3m6w2x9t4c7r1ef"
ITEM = "wedding/1.jpg"
KEY = "phc_4h7k2m9qwz_…"
_BEGAN = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
_DAY = timedelta(days=1)
_MODEL = ModelUsed(name="photochrom", version="1.0", provider="CPUExecutionProvider")
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_OPTIONS = ColorizeOptions(vividness=0.7)

ADDRESSED = {
    "by its address": {
        "value": {"url": "https://photos.example/plates/0412.tif", "options": {"format": "jpeg"}}
    }
}


def _job() -> JobRecord:
    original = Original(
        name="grey.jpg",
        bytes=2_417_310,
        media_type="image/jpeg",
        sha256=_DIGEST,
        key=f"originals/{JOB_ID}/a.jpg",
    )
    return JobRecord(id=JOB_ID, options=_OPTIONS, original=original, created_at=_BEGAN)


def _running() -> JobRecord:
    claimed = _job().claim("w", _BEGAN + timedelta(seconds=1), 3)
    return claimed.advance(_lease(claimed), Progress(stage="predict", done=1, total=4))


def _lease(record: JobRecord) -> Lease:
    assert record.lease is not None
    return record.lease


def _ended(record: JobRecord) -> JobRecord:
    kept = Retention(_DAY, 7 * _DAY, 30 * _DAY)
    return record.keep(kept, _BEGAN + timedelta(seconds=3)).model_copy(update={"revision": 7})


def _succeeded() -> JobRecord:
    result = Result(
        key=f"results/{JOB_ID}/a.jpg",
        name="grey.jpg",
        media_type="image/jpeg",
        bytes=2_688_102,
        width=4000,
        height=3000,
        sha256=_DIGEST[::-1],
    )
    timings = {"decode": 0.11, "predict": 0.42, "upsample": 0.35, "encode": 0.28}
    running = _running()
    now = _BEGAN + timedelta(seconds=3)
    return _ended(running.succeed(_lease(running), result, _MODEL, now=now, timings=timings, warnings=()))


def _failed() -> JobRecord:
    error = JobError(
        code="unreadable-photo", detail="The file ends in the middle of the image; it was cut off."
    )
    return _ended(_running().fail(error, _BEGAN + timedelta(seconds=2)))


def _page() -> JobRecord:
    frames = (
        StoredFrame(x=620.5, y=540, width=900, height=640),
        StoredFrame(x=1710, y=1260.5, width=640, height=900, angle=-3.2),
    )
    pages = (ScannedPage(width=2400, height=1800, frames=frames),)
    split = Split(pages=pages, previews_key=f"results/{JOB_ID}/a.pages.jpg", previews=(96_114,))
    claimed = _job().model_copy(update={"split": Split()}).claim("w", _BEGAN + timedelta(seconds=1), 3)
    lease = _lease(claimed)
    looked = claimed.look(lease, split, Progress(stage="find", done=1, total=1))
    now = _BEGAN + timedelta(seconds=3)
    return _ended(looked.split_up(lease, now=now, timings={"find": 0.4}, warnings=()))


QUEUED, SUCCEEDED = JobView.of(_job(), 3), JobView.of(_succeeded(), None)
_ITEM = JobView.of(_succeeded().model_copy(update={"batch_id": BATCH_ID, "item": ITEM}), None)
_COUNTS = {JobState.QUEUED: 1, JobState.SUCCEEDED: 2, JobState.FAILED: 1}
BATCH = BatchView(
    id=BATCH_ID,
    name="Album 1931",
    state=BatchState.RUNNING,
    url=f"/v1/batches/{BATCH_ID}",
    total=4,
    done=3,
    counts={state: _COUNTS.get(state, 0) for state in JobState},
    options=_OPTIONS,
    created_at=_BEGAN,
    sealed_at=_BEGAN + timedelta(minutes=1),
    canceled_at=None,
    paused_at=None,
    retention=None,
)
_WORKER = WorkerStatus(name="studio-4711-ab12cd", host="studio", pid=4711, started_at=_BEGAN, model=_MODEL)
_LIMITS = LimitsView(
    max_upload_bytes=256 * 2**20,
    max_pixels=200_000_000,
    max_wait_seconds=60,
    input_retention_seconds=_DAY.total_seconds(),
    result_retention_seconds=7 * _DAY.total_seconds(),
    record_retention_seconds=30 * _DAY.total_seconds(),
    formats=[known.media_type for known in PhotoFormat],
    allowance=AllowanceView.of(
        KeyLimits(requests_per_minute=6000, daily_jobs=50_000, daily_bytes=500 * 2**30),
        Use(jobs=12, bytes=31_457_280, pixels=144_000_000),
        _BEGAN,
    ),
)
_KEY = KeyRecord(
    id=KEY[4:14],
    name="scanner in the archive",
    scopes=frozenset({Scope.READ, Scope.WRITE}),
    sha256=_DIGEST,
    owner=KEY[4:14],
    created_at=_BEGAN,
    expires_at=_BEGAN + 365 * _DAY,
)
_REPORT = ArchiveReport(
    accepted=2,
    unchanged=1,
    rejected=1,
    errors=[
        RejectedEntry(
            item="readme.txt",
            code="unsupported-format",
            detail="This is not an image that can be recognised.",
        )
    ],
)
_READY = Readiness(
    ready=True,
    queue="ok",
    storage="ok",
    workers=[WorkerView(name=_WORKER.name, model=_MODEL, busy=False)],
    model="photochrom 1.0",
    provider=_MODEL.provider,
)
_MODELS = ModelView(
    name="photochrom",
    version="1.0",
    capabilities=["hints", "palette"],
    writes=[OutputFormat.AVIF, OutputFormat.JPEG, OutputFormat.PNG],
    providers={_MODEL.provider: 2},
    finders=["finder 1.0.0"],
)
_LIKELY = [
    SuggestedColor(a=17.6, b=19.3, color="#c68f78", distance=0.3),
    SuggestedColor(a=26.4, b=27.1, color="#d5896b", distance=11.3),
]
_SPOT = Suggestions(
    ready=True,
    present=SuggestedColor(a=17.4, b=19.1, color="#c58f78", distance=0),
    suggestions=_LIKELY,
)
_PROPOSALS = Proposals(
    ready=True,
    proposals=[
        ProposedHint(
            hint=Hint(x=0.42, y=0.31, a=45, b=31), given_in="01m82jkk9e75enz50t650yysbc", likeness=0.83
        )
    ],
)
_WEBHOOK = Webhook(
    id="01m82jkk9e75enz50t650yysbb",
    url="https://photos.example/hooks/photochrom",
    description="The archive's catalogue",
    secrets=(Secret(value="whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),),
    created_at=_BEGAN,
)
_DELIVERY = DeliveryView.of(
    Delivery(
        id="01m82jm0v1y4s8d6f2g5h7j9kq",
        webhook_id=_WEBHOOK.id,
        event_id=f"evt_{JOB_ID}_7",
        type=EventType.JOB_SUCCEEDED,
        body=json.dumps(example_of(EventType.JOB_SUCCEEDED)),
        state=DeliveryState.DELIVERED,
        created_at=_BEGAN,
        tries=1,
        attempts=(Attempt(at=_BEGAN, seconds=0.21, status=204),),
    )
)
_VIEW = WebhookView.of(_WEBHOOK, _BEGAN)

_BODIES: dict[str, dict[str, BaseModel]] = {
    "JobView": {"queued": QUEUED, "succeeded": SUCCEEDED, "failed": JobView.of(_failed(), None)},
    "JobPage": {"page": JobPage(items=[_ITEM], next_cursor=JOB_ID)},
    "BatchView": {"running": BATCH},
    "BatchPage": {"page": BatchPage(items=[BATCH], next_cursor=None)},
    "PageView": {"found": PageView.of(_page(), None)},
    "NewFrames": {
        "turned": NewFrames(
            pages=(NewPageFrames(frames=(Frame(x=620.5, y=540, width=900, height=640, angle=90),)),)
        )
    },
    "Proposals": {"coat": _PROPOSALS, "asked": Proposals(ready=False)},
    "Suggestions": {"skin": _SPOT, "asked": Suggestions(ready=False)},
    "Retried": {"retried": Retried(retried=1, batch=BATCH)},
    "ArchiveReport": {"report": _REPORT},
    "KeyView": {"key": KeyView.of(_KEY)},
    "LimitsView": {"limits": _LIMITS},
    "Readiness": {"ready": _READY},
    "NewBatch": {"album": NewBatch(name="Album 1931", options=_OPTIONS)},
    "SignIn": {"key": SignIn(key=KEY)},
    "NewWebhook": {"catalogue": NewWebhook(url=_WEBHOOK.url, description=_WEBHOOK.description)},
    "WebhookChange": {"enable": WebhookChange(enabled=True)},
    "Rotation": {"a day": Rotation()},
    "NewSecretView": {"created": NewSecretView.of(_WEBHOOK, _BEGAN)},
    "WebhookView": {"webhook": _VIEW},
    "WebhookList": {"list": WebhookList(items=[_VIEW])},
    "DeliveryView": {"delivered": _DELIVERY},
    "DeliveryPage": {"page": DeliveryPage(items=[_DELIVERY], next_cursor=None)},
}
OF_SCHEMA: dict[str, dict[str, Any]] = {
    schema: {name: sample.model_dump(mode="json") for name, sample in samples.items()}
    for schema, samples in _BODIES.items()
}
"""Examples by the name of their schema; a model that is not here has its own (`json_schema_extra`)."""


_EVENTS = {
    "job": event("job", JobView.of(_running(), None).model_dump_json(), 3).decode(),
    "batch": event("batch", BATCH.model_dump_json(), 41).decode(),
    "deleted": event("deleted", "{}").decode(),
}


def _iiif() -> dict[str, Any]:
    origin, record = "https://photos.example", _succeeded()
    assert record.result is not None
    batch = BatchRecord(id=BATCH_ID, name="Album 1931", options=_OPTIONS, created_at=_BEGAN)
    tiles = Tiling(record.result.width, record.result.height)
    return {
        "/v1/jobs/{job_id}/iiif/manifest.json": {"job": manifest_of_job(record, record.result, origin)},
        "/v1/batches/{batch_id}/iiif/manifest.json": {
            "batch": json.loads("".join(manifest_of_batch(batch, iter([record]), origin)))
        },
        "/v1/jobs/{job_id}/iiif/{of}/info.json": {
            "info": info(f"{origin}/v1/jobs/{JOB_ID}/iiif/original", tiles)
        },
    }


OF_CALL: dict[str, dict[str, Any]] = {
    "/metrics": {
        "few": "# HELP photochrom_queue_jobs Jobs in the queue, ready for a worker.\n"
        "# TYPE photochrom_queue_jobs gauge\nphotochrom_queue_jobs 3.0\n"
    },
    "/healthz": {"alive": {"status": "ok"}},
    "/v1/models": {"models": [_MODELS.model_dump(mode="json")]},
    "/v1/jobs/{job_id}/events": {"job": _EVENTS["job"], "deleted": _EVENTS["deleted"]},
    "/v1/batches/{batch_id}/events": {"batch": _EVENTS["batch"], "deleted": _EVENTS["deleted"]},
    **_iiif(),
    "/v1/batches/{batch_id}/errors.jsonl": {
        "failed": '{"item": "wedding/2.jpg", "job": "01kb3v9m5w8xw7z4y2q6c1n0rb", "state": "failed", '
        '"code": "unreadable-photo", "detail": "The file ends in the middle of the image; it was cut off."}\n'
    },
}
"""Examples of what has no schema of its own, by path."""
FORM = {"photo": "(the bytes of the photograph)", "vividness": 0.7, "format": "png"}
PARAMETERS: dict[str, Any] = {
    "job_id": JOB_ID,
    "page_id": JOB_ID,
    "page": 1,
    "batch_id": BATCH_ID,
    "webhook_id": _WEBHOOK.id,
    "delivery_id": _DELIVERY.id,
    "name": ITEM,
    "cursor": JOB_ID,
    "state": "failed",
    "limit": 50,
    "x": 0.4,
    "y": 0.3,
    "of": "original",
    "region": "0,0,1024,1024",
    "size": "512,512",
    "prefer": "wait=20",
    "idempotency-key": "scan-0042",
    "if-none-match": 'W/"7-"',
    "last-event-id": "3",
}
"""Examples of parameters that have none of their own."""
