"""What the record of a scan of album pages holds beside that of a photograph: where its photographs lie."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from ..photo.frames import Frame
from ..records import STORED


class StoredFrame(Frame):
    """A frame as records hold it: what a newer version knows of it stays."""

    model_config = ConfigDict(frozen=True, extra="allow")

    @classmethod
    def of(cls, frame: Frame) -> Self:
        """Return the same place, to be stored."""
        return cls(**frame.model_dump())


class ScannedPage(BaseModel):
    """One page of a scan, upright, in pixels."""

    model_config = STORED

    width: int
    height: int
    frames: Annotated[
        tuple[StoredFrame, ...], Field(description="None of them: the page is one photograph.")
    ] = ()


class Split(BaseModel):
    """What is known of a scan whose photographs are to be cut out."""

    model_config = STORED

    pages: Annotated[
        tuple[ScannedPage, ...], Field(description="None of them before a worker has looked.")
    ] = ()
    checked: Annotated[bool, Field(description="Whether the caller has given the frames.")] = False
    charged: Annotated[
        bool, Field(description="Whether its owner's day has been charged with its photographs.")
    ] = False
    previews_key: Annotated[
        str | None, Field(description="Small JPEGs of its pages, one behind the other.")
    ] = None
    previews: Annotated[tuple[int, ...], Field(description="The bytes of each.")] = ()

    def without_previews(self) -> "Split":
        """Return the same when the files are gone."""
        return self.model_copy(update={"previews_key": None, "previews": ()})

    @property
    def photographs(self) -> int:
        """How many photographs it holds."""
        return sum(max(1, len(page.frames)) for page in self.pages)

    @property
    def pixels(self) -> int:
        """How many pixels the photographs have together."""
        areas = (
            sum(frame.area for frame in page.frames) if page.frames else page.width * page.height
            for page in self.pages
        )
        return round(sum(areas))
