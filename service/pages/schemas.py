"""What the API shows of scans of album pages, and the frames that callers send."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from photochrom.errors import BadFrames
from photochrom.jobs.parts import JobError, Progress
from photochrom.jobs.record import JobRecord
from photochrom.jobs.split import ScannedPage, Split, StoredFrame
from photochrom.jobs.states import JobState
from photochrom.photo.frames import MOST_PAGES, MOST_PHOTOGRAPHS, Frame, checked
from photochrom.photo.options import ShownOptions

from ..edge.prefix import address
from ..edge.view import View
from ..jobs.schemas import OriginalView


class NewPageFrames(BaseModel):
    """The photographs of one page."""

    model_config = ConfigDict(extra="forbid")

    frames: Annotated[
        tuple[Frame, ...],
        Field(description="In the order of the photographs; none takes the page for one photograph."),
    ]


class NewFrames(BaseModel):
    """The photographs of each page of a scan."""

    model_config = ConfigDict(extra="forbid")

    pages: Annotated[tuple[NewPageFrames, ...], Field(min_length=1, max_length=MOST_PAGES)]

    def over(self, split: Split) -> Split:
        """Return the split with these frames.

        Raises:
            BadFrames: they do not fit the pages.
        """
        if len(self.pages) != len(split.pages):
            raise BadFrames(
                f"The scan has {len(split.pages)} pages, and these are frames of {len(self.pages)}; send those of each."
            )
        if sum(max(1, len(page.frames)) for page in self.pages) > MOST_PHOTOGRAPHS:
            raise BadFrames(
                f"These are more than the {MOST_PHOTOGRAPHS:,} photographs that are cut out of one file; send "
                "its pages in several files."
            )
        several = len(split.pages) > 1
        pages = [
            _framed(page, given, where=f"Page {number}: " if several else "")
            for number, (page, given) in enumerate(zip(split.pages, self.pages, strict=True), 1)
        ]
        return split.model_copy(update={"pages": tuple(pages), "checked": True})


def _framed(page: ScannedPage, given: NewPageFrames, *, where: str) -> ScannedPage:
    try:
        checked(given.frames, page.width, page.height)
    except BadFrames as error:
        raise BadFrames(f"{where}{error}") from None
    frames = tuple(map(StoredFrame.of, given.frames))
    return page.model_copy(update={"frames": frames})


class FramedPageView(View):
    """One page, upright, and the photographs on it."""

    width: Annotated[int, Field(description="Pixels of the page as it is seen upright.")]
    height: int
    frames: Annotated[list[Frame], Field(description="None of them: the page is one photograph.")]
    preview_url: Annotated[
        str | None,
        Field(description="A small JPEG of the page, upright; null where there is none (any more)."),
    ]


class PageView(View):
    """One scan of album pages. It is a job, too: what holds for jobs holds for it under the same id."""

    id: Annotated[str, Field(examples=["01kb3v9m5w8xw7z4y2q6c1n0ra"])]
    state: Annotated[JobState, Field(description="`succeeded` when the photographs are found.")]
    url: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: Annotated[datetime | None, Field(description="When the page itself is forgotten.")]
    queue_position: Annotated[int | None, Field(description="Jobs ahead of it; null when it is not waiting.")]
    progress: Progress | None
    options: Annotated[
        ShownOptions, Field(description="Of its photographs, unless their batch says otherwise.")
    ]
    original: Annotated[OriginalView, Field(description="The scan; it can be cut for as long as it is kept.")]
    pages: Annotated[
        list[FramedPageView] | None,
        Field(description="Of a TIFF all pages, else one; null before they are found."),
    ]
    checked: Annotated[bool, Field(description="Whether the frames were given by the caller.")]
    photographs: Annotated[int, Field(description="How many photographs the frames make.")]
    error: JobError | None

    @classmethod
    def of(cls, record: JobRecord, queue_position: int | None) -> "PageView":
        """Show `record`, which is that of a scan to be split."""
        assert record.split is not None
        url, split = address(f"/v1/pages/{record.id}"), record.split
        shared = record.model_dump(include=set(cls.model_fields) - {"original", "pages"})
        return cls(
            **shared,
            url=url,
            queue_position=queue_position,
            original=OriginalView.model_validate(record.original.model_dump()),
            pages=[_shown(split, number, url) for number in range(len(split.pages))] or None,
            checked=split.checked,
            photographs=split.photographs,
        )


def _shown(split: Split, number: int, url: str) -> FramedPageView:
    page = split.pages[number]
    return FramedPageView(
        width=page.width,
        height=page.height,
        frames=[
            Frame(**{name: getattr(frame, name) for name in Frame.model_fields}) for frame in page.frames
        ],
        preview_url=f"{url}/preview?page={number + 1}" if number < len(split.previews) else None,
    )
