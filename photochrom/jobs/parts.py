"""What a job record is made of: the original, the result, the model that made it, the lease of a worker."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from ..photo.restoration import Restoration
from ..records import STORED


class Part(BaseModel):
    """A part of a stored record: fields that it does not know are kept."""

    model_config = STORED


class Original(Part):
    """The photograph as it was uploaded."""

    name: Annotated[
        str, Field(description="File name that the caller gave; only shown, never used as a path.")
    ]
    bytes: int
    media_type: str
    sha256: str
    key: Annotated[str, Field(description="Where the storage keeps it.")]
    expires_at: Annotated[
        datetime | None, Field(description="Unknown until the job ends; then, none is for ever.")
    ] = None


class Result(Part):
    """The colorized photograph."""

    key: str
    name: str
    media_type: str
    bytes: int
    width: int
    height: int
    sha256: str
    expires_at: datetime | None = None
    preview_key: Annotated[str | None, Field(description="A small JPEG of the result.")] = None
    original_preview_key: Annotated[str | None, Field(description="A small JPEG of the original.")] = None
    confidence_key: Annotated[
        str | None, Field(description="Grey PNG, white where the network was sure.")
    ] = None
    repairs_key: Annotated[
        str | None,
        Field(description="Grey PNG of full size: white where repaired, grey where damage was left."),
    ] = None
    restoration: Annotated[
        Restoration | None,
        Field(description="The steps before colour; null where none was asked for."),
    ] = None
    suggestions_key: Annotated[
        str | None, Field(description="The network's likely colours; made when somebody asks for them.")
    ] = None

    turned: Annotated[
        bool, Field(description="Whether it lies on its side, as its EXIF says: upright, width is height.")
    ] = False
    tiles_key: Annotated[
        str | None, Field(description="Tiles for viewers (IIIF); made when somebody asks for them.")
    ] = None
    original_tiles_key: Annotated[
        str | None, Field(description="The same of the original; they go with the result.")
    ] = None
    sight_key: Annotated[
        str | None, Field(description="What the photograph shows, for the others of its batch.")
    ] = None
    linked: Annotated[bool, Field(description="Whether the storage gives links to it.")] = False

    @property
    def keys(self) -> set[str]:
        """The storage keys of the result and of the files that belong to it."""
        small = (self.preview_key, self.original_preview_key, self.confidence_key, self.repairs_key)
        asked = (self.suggestions_key, self.tiles_key, self.original_tiles_key, self.sight_key)
        return {key for key in (self.key, *small, *asked) if key}

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as it is seen."""
        return (self.height, self.width) if self.turned else (self.width, self.height)


class Progress(Part):
    """The running stage: `done` of `total` stages have finished."""

    stage: str
    done: int
    total: int


class ModelUsed(Part):
    """Which network predicted the colour, and on what it ran."""

    name: str
    version: str
    provider: Annotated[
        str, Field(description="ONNX Runtime execution provider, shows a fallback to the CPU.")
    ]
    weights_sha256: Annotated[
        str, Field(description="Of its weights; empty in records of versions before this field.")
    ] = ""
    vividness: Annotated[
        float | None, Field(description="At which it coloured the photograph, also where that was `auto`.")
    ] = None


class JobError(Part):
    """Why the job failed; `code` is stable, `detail` is a sentence for people."""

    code: str
    detail: str


class Lease(Part):
    """Proof of who may change a running job: after a takeover the previous worker holds an old one."""

    worker: str
    dispatch: int
    attempt: int
