"""One scan of album pages: its photographs are found, and of an item of a batch they are cut into further items.

Each step may be the last before a kill -9. What was found is recorded before anything is cut, and a photograph that an
earlier attempt has cut is not cut again: its item says of which page it is.
"""

import hashlib
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from photochrom.access.keys import KeyLimits
from photochrom.access.quotas import Charge, Use
from photochrom.batches.names import folder_of, item_name
from photochrom.batches.store import BatchStore
from photochrom.errors import BatchClosed, InvalidName, ItemConflict, ItemNotFound, JobCanceled, PhotoRejected
from photochrom.ids import new_id
from photochrom.jobs.parts import Lease, Original, Progress
from photochrom.jobs.record import JobRecord
from photochrom.jobs.split import ScannedPage, StoredFrame
from photochrom.jobs.store import JobStore
from photochrom.photo.frames import MOST_PHOTOGRAPHS, numbers_of, to_cut
from photochrom.photo.names import suffix_of
from photochrom.storage.keys import original_key
from photochrom.storage.storage import Storage
from photochrom.times import utc_now

from ..child.colorist import Colorist
from ..child.messages import CHUNK
from .stored import Stored

PREVIEWS = ".pages.jpg"
"""How the name of a scan's previews ends."""
PREVIEW_SIDE = 1600
FIND, CUT = "find", "cut"
"""The stages."""
_TURNS = 50


class Splitter(Protocol):
    """What a worker process needs to split scans."""

    @property
    def store(self) -> JobStore:
        """The records."""

    @property
    def batches(self) -> BatchStore:
        """The batches that photographs are added to."""

    @property
    def storage(self) -> Storage:
        """The files."""

    @property
    def incoming(self) -> Storage | None:
        """The same for what is cut, where that leaves room for photographs at work."""

    @property
    def colorist(self) -> Colorist:
        """The child that opens scans."""

    def write(self, record: JobRecord, chunks: Iterable[bytes], extension: str, media_type: str) -> Stored:
        """Store a file that belongs to the record."""


class CannotAdd(PhotoRejected):
    """A photograph of the page cannot become an item."""

    code = "item-conflict"


class TooManyPhotographs(PhotoRejected):
    """The scan holds more photographs than a record has room for."""

    code = "too-many-photographs"


@dataclass(frozen=True)
class _Photograph:
    """A photograph of a page on its way: its bytes, what they are, and its width and height."""

    chunks: Iterator[bytes]
    media_type: str
    extension: str
    size: tuple[int, int]


def split(splitter: Splitter, record: JobRecord, lease: Lease) -> None:
    """Find the photographs, and cut them if the scan is an item; raises as `Colorist.colorize` does, and JobCanceled.

    Raises:
        CannotAdd: the batch has an item of the name of one of them.
    """
    timings: dict[str, float] = {}
    warnings: dict[str, None] = {}
    with splitter.storage.file(record.original.key) as scan:
        assert record.split is not None
        if not record.split.pages:
            begun = time.perf_counter()
            record = _find(splitter, record, lease, scan)
            timings[FIND] = time.perf_counter() - begun
        if record.batch_id is not None:
            begun = time.perf_counter()
            _cut(splitter, record, lease, scan, warnings)
            timings[CUT] = time.perf_counter() - begun
    splitter.store.change(
        record.id,
        lambda job: job.split_up(lease, now=utc_now(), timings=timings, warnings=tuple(warnings)),
    )


def _find(splitter: Splitter, record: JobRecord, lease: Lease, scan: Path) -> JobRecord:
    total = 1 if record.batch_id is None else 2
    splitter.store.change(
        record.id, lambda job: job.advance(lease, Progress(stage=FIND, done=0, total=total))
    )
    # Nobody looks at the pages of a batch while they wait.
    side = PREVIEW_SIDE if record.batch_id is None else 0
    with splitter.colorist.look(scan, side) as seen:
        pages = tuple(
            ScannedPage(
                width=page.width,
                height=page.height,
                frames=tuple(map(StoredFrame.of, page.frames)),
            )
            for page in seen.told.pages
        )
        kept = splitter.write(record, seen.chunks(), PREVIEWS, "image/jpeg").key if side else None
    assert record.split is not None
    told = {"pages": pages, "previews_key": kept, "previews": seen.told.previews}
    found = record.split.model_copy(update=told)
    _refuse_too_many(found.photographs)
    # Where this attempt is over, the previews may be those of another one, by the same name: `Restorer` knows.
    return splitter.store.change(
        record.id, lambda job: job.look(lease, found, Progress(stage=FIND, done=1, total=total))
    )


