"""What the API shows: the records without our keys and leases, with links instead."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from photochrom.access.keys import KeyLimits
from photochrom.access.quotas import Use, limits_by_name, midnight
from photochrom.jobs.record import JobError, JobRecord, JobState, ModelUsed, Progress, Result
from photochrom.photo.options import ColorizeOptions


class _View(BaseModel):
    model_config = ConfigDict(protected_namespaces=(), json_schema_serialization_defaults_required=True)


class OriginalView(_View):
    """The photograph as it came in."""

    name: str
    bytes: int
    media_type: str
    sha256: str
    expires_at: Annotated[datetime | None, Field(description="When it is deleted; set when the job ends.")]


class ResultView(_View):
    """The colorized photograph."""

    url: str
    name: str
    media_type: str
    bytes: int
    width: int
    height: int
    sha256: str
    expires_at: datetime | None
    redirect_url: Annotated[
        str | None, Field(description="Leads to the object store itself; null where results lie on a disk.")
    ]

    @classmethod
    def of(cls, result: Result, url: str) -> "ResultView":
        """Show `result`, to be downloaded at `url`."""
        shared = result.model_dump(include=set(cls.model_fields) - {"url", "redirect_url"})
        return cls(url=url, redirect_url=f"{url}?redirect=true" if result.linked else None, **shared)


class ModelName(_View):
    """The network that gave the colour."""

    name: str
    version: str


class JobView(_View):
    """One job."""

    id: Annotated[str, Field(examples=["01kb3v9m5w8xw7z4y2q6c1n0ra"])]
    state: JobState
    url: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: Annotated[datetime | None, Field(description="When the job itself is forgotten.")]
    batch_id: Annotated[str | None, Field(description="The batch that it is an item of.")]
    item: Annotated[str | None, Field(description="Its name in the batch, a relative path.")]
    attempt: Annotated[int, Field(description="Above 1 after the death of a worker.")]
    queue_position: Annotated[
        int | None,
        Field(description="Jobs ahead of this one, an estimate beyond a thousand; null when not waiting."),
    ]
    progress: Progress | None
    options: ColorizeOptions
    original: OriginalView
    reference: Annotated[
        OriginalView | None,
        Field(description="The photograph that lent its palette; deleted with the original."),
    ]
    result: ResultView | None
    model: ModelName | None
    provider: Annotated[
        str | None, Field(description="ONNX Runtime execution provider; shows a fallback to the CPU.")
    ]
    timings: Annotated[dict[str, float], Field(description="Seconds per stage.")]
    warnings: list[str]
    error: JobError | None

    @classmethod
    def of(cls, record: JobRecord, queue_position: int | None) -> "JobView":
        """Show `record`."""
        url = f"/v1/jobs/{record.id}"
        shared = record.model_dump(
            include=set(cls.model_fields) - {"original", "reference", "result", "model"}
        )
        used = record.model
        original = OriginalView.model_validate(record.original.model_dump())
        reference = None
        if record.reference is not None:
            kept = {"expires_at": original.expires_at}
            reference = OriginalView.model_validate(record.reference.model_dump() | kept)
        return cls(
            **shared,
            url=url,
            queue_position=queue_position,
            original=original,
            reference=reference,
            model=ModelName(name=used.name, version=used.version) if used else None,
            provider=used.provider if used else None,
            result=ResultView.of(record.result, f"{url}/result") if record.result else None,
        )


class JobPage(_View):
    """Jobs, newest first."""

    items: list[JobView]
    next_cursor: Annotated[str | None, Field(description="For `cursor` of the next page; null on the last.")]


class ModelView(_View):
    """A model that workers have loaded now."""

    name: str
    version: str
    capabilities: Annotated[
        list[str], Field(description="Optional inputs that every worker with it takes: hints, palette.")
    ]
    providers: Annotated[dict[str, int], Field(description="Workers by ONNX Runtime execution provider.")]


class QuotaView(_View):
    """What an owner of keys may send in a day (UTC)."""

    limit: Annotated[int | None, Field(description="Null where there is none.")]
    used: int
    left: Annotated[int | None, Field(description="Null where there is no limit.")]


class AllowanceView(_View):
    """What the owner of the caller's key may take."""

    requests_per_minute: Annotated[
        int | None, Field(description="Also in the RateLimit headers, with what is left.")
    ]
    jobs: QuotaView
    bytes: QuotaView
    pixels: QuotaView
    actions: Annotated[QuotaView, Field(description="Batches begun, test events and replays of webhooks.")]
    resets_at: Annotated[datetime, Field(description="When the day ends, and all of it is there again.")]

    @classmethod
    def of(cls, limits: KeyLimits, used: Use, now: datetime) -> "AllowanceView":
        """Show what is left of `limits` after what was used."""
        bounds = limits_by_name(limits)
        quotas = {name: _quota(bounds[name], amount) for name, amount in asdict(used).items()}
        return cls(requests_per_minute=limits.requests_per_minute, **quotas, resets_at=midnight(now))


def _quota(limit: int | None, used: int) -> QuotaView:
    return QuotaView(limit=limit, used=used, left=None if limit is None else max(0, limit - used))


class LimitsView(_View):
    """What this server takes and how long it keeps it."""

    max_upload_bytes: int
    max_pixels: int
    max_wait_seconds: float
    input_retention_seconds: float
    result_retention_seconds: float
    record_retention_seconds: float
    formats: Annotated[list[str], Field(description="Media types of originals.")]
    allowance: Annotated[
        AllowanceView | None, Field(description="What the caller may take; null where no keys are asked for.")
    ]


class WorkerView(_View):
    """A live worker."""

    name: Annotated[str, Field(description="Its number; what the machine calls it is in `/metrics`.")]
    model: ModelUsed
    busy: bool


class Readiness(_View):
    """Whether an upload would be worked on now, part by part."""

    ready: bool
    queue: Annotated[str, Field(examples=["ok"])]
    storage: Annotated[str, Field(examples=["ok"])]
    workers: list[WorkerView]
    model: Annotated[str | None, Field(examples=["photochrom 1.0"])]
    provider: Annotated[
        str | None,
        Field(description="CPUExecutionProvider on a GPU machine means that the GPU is not in use."),
    ]
