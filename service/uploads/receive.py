"""From the wire to the disk: an upload is counted, sniffed and hashed while it streams into a draft."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from photochrom.errors import (
    InvalidOption,
    MaskRejected,
    PhotochromError,
    PhotoTooLarge,
    ReferenceRejected,
    UnreadablePhoto,
    UnsupportedFormat,
    UrlRejected,
)
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.sniff import HEAD_BYTES, PhotoFormat, sniff
from photochrom.storage.storage import Draft, Storage

from ..edge.storage_threads import drafted, on_storage_thread
from ..outbound.fetch import Fetcher
from .addressed import addressed
from .form import MASK_FIELD, PHOTO_FIELD, REFERENCE_FIELD, SPLIT_FIELD, Form, wants_split
from .names import safe_name, told_name

_BLOCK = 1 << 18
_DEFAULTS = ColorizeOptions()
_TOLD = 5


@dataclass(frozen=True)
class Upload:
    """A photograph that has arrived whole; `draft` is to be committed by whoever accepts it."""

    draft: Draft
    name: str
    bytes: int
    sha256: str
    format: PhotoFormat
    options: ColorizeOptions
    reference: "Upload | None" = None
    """A colour photograph that came with it."""
    reference_job: str = ""
    """The job that was named in place of one."""
    repair_mask: "Upload | None" = None
    """An image that says where to repair."""
    split: bool = False
    """It is a scan whose photographs are to be cut out."""


@asynccontextmanager
async def received(
    request: Request,
    storage: Storage,
    max_bytes: int,
    fetcher: Fetcher | None = None,
    base: ColorizeOptions = _DEFAULTS,
    owner: str = "",
) -> AsyncIterator[Upload]:
    """Receive the body, multipart, raw or fetched from the address in it; leave nothing behind if it breaks off.

    `base` are the default options; `owner` is whose fetches wait for each other.

    Raises:
        UnsupportedFormat: neither an image by its first bytes, nor sent as one.
        UnreadablePhoto: there is no photograph in the body.
        ReferenceRejected, MaskRejected: a reference or a mask came with it that is no image.
        UrlRejected, UrlUnreachable: it names an address, and nothing is or can be fetched from there.
        PhotoTooLarge: more than `max_bytes`.
        InvalidOption: an option is unknown or wrong; the message names it.
        StorageFull: no room on the disk.
    """
    async with AsyncExitStack() as drafts:
        files = _Files(drafts, storage, max_bytes)
        kind = (
            request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
        )
        if kind == "multipart/form-data":
            fields, names = await _multipart(request, files)
        elif kind == "application/json":
            fields, names = await _fetched(request, files, fetcher, owner)
        elif kind.startswith("image/") or kind == "application/octet-stream":
            fields, names = {}, {PHOTO_FIELD: _raw_name(request)}
            async for chunk in request.stream():
                await files.feed(PHOTO_FIELD, chunk)
        else:
            raise UnsupportedFormat(
                f"The body is sent as {kind[:64] or 'nothing'}; send multipart/form-data with a {PHOTO_FIELD!r} part, "
                "or the image alone as image/jpeg or application/octet-stream."
            )
        await files.flush()
        # A field that is there and empty says nothing, and what the query says holds.
        given = _query(request) | {name: value for name, value in fields.items() if value != ""}
        reference_job = given.pop(REFERENCE_FIELD, "")
        split = wants_split(str(given.pop(SPLIT_FIELD, "")))
        yield replace(
            await files.upload(PHOTO_FIELD, names[PHOTO_FIELD], parse_options(given, base)),
            reference=await _companion(REFERENCE_FIELD, files, names),
            reference_job=reference_job,
            repair_mask=await _companion(MASK_FIELD, files, names),
            split=split,
        )


async def _fetched(
    request: Request, files: "_Files", fetcher: Fetcher | None, owner: str
) -> tuple[dict[str, Any], dict[str, str]]:
    given = await addressed(request)
    if fetcher is None:
        raise UrlRejected("This service fetches no photographs from addresses; send the file itself.")
    disposition, last = await fetcher.fetch(given.url, partial(files.feed, PHOTO_FIELD), owner)
    return {**given.options, REFERENCE_FIELD: given.reference, SPLIT_FIELD: given.split}, {
        PHOTO_FIELD: given.name or told_name(disposition) or last
    }


async def _companion(field: str, files: "_Files", names: Mapping[str, str]) -> Upload | None:
    if field not in names:
        return None
    try:
        return await files.upload(field, names[field], _DEFAULTS)
    except (UnsupportedFormat, UnreadablePhoto) as error:
        raise _refused(field, error) from error


def _refused(field: str, error: PhotochromError) -> PhotochromError:
    """Say which of the files is wrong; of the photograph that is plain."""
    if field == REFERENCE_FIELD:
        return ReferenceRejected(f"The reference photograph cannot be used: {error}")
    return MaskRejected(f"The repair mask cannot be used: {error}") if field == MASK_FIELD else error


def parse_options(given: Mapping[str, Any], base: ColorizeOptions = _DEFAULTS) -> ColorizeOptions:
    """Return `base` with the given options, as text or as JSON has them; empty texts count as not given.

    Raises:
        InvalidOption: one is unknown or out of range; the message names it.
    """
    chosen = {key: value for key, value in given.items() if value != ""}
    try:
        return ColorizeOptions.model_validate({**base.known().model_dump(), **chosen})
    except ValidationError as error:
        said = "; ".join(_wrong(".".join(map(str, item["loc"])), item) for item in error.errors()[:_TOLD])
        raise InvalidOption(f"{said}.") from None


def _check_field(name: str) -> None:
    if name != SPLIT_FIELD and name not in ColorizeOptions.model_fields:
        parse_options({name: "?"})


def _wrong(name: str, item: Mapping[str, object]) -> str:
    if item["type"] == "extra_forbidden":
        known = ", ".join(ColorizeOptions.model_fields)
        return f"There is no option {name[:64]!r}; there are {known}"
    said = str(item["msg"]).removeprefix("Value error, ")
    # What is wrong with two options together names them itself.
    return f"{name}: {said}" if name else said


def _query(request: Request) -> dict[str, str]:
    given: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key in given:
            raise InvalidOption(f"The query has two values for {key[:64]!r}; send one.")
        given[key] = value
    given.pop("name", None)
    return given


def _raw_name(request: Request) -> str:
    return request.query_params.get("name") or told_name(request.headers.get("content-disposition", ""))


@dataclass
class Sink:
    """Takes one photograph's bytes: counts, sniffs, hashes, writes."""

    draft: Draft
    max_bytes: int
    size: int = 0
    _digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    _head: bytes = b""
    _format: PhotoFormat | None = None

    @property
    def sha256(self) -> str:
        """Return the digest of what was written so far."""
        return self._digest.hexdigest()

    def expect(self, size: int) -> None:
        """Raise `PhotoTooLarge` for a photograph of this many bytes, before or while they come."""
        if size > self.max_bytes:
            limit = self.max_bytes / 2**20
            raise PhotoTooLarge(f"The photograph is larger than {limit:g} MiB, the limit of this server.")

    def write(self, block: bytes) -> None:
        """Take the next block; the first ones tell the format, so no half gigabyte of video is read on.

        Raises:
            PhotoTooLarge, UnsupportedFormat, StorageFull.
        """
        if self._format is None:
            self._head += block[: HEAD_BYTES - len(self._head)]
            if len(self._head) == HEAD_BYTES:
                self._format = sniff(self._head)
        self.size += len(block)
        self.expect(self.size)
        self._digest.update(block)
        self.draft.write(block)

    def close(self) -> PhotoFormat:
        """Return the format; what is shorter than a head is judged now."""
        return self._format or sniff(self._head)


