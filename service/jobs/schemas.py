"""What the API shows: the records without our keys and leases, with links instead."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from photochrom.jobs.parts import JobError, Original, Progress, Result
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.photo.film import FilmUsed
from photochrom.photo.options import ShownOptions
from photochrom.photo.restoration import Restoration
from photochrom.photo.series import Series
from photochrom.records import known

from ..edge.prefix import address
from ..edge.view import View


class OriginalView(View):
    """The photograph as it came in."""

    name: str
    bytes: int
    media_type: str
    sha256: str
    expires_at: Annotated[datetime | None, Field(description="When it is deleted; set when the job ends.")]


class ResultView(View):
    """The colorized photograph."""

    url: str
    name: str
    media_type: str
    bytes: int
    width: int
    height: int
    sha256: str
    expires_at: datetime | None
    restoration: Annotated[
        Restoration | None,
        Field(description="The steps before colour; null where none was asked for."),
    ]
    redirect_url: Annotated[
        str | None, Field(description="Leads to the object store itself; null where results lie on a disk.")
    ]

    @classmethod
    def of(cls, result: Result, url: str) -> "ResultView":
        """Show `result`, to be downloaded at `url`."""
        shared = result.model_dump(include=set(cls.model_fields) - {"url", "redirect_url", "restoration"})
        redirect_url = f"{url}?redirect=true" if result.linked else None
        return cls(url=url, redirect_url=redirect_url, restoration=known(result.restoration), **shared)


class ModelName(View):
    """The network that gave the colour."""

    name: str
    version: str
    vividness: Annotated[
        float | None, Field(description="The vividness that was used, also if the option was `auto`.")
    ] = None


class SeriesView(View):
    """The photographs of a batch that show the same, and share their colours."""

    group: Annotated[str, Field(description="Id of the series; empty if the photograph belongs to none.")]
    members: Annotated[int, Field(description="Number of photographs in the series, with this one.")]
    relatives: Annotated[
        list[str], Field(description="Ids of the most similar jobs, the most similar first.")
    ]
    matched: Annotated[
        bool,
        Field(description="Whether its colours are moved towards the series'; with hints it keeps its own."),
    ]

    @classmethod
    def of(cls, series: Series) -> "SeriesView":
        """Show `series`."""
        return cls(
            group=series.group,
            members=series.members,
            relatives=list(series.relatives),
            matched=bool(series.shift),
        )


class JobView(View):
    """One job."""

    id: Annotated[str, Field(examples=["01kb3v9m5w8xw7z4y2q6c1n0ra"])]
    kind: Annotated[
        Literal["photograph", "page"],
        Field(
            description="`page` is a scan that is split: it has no result, and /v1/pages shows its frames."
        ),
    ]
    state: JobState
    url: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: Annotated[datetime | None, Field(description="When the job itself is forgotten.")]
    batch_id: Annotated[str | None, Field(description="The batch that it is an item of.")]
    item: Annotated[str | None, Field(description="Its name in the batch, a relative path.")]
    cut_from: Annotated[str | None, Field(description="Id of the page that it was cut out of.")]
    attempt: Annotated[int, Field(description="Above 1 if a worker died on the job.")]
    queue_position: Annotated[
        int | None,
        Field(description="Jobs ahead of this one, an estimate beyond a thousand; null when not waiting."),
    ]
    progress: Progress | None
    options: ShownOptions
    original: OriginalView
    reference: Annotated[
        OriginalView | None,
        Field(description="The photograph that lent its palette; deleted with the original."),
    ]
    repair_mask: Annotated[
        OriginalView | None,
        Field(description="The image that says where to repair; deleted with the original."),
    ]
    result: ResultView | None
    model: ModelName | None
    provider: Annotated[
        str | None, Field(description="ONNX Runtime execution provider; shows a fallback to the CPU.")
    ]
    timings: Annotated[dict[str, float], Field(description="Seconds per stage.")]
    warnings: list[str]
    film: Annotated[
        FilmUsed | None,
        Field(description="The film whose light the result was freed of, where `light` asked for it."),
    ]
    error: JobError | None
    series: Annotated[
        SeriesView | None,
        Field(description="With `consistency`: its series; null until the batch's series are found."),
    ]

    @classmethod
    def of(cls, record: JobRecord, queue_position: int | None) -> "JobView":
        """Show `record`."""
        url = address(f"/v1/jobs/{record.id}")
        shared = record.model_dump(
            include=set(cls.model_fields)
            - {"original", "reference", "repair_mask", "result", "model", "series"}
            - {"progress", "film", "error"}
        )
        used = record.model
        original = OriginalView.model_validate(record.original.model_dump())
        return cls(
            **shared,
            progress=known(record.progress),
            film=known(record.film),
            error=known(record.error),
            kind="page" if record.split else "photograph",
            url=url,
            queue_position=queue_position,
            original=original,
            reference=_beside(record.reference, original),
            repair_mask=_beside(record.repair_mask, original),
            model=ModelName(name=used.name, version=used.version, vividness=used.vividness) if used else None,
            provider=used.provider if used else None,
            series=SeriesView.of(record.series) if record.series else None,
            result=ResultView.of(record.result, f"{url}/result") if record.result else None,
        )


def _beside(part: Original | None, original: OriginalView) -> OriginalView | None:
    """Show what came with an original: it is kept as long."""
    if part is None:
        return None
    return OriginalView.model_validate(part.model_dump() | {"expires_at": original.expires_at})


class JobPage(View):
    """Jobs, newest first."""

    items: list[JobView]
    next_cursor: Annotated[str | None, Field(description="For `cursor` of the next page; null on the last.")]