def _refuse_too_many(photographs: int) -> None:
    if photographs > MOST_PHOTOGRAPHS:
        raise TooManyPhotographs(
            f"The scan holds {photographs:,} photographs, more than the {MOST_PHOTOGRAPHS:,} that are cut out of one "
            "file; send its pages in several files."
        )


def _cut(splitter: Splitter, record: JobRecord, lease: Lease, scan: Path, warnings: dict[str, None]) -> None:
    assert record.split is not None
    names, count = names_of(record), record.split.photographs
    # Each turn writes the record, with all frames.
    every = -(-count // _TURNS)

    def on_turn(done: int) -> None:
        step = Progress(stage=CUT, done=done, total=count)
        splitter.store.change(record.id, lambda job: job.advance(lease, step))

    with closing(_photographs(splitter, record, scan, warnings)) as photographs:
        for number, photograph in enumerate(photographs):
            if number % every == 0:
                on_turn(number)
            _add(splitter, record, next(names) + photograph.extension, photograph)


def _photographs(
    splitter: Splitter, record: JobRecord, scan: Path, warnings: dict[str, None]
) -> Generator[_Photograph]:
    """Yield the photographs, each to be taken before the next; one that is the whole scan stays the file that it is."""
    assert record.split is not None
    pages = record.split.pages
    if len(pages) == 1 and not pages[0].frames:
        extension = f".{record.original.key.rpartition('.')[2]}"
        with scan.open("rb") as file:
            chunks = iter(lambda: file.read(CHUNK), b"")
            size = pages[0].width, pages[0].height
            yield _Photograph(chunks, record.original.media_type, extension, size)
        return
    with splitter.colorist.cut(scan, [to_cut(page) for page in pages]) as pieces:
        for piece, chunks in pieces.parts():
            warnings |= dict.fromkeys(piece.warnings)
            kind = piece.format
            yield _Photograph(chunks, kind.media_type, kind.extension, (piece.width, piece.height))


def names_of(record: JobRecord) -> Iterator[str]:
    """Yield the names of the photographs without suffix: `album/page/1`; on the second page of several `page/2-1`."""
    assert record.split is not None
    assert record.item is not None
    folder = folder_of(record.item)
    for number in numbers_of([page.frames for page in record.split.pages]):
        yield f"{folder}/{number}"


def _add(splitter: Splitter, record: JobRecord, name: str, photograph: _Photograph) -> None:
    """Make an item of a photograph of the page, unless an earlier attempt has."""
    if _is_there(splitter, record, name):
        for _ in photograph.chunks:
            pass
        return
    item = _kept(splitter, record, name, photograph)
    try:
        item_name(name)
        _, new = splitter.batches.add(item, _charge(record, photograph.size))
        if not new:  # somebody has sent the very same
            splitter.storage.delete(item.original.key)
    except BatchClosed as error:
        splitter.storage.delete(item.original.key)
        raise JobCanceled(str(error)) from error
    except (InvalidName, ItemConflict) as error:
        splitter.storage.delete(item.original.key)
        raise CannotAdd(str(error)) from error


def _is_there(splitter: Splitter, record: JobRecord, name: str) -> bool:
    assert record.batch_id is not None
    try:
        return splitter.batches.item(record.batch_id, name).cut_from == record.id
    except ItemNotFound:
        return False


def _kept(splitter: Splitter, record: JobRecord, name: str, photograph: _Photograph) -> JobRecord:
    """Store the file and return the record to be made of it."""
    job_id, size, digest = new_id(), 0, hashlib.sha256()
    with (splitter.incoming or splitter.storage).draft() as draft:
        for chunk in photograph.chunks:
            size += len(chunk)
            digest.update(chunk)
            draft.write(chunk)
        key = original_key(job_id, digest.hexdigest(), photograph.extension)
        draft.commit(key, media_type=photograph.media_type)
    scan = record.original.name
    original = Original(
        name=f"{scan.removesuffix(suffix_of(scan))}-{name.rpartition('/')[2]}",
        bytes=size,
        media_type=photograph.media_type,
        sha256=digest.hexdigest(),
        key=key,
    )
    return JobRecord(
        id=job_id,
        options=record.options,
        original=original,
        created_at=utc_now(),
        owner=record.owner,
        batch_id=record.batch_id,
        item=name,
        forever=record.forever,
        cut_from=record.id,
        trace=record.trace,
    )


def _charge(record: JobRecord, size: tuple[int, int]) -> Charge | None:
    """Count it in its owner's day; what is found on a page that was accepted is not refused."""
    if not record.owner or (record.split and record.split.charged):
        return None
    return Charge(record.owner, Use(jobs=1, pixels=size[0] * size[1]), KeyLimits(), utc_now())
