"""What a worker and its child say to each other: frames of JSON on a socket, files as descriptors, bytes behind.

The child is not trusted once it has seen a photograph: what it says is checked like anything else from outside.
"""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, TypeAdapter

from photochrom.logs import LogFormat
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.film import FilmUsed
from photochrom.photo.frames import MOST_FRAMES, MOST_PAGES, Frame
from photochrom.photo.options import StoredOptions
from photochrom.photo.restoration import FinderCard, Restoration
from photochrom.photo.series import Series
from photochrom.photo.sniff import PhotoFormat

if TYPE_CHECKING:
    from ..settings import WorkerSettings

_LENGTH = 4
_LONGEST = 16 << 20
CHUNK = 1 << 20
OUT_OF_MEMORY = 71
"""Exit code of a child that had not even the memory to say so."""


Sentence = Annotated[str, Field(max_length=2000)]
StageName = Annotated[str, Field(pattern="^[a-z]{1,20}$")]
PartName = Literal["data", "preview", "original_preview", "confidence", "repairs", "sight"]
Which = Literal["usual", "film"]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Setup(_Message):
    """The first thing a child hears: all that it needs of the settings, and nothing more."""

    model_path: Path
    film_path: Path | None = None
    recognizer_path: Path | None = None
    finder_path: Path | None = None
    turner_path: Path | None = None
    album_path: Path
    threads: int = 0
    gpu_memory_mb: int = 0
    max_pixels: int
    log_format: LogFormat = LogFormat.TEXT
    folder: Annotated[Path, Field(description="For temporary files; the only one that it may write to.")]
    parent: Annotated[int, Field(description="Process id; the child ends with it.")]
    certificate: Annotated[
        str, Field(description="Of the operator's who signs results; empty signs none.")
    ] = ""
    algorithm: str = ""

    @classmethod
    def of(
        cls, settings: "WorkerSettings", threads: int, *, certificate: str = "", algorithm: str = ""
    ) -> Self:
        """Return what a child of this process has to know."""
        return cls(
            model_path=settings.model_path.absolute(),
            film_path=settings.film_model(),
            recognizer_path=settings.recognizer(),
            finder_path=settings.finder(),
            turner_path=settings.turner(),
            album_path=settings.album_path.absolute(),
            threads=threads,
            gpu_memory_mb=settings.gpu_memory_mb,
            max_pixels=settings.max_pixels,
            log_format=settings.log_format,
            folder=Path(tempfile.gettempdir()),
            parent=os.getpid(),
            certificate=certificate,
            algorithm=algorithm,
        )

    def files(self) -> tuple[Path, ...]:
        """Return the files of networks, which are read before and after the child is confined."""
        beside = (self.film_path, self.recognizer_path, self.finder_path, self.turner_path)
        paths = (self.model_path, *beside, self.album_path)
        return tuple(path for path in paths if path)


class Request(_Message):
    """One photograph: the original as a descriptor; behind it those of the reference and of the repair mask, if any."""

    task: Literal["colorize", "suggest", "tile", "find", "cut"]
    options: StoredOptions
    preview_side: int = 0
    reference: bool = False
    network: Annotated[
        Which | None, Field(description="That is to be asked; None chooses by options and photograph.")
    ] = None
    repair_mask: bool = False
    angle: Annotated[
        float, Field(ge=-45, le=45, description="Of tiles: by how many degrees the picture lies askew.")
    ] = 0.0
    frames: Annotated[
        tuple[tuple[Frame, ...], ...], Field(description="To cut: those of each page of the file.")
    ] = ()
    series: Annotated[
        Series | None, Field(description="The photographs that it belongs to, once that is known.")
    ] = None


class Turn(_Message):
    """The answer to a stage: go on, or stop here."""

    go: bool


class Signature(_Message):
    """The answer to `Sign`; the private key stays with the worker."""

    signature: Base64Bytes


class Loaded(_Message):
    """A second network that is loaded beside the usual one, for old film."""

    card: ModelCard
    provider: str


class Ready(_Message):
    """The model is loaded, and the child confined."""

    event: Literal["ready"] = "ready"
    card: ModelCard
    provider: str
    fell_back: bool
    film: Loaded | None = None
    recognizer_sha256: Annotated[str, Field(description="Of what tells old film; empty without one.")] = ""
    turner_sha256: Annotated[str, Field(description="Of what tells which way is up; empty without one.")] = ""
    tells_series: Annotated[
        bool, Field(description="Whether photographs that belong together can be told.")
    ] = False
    finder: FinderCard | None = None
    held: dict[str, bool]


class Broken(_Message):
    """The child cannot work at all."""

    event: Literal["broken"] = "broken"
    detail: str


class Stage(_Message):
    """A stage is about to begin; the child waits for its turn."""

    event: Literal["stage"] = "stage"
    stage: str