@dataclass
class _Blocks:
    """Gathers the small chunks of the network into blocks, and writes those on a thread."""

    sink: Sink
    _buffer: bytearray = field(default_factory=bytearray)

    async def feed(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= _BLOCK or self.sink.size == 0:
            await self.flush()

    async def flush(self) -> None:
        block, self._buffer = bytes(self._buffer), bytearray()
        await on_storage_thread(self.sink.write, block)


class _Files:
    """The files of one upload, each with a draft of its own from its first byte."""

    def __init__(self, drafts: AsyncExitStack, storage: Storage, max_bytes: int) -> None:
        self._drafts, self._storage, self._max_bytes = drafts, storage, max_bytes
        self._blocks: dict[str, _Blocks] = {}

    async def feed(self, field: str, data: bytes) -> None:
        try:
            await (await self._of(field)).feed(data)
        except UnsupportedFormat as error:
            raise _refused(field, error) from None

    async def flush(self) -> None:
        for blocks in self._blocks.values():
            await blocks.flush()

    async def upload(self, field: str, name: str, options: ColorizeOptions) -> Upload:
        sink = (await self._of(field)).sink
        return Upload(sink.draft, safe_name(name), sink.size, sink.sha256, sink.close(), options)

    async def _of(self, field: str) -> _Blocks:
        if field not in self._blocks:
            draft = await self._drafts.enter_async_context(drafted(self._storage))
            self._blocks[field] = _Blocks(Sink(draft, self._max_bytes))
        return self._blocks[field]


async def _in_blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Gather small chunks, for each block costs a thread's turn; the first comes at once, to be refused at once."""
    buffer, least = bytearray(), 1
    async for chunk in chunks:
        buffer += chunk
        while len(buffer) >= least:
            yield bytes(buffer[:_BLOCK])
            del buffer[:_BLOCK]
            least = _BLOCK
    yield bytes(buffer)


async def _multipart(request: Request, files: _Files) -> tuple[dict[str, str], dict[str, str]]:
    boundary = parse_options_header(request.headers["content-type"])[1].get(b"boundary")
    if not boundary:
        raise UnreadablePhoto("The Content-Type names no multipart boundary; let your HTTP library set it.")
    form = Form(_check_field)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        async for block in _in_blocks(request.stream()):
            # On a thread: whatever the body is made of, others are answered meanwhile.
            await run_in_threadpool(parser.write, block)
            for field, data in form.file_data():
                await files.feed(field, data)
        parser.finalize()
    except FormParserError as error:
        raise UnreadablePhoto(f"The multipart body is malformed: {error}.") from None
    if not form.complete:
        raise UnreadablePhoto("The multipart body ends before its last boundary; it was cut off.")
    if PHOTO_FIELD not in form.file_names:
        raise UnreadablePhoto(f"The form has no part named {PHOTO_FIELD!r}; send the photograph there.")
    return form.fields, form.file_names
