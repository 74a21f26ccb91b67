"""Originals and results in an S3-compatible object store, so that workers on other machines need no shared disk.

An object appears with its last byte: a PUT, and the end of a multipart upload, are atomic in S3. Where a local file is
needed (for a job in progress, or an upload), it is a draft on this machine and is removed like one.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from ..errors import ObjectNotFound, StorageFull, StorageUnavailable
from .drafts import DraftFile, Drafts
from .keys import MARKER, TRASH
from .storage import Reading, StoredObject, checked_key

if TYPE_CHECKING:
    from ..settings import SharedSettings

# Smaller ones go in one PUT; the parts of larger ones are sent side by side.
_PART_BYTES = 16 << 20
_PARTS_AT_ONCE = 4
_READ_BYTES = 1 << 18
_CONNECT_SECONDS = 5
# Without a byte from the store; a whole photograph may take longer, since its receiver may be slow.
_SILENT_SECONDS = 30
_UPLOAD_SECONDS = 60
_WHOLE_SECONDS = 600
_PROBE = "probe"
# How servers report a full store: S3 itself is never full; MinIO, Ceph, SeaweedFS and stores with quotas may be.
_FULL = re.compile(
    r"StorageFull|QuotaExceeded|InsufficientStorage|status code: 507|No space left|no writable volumes",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId|403 Forbidden|401 Unauthorized")
_NO_BUCKET = re.compile(r"NoSuchBucket|InvalidBucketName")


class ObjectStorage:
    """See `Storage`; safe to share between threads."""

    def __init__(self, settings: "SharedSettings", scratch: Path, keep_free: int = 0) -> None:
        self._bucket, prefix = bucket_and_prefix(settings.storage)
        self._store = _store(settings, self._bucket, prefix, settings.s3_endpoint)
        # The answer comes only after everything is sent: four parts at a time, through a line that may be slow.
        self._uploads = _store(settings, self._bucket, prefix, settings.s3_endpoint, _UPLOAD_SECONDS)
        self._public = _store(
            settings, self._bucket, prefix, settings.s3_public_endpoint or settings.s3_endpoint
        )
        self._link_seconds = settings.s3_link_seconds
        self._drafts = Drafts(scratch, keep_free)

    @contextmanager
    def draft(self) -> Iterator["_ObjectDraft"]:
        """See `Storage.draft`."""
        with self._drafts.new() as file:
            yield _ObjectDraft(self, file)

    @contextmanager
    def file(self, key: str) -> Iterator[Path]:
        """See `Storage.file`."""
        with self._drafts.new() as file:
            for chunk in self.read(key).chunks:
                file.write(chunk)
            yield file.path

    def read(self, key: str, start: int = 0, end: int | None = None) -> Reading:
        """See `Storage.read`."""
        options: Any = {}
        if end is not None:
            options = {"range": (start, end)}
        elif start:
            options = {"range": {"offset": start}}
        with self._errors(key):
            found = obstore.get(self._store, checked_key(key), options=options)
        return Reading(found.meta["size"], self._chunks(key, iter(found.stream(_READ_BYTES))))

    def size(self, key: str) -> int:
        """See `Storage.size`."""
        with self._errors(key):
            try:
                return obstore.head(self._store, checked_key(key))["size"]
            except FileNotFoundError:
                # The answer has no body: only other calls distinguish a missing object from a missing bucket.
                next(iter(obstore.list(self._store, key)), None)
                raise

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        try:
            with self._errors(key):
                obstore.delete(self._store, checked_key(key))
        except ObjectNotFound:
            checked_key(key)

    def move(self, key: str, to: str) -> None:
        """See `Storage.move`: the store makes a copy itself, then the first object is deleted."""
        with self._errors(key):
            obstore.copy(self._store, checked_key(key), checked_key(to))
        self.delete(key)

    def listing(self, prefix: str = "") -> Iterator[StoredObject]:
        """See `Storage.listing`."""
        with self._errors("objects"):
            for page in obstore.list(self._store, prefix or None):
                for meta in page:
                    if prefix or not _is_our_own(meta["path"]):
                        yield StoredObject(meta["path"], meta["size"], meta["last_modified"])

    def local_path(self, key: str) -> None:
        """Return None: objects are not files. Whether this one exists shows when it is read."""
        checked_key(key)

    def link(self, key: str) -> str:
        """See `Storage.link`; signed for the store's public address, without a request to the store."""
        return obstore.sign(self._public, "GET", checked_key(key), timedelta(seconds=self._link_seconds))

    def discard_drafts(self) -> int:
        """See `Storage.discard_drafts`."""
        return self._drafts.discard_dead()

    def check_writable(self) -> None:
        """See `Storage.check_writable`."""
        with self._errors(_PROBE):
            obstore.put(self._store, _PROBE, b"\0")

    def _upload(self, path: Path, key: str, attributes: dict[str, str]) -> None:
        with self._errors(key):
            obstore.put(
                self._uploads,
                checked_key(key),
                path,
                attributes=cast("Any", attributes),
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )

    def _chunks(self, key: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        with self._errors(key):
            for chunk in chunks:
                yield bytes(chunk)

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """Return our error for the store's; the store's own message stays as the cause, for the log."""
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            raise self._named(key, error) from error

    def _named(self, key: str, error: Exception) -> Exception:
        said = str(error)
        if _NO_BUCKET.search(said):
            return StorageUnavailable(
                f"There is no bucket {self._bucket!r}; create it, or correct PHOTOCHROM_STORAGE."
            )
        if isinstance(error, FileNotFoundError):
            return ObjectNotFound(f"The storage holds no {key!r}.")
        if _FULL.search(said):
            return StorageFull("The object store is full; free some space and try again.")
        if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _REFUSED.search(said):
            return StorageUnavailable(
                f"The object store refuses our keys for bucket {self._bucket!r}; correct PHOTOCHROM_S3_ACCESS_KEY_ID "
                "and its secret, or what the key may do."
            )
        return StorageUnavailable(
            "The object store cannot be reached, or failed; check it and PHOTOCHROM_S3_ENDPOINT, then try again."
        )


class _ObjectDraft:
    def __init__(self, storage: ObjectStorage, file: DraftFile) -> None:
        self._storage = storage
        self.path = file.path
        self.write = file.write

    def commit(self, key: str, *, media_type: str = "", name: str = "") -> None:
        attributes = {"Content-Type": media_type} if media_type else {}
        if name:
            # A link cannot be given a name later: the store sends what is set here.
            attributes["Content-Disposition"] = f"attachment; filename*=utf-8''{quote(name, safe='')}"
        self._storage._upload(self.path, key, attributes)


def _is_our_own(key: str) -> bool:
    return key in {_PROBE, MARKER} or key.startswith(f"{TRASH}/")


def bucket_and_prefix(url: str) -> tuple[str, str | None]:
    """Return the parts of `s3://bucket/prefix`."""
    parts = urlsplit(url)
    return parts.netloc, parts.path.strip("/") or None


def _store(
    settings: "SharedSettings",
    bucket: str,
    prefix: str | None,
    endpoint: str,
    silent_seconds: int = _SILENT_SECONDS,
) -> S3Store:
    config: dict[str, Any] = {"region": settings.s3_region}
    if endpoint:
        config["endpoint"] = endpoint
    if settings.s3_access_key_id:
        config["access_key_id"] = settings.s3_access_key_id
        config["secret_access_key"] = settings.s3_secret()
    return S3Store(
        bucket,
        prefix=prefix,
        config=cast("Any", config),
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
            "read_timeout": timedelta(seconds=silent_seconds),
            "timeout": timedelta(seconds=_WHOLE_SECONDS),
        },
        retry_config={"retry_timeout": timedelta(seconds=settings.s3_retry_seconds), "max_retries": 10},
    )