class Done(_Message):
    """The result; its parts follow as bytes, in this order."""

    event: Literal["done"] = "done"
    format: PhotoFormat
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    turned: bool = False
    warnings: Annotated[tuple[Sentence, ...], Field(max_length=100)]
    film: FilmUsed | None = None
    network: Annotated[Which, Field(description="Which of the two made the colours.")] = "usual"
    vividness: Annotated[float | None, Field(ge=0, le=1)] = None
    timings: Annotated[dict[StageName, Seconds], Field(max_length=10)]
    sizes: Annotated[dict[PartName, Annotated[int, Field(ge=0)]], Field(max_length=6)]
    restoration: Restoration | None = None


class Made(_Message):
    """What was asked for beside a result, likely colours or tiles, follows as bytes."""

    event: Literal["made"] = "made"
    size: Annotated[int, Field(ge=0)]


class FoundPage(_Message):
    """A page, upright, and the photographs on it; none where it is one photograph itself."""

    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    frames: Annotated[tuple[Frame, ...], Field(max_length=MOST_FRAMES)]


class Found(_Message):
    """Where the photographs of each page of a file lie."""

    event: Literal["found"] = "found"
    pages: Annotated[tuple[FoundPage, ...], Field(min_length=1, max_length=MOST_PAGES)]
    previews: Annotated[
        tuple[Annotated[int, Field(ge=0)], ...],
        Field(
            max_length=MOST_PAGES,
            description="Bytes of small JPEGs of the pages, which follow in this order.",
        ),
    ] = ()


class Piece(_Message):
    """One photograph that was cut out of a page."""

    page: Annotated[int, Field(ge=0)]
    format: PhotoFormat
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    exact: Annotated[bool, Field(description="Whether no pixel or coefficient was changed.")]
    warnings: Annotated[tuple[Sentence, ...], Field(max_length=100)]
    size: Annotated[int, Field(ge=0)]


class CutUp(_Message):
    """The photographs of a file's pages follow as bytes, in this order."""

    event: Literal["cut-up"] = "cut-up"
    pieces: Annotated[tuple[Piece, ...], Field(max_length=MOST_FRAMES * MOST_PAGES)]


class Failed(_Message):
    """There is no result; `final` says that another attempt would meet the same."""

    event: Literal["failed"] = "failed"
    code: Annotated[str, Field(pattern="^[a-z0-9-]{1,40}$")]
    detail: Sentence
    final: bool


class Sign(_Message):
    """These bytes are to be signed; the child waits for it."""

    event: Literal["sign"] = "sign"
    data: Annotated[Base64Bytes, Field(max_length=1 << 20)]


class Stopped(_Message):
    """The work was broken off, as asked."""

    event: Literal["stopped"] = "stopped"


Event = Ready | Broken | Stage | Done | Sign | Made | Found | CutUp | Failed | Stopped


@cache
def _events() -> TypeAdapter[Event]:
    # Not at the top: a child has no use for it, and it is half of what there is to be built of these models.
    return TypeAdapter(Annotated[Event, Field(discriminator="event")])


def event_of(text: bytes) -> Event:
    """Read what a child says; raise `ValueError` where it is none of its events."""
    return _events().validate_json(text)


def send(end: socket.socket, message: BaseModel, files: tuple[int, ...] = ()) -> None:
    """Send one frame, and descriptors with it."""
    text = message.model_dump_json().encode()
    head = len(text).to_bytes(_LENGTH, "big")
    if files:
        socket.send_fds(end, [head], files)
    else:
        end.sendall(head)
    end.sendall(text)


def receive(read: Callable[[int], bytes]) -> bytes:
    """Take one frame by a function that returns 1 to that many bytes, or raises.

    Raises:
        ValueError: it is longer than any that we send.
    """
    length = int.from_bytes(b"".join(exactly(read, _LENGTH)), "big")
    if length > _LONGEST:
        raise ValueError(f"A frame of {length} bytes.")
    return b"".join(exactly(read, length))


def exactly(read: Callable[[int], bytes], count: int) -> Iterator[bytes]:
    """Yield chunks of so many bytes together."""
    while count:
        chunk = read(min(count, CHUNK))
        count -= len(chunk)
        yield chunk


def receive_with_files(end: socket.socket, most: int) -> tuple[bytes, list[int]] | None:
    """Take one frame and the descriptors that came with it; None where the other end is closed."""
    head, files, _, _ = socket.recv_fds(end, _LENGTH, most)
    if not head:
        return None
    read = _whole(end)
    length = int.from_bytes(head + b"".join(exactly(read, _LENGTH - len(head))), "big")
    return b"".join(exactly(read, length)), files


def _whole(end: socket.socket) -> Callable[[int], bytes]:
    def read(count: int) -> bytes:
        chunk = end.recv(count)
        if not chunk:
            raise EOFError
        return chunk

    return read


def content(descriptor: int) -> bytes:
    """Read a file from its beginning, and close it."""
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return file.read()
