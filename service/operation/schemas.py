"""What the API shows of the service itself: its limits, its workers, and what is left of a caller's quota."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import Field

from photochrom.access.keys import KeyLimits
from photochrom.access.quotas import Use, limits_by_name, midnight
from photochrom.jobs.parts import ModelUsed
from photochrom.photo.options import OutputFormat

from ..edge.view import View


class ModelView(View):
    """A model that workers have loaded now."""

    name: str
    version: str
    capabilities: Annotated[
        list[str], Field(description="Optional inputs that every worker with it takes: hints, palette.")
    ]
    writes: Annotated[
        list[OutputFormat], Field(description="Formats of results that every worker with it writes.")
    ]
    providers: Annotated[dict[str, int], Field(description="Workers by ONNX Runtime execution provider.")]
    finders: Annotated[
        list[str],
        Field(description="The networks that find damage for `repair`; none if it is found by its form."),
    ]


class QuotaView(View):
    """The daily quota (UTC) of an owner of keys."""

    limit: Annotated[int | None, Field(description="Null where there is none.")]
    used: int
    left: Annotated[int | None, Field(description="Null where there is no limit.")]


class AllowanceView(View):
    """What the owner of the caller's key may take."""

    requests_per_minute: Annotated[
        int | None, Field(description="Also in the RateLimit headers, with what is left.")
    ]
    jobs: QuotaView
    bytes: QuotaView
    pixels: QuotaView
    actions: Annotated[QuotaView, Field(description="Batches begun, test events and replays of webhooks.")]
    resets_at: Annotated[datetime, Field(description="When the day ends and the quota is full again.")]

    @classmethod
    def of(cls, limits: KeyLimits, used: Use, now: datetime) -> "AllowanceView":
        """Show what is left of `limits` after what was used."""
        bounds = limits_by_name(limits)
        quotas = {name: _quota(bounds[name], amount) for name, amount in asdict(used).items()}
        return cls(requests_per_minute=limits.requests_per_minute, **quotas, resets_at=midnight(now))


def _quota(limit: int | None, used: int) -> QuotaView:
    return QuotaView(limit=limit, used=used, left=None if limit is None else max(0, limit - used))


class LimitsView(View):
    """What this server accepts and how long it keeps it."""

    max_upload_bytes: int
    max_pixels: int
    max_wait_seconds: float
    input_retention_seconds: Annotated[float | None, Field(description="Null is for ever.")]
    result_retention_seconds: Annotated[float | None, Field(description="Null is for ever.")]
    record_retention_seconds: Annotated[float | None, Field(description="Null is for ever.")]
    formats: Annotated[list[str], Field(description="Media types of originals.")]
    allowance: Annotated[
        AllowanceView | None,
        Field(description="The caller's quota; null where the service asks for no keys."),
    ]


class WorkerView(View):
    """A live worker."""

    name: Annotated[str, Field(description="The worker's number; `/metrics` has its name on the machine.")]
    model: ModelUsed
    film_model: Annotated[
        ModelUsed | None, Field(description="Its model for photographs of old film, where it has one.")
    ] = None
    busy: bool


class Readiness(View):
    """Whether an upload would be processed now, part by part."""

    ready: bool
    queue: Annotated[str, Field(examples=["ok"])]
    storage: Annotated[str, Field(examples=["ok"])]
    workers: list[WorkerView]
    model: Annotated[str | None, Field(examples=["photochrom 1.0"])]
    film_model: Annotated[
        str | None, Field(description="For photographs of old film.", examples=["photochrom-film 2.0"])
    ] = None
    provider: Annotated[
        str | None,
        Field(description="CPUExecutionProvider on a GPU machine means that the GPU is not in use."),
    ]
