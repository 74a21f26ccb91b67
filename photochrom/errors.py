"""Errors that a user may meet; each has a stable code and says in one sentence what to do.

The domain raises them, the edges translate them once: `service` to problem+json under the status that each knows,
`cli` to an exit code and a line on stderr, `workers` to a failed job record.
"""

from typing import ClassVar

_ID, _BATCH = "01kb3v9m5w8xw7z4y2q6c1n0ra", "01kb3v8zq0h3m6w2x9t4c7r1ef"  # in sample sentences


class PhotochromError(Exception):
    """Base of all errors meant for people; `str(error)` is one sentence, `code` never changes."""

    code: ClassVar[str] = "internal-error"
    http_status: ClassVar[int] = 500
    """With which HTTP status the service answers."""
    sample: ClassVar[str] = ""
    """Such a sentence, for the API's document; empty for errors that no call answers with."""


class PhotoRejected(PhotochromError):
    """The photograph itself is at fault; trying again with the same bytes cannot help."""

    code: ClassVar[str] = "photo-rejected"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = "The photograph cannot be used."


class UnsupportedFormat(PhotoRejected):
    """The bytes are not in a format that Photochrom reads, or use a feature of it that it does not."""

    code: ClassVar[str] = "unsupported-format"
    http_status: ClassVar[int] = 415
    sample: ClassVar[str] = (
        "This is a PDF; export its pages as images first; Photochrom reads JPEG, PNG, TIFF, WebP, HEIC, …"
    )


class UnreadablePhoto(PhotoRejected):
    """The format is known, the file is empty, truncated or damaged."""

    code: ClassVar[str] = "unreadable-photo"
    sample: ClassVar[str] = "The file is empty."


class PhotoTooLarge(PhotoRejected):
    """More bytes or pixels than the configured limits."""

    code: ClassVar[str] = "photo-too-large"
    http_status: ClassVar[int] = 413
    sample: ClassVar[str] = "The photograph is larger than 256 MiB, the limit of this server."


class RequestTooLarge(PhotochromError):
    """The body of a call that takes no photograph is larger than any such call needs."""

    code: ClassVar[str] = "request-too-large"
    http_status: ClassVar[int] = 413
    sample: ClassVar[str] = "This call takes no more than 64 KiB."


class ForeignHost(PhotochromError):
    """The request names a host that the service does not answer to, as after DNS rebinding."""

    code: ClassVar[str] = "foreign-host"
    http_status: ClassVar[int] = 403
    sample: ClassVar[str] = (
        "This server does not answer to that host name; add it to PHOTOCHROM_ALLOWED_HOSTS."
    )


class ForeignOrigin(PhotochromError):
    """A page of another origin wants to change something."""

    code: ClassVar[str] = "foreign-origin"
    http_status: ClassVar[int] = 403
    sample: ClassVar[str] = (
        "Pages of that origin may not change anything here; add it to PHOTOCHROM_CORS_ORIGINS."
    )


class UrlRejected(PhotochromError):
    """The service does not connect to this address of a photograph."""

    code: ClassVar[str] = "url-rejected"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = "Give an https URL; plain http needs PHOTOCHROM_FETCH_ALLOW_HTTP=true."


class UrlUnreachable(PhotochromError):
    """The service may connect to this address, but did not get the whole photograph from it."""

    code: ClassVar[str] = "url-unreachable"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = "The address answered 404 instead of a photograph."


class ReferenceRejected(PhotoRejected):
    """The reference photograph cannot lend its palette: not readable, or without colour."""

    code: ClassVar[str] = "reference-rejected"
    sample: ClassVar[str] = "The reference photograph cannot be used: This is a PDF; …"


class MaskRejected(PhotoRejected):
    """The repair mask does not fit its photograph: not readable, of another size, or with colours."""

    code: ClassVar[str] = "mask-rejected"
    sample: ClassVar[str] = (
        "The repair mask has 640 x 480 pixels and the upright photograph 4000 x 3000; send a mask of …"
    )


class CapabilityMissing(PhotochromError):
    """The job asks for what the model at work was not trained for, or for a format that the workers do not write."""

    code: ClassVar[str] = "capability-missing"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = (
        "The model photochrom 1.0 was not trained for colour hints; send the job without, or run a model …"
    )


class KeyRequired(PhotochromError):
    """The service asks for an API key, and the call shows none."""

    code: ClassVar[str] = "key-required"
    http_status: ClassVar[int] = 401
    sample: ClassVar[str] = "This service asks for an API key; send it as `Authorization: Bearer phc_...`."


class InvalidKey(PhotochromError):
    """The key is unknown, revoked or expired; so is the session that it opened."""

    code: ClassVar[str] = "invalid-key"
    http_status: ClassVar[int] = 401
    sample: ClassVar[str] = "This key is not valid: it may be mistyped, revoked or expired."


class MissingScope(PhotochromError):
    """The key is good, but not for this call."""

    code: ClassVar[str] = "missing-scope"
    http_status: ClassVar[int] = 403
    sample: ClassVar[str] = "This key lacks the scope jobs:write; it has jobs:read."


class KeyNotFound(PhotochromError):
    """No key has this id."""

    code: ClassVar[str] = "key-not-found"


class PreconditionFailed(PhotochromError):
    """The caller knows another state than the one that it wants to read or change."""

    code: ClassVar[str] = "precondition-failed"
    http_status: ClassVar[int] = 412
    sample: ClassVar[str] = "It has changed since this ETag; read it again before you change it."


class TooManyRequests(PhotochromError):
    """The owner of the key has called too often in the last minute."""

    code: ClassVar[str] = "too-many-requests"
    http_status: ClassVar[int] = 429
    sample: ClassVar[str] = (
        "This key may make 6000 requests a minute; try again after the seconds in Retry-After."
    )

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaExceeded(PhotochromError):
    """The owner of the key has sent as many photographs, bytes or pixels as it may in a day."""

    code: ClassVar[str] = "quota-exceeded"
    http_status: ClassVar[int] = 429
    sample: ClassVar[str] = (
        "This key may send 50000 jobs a day (UTC), and this is more; GET /v1/limits says what is left. "
        "Go on tomorrow, or ask the operator for more."
    )

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelRejected(PhotochromError):
    """An ONNX file without a valid model card, or whose graph does not do what its card says."""

    code: ClassVar[str] = "model-rejected"


class DataTooNew(PhotochromError):
    """A newer version has written what is here; this one must not touch it."""

    code: ClassVar[str] = "data-too-new"


class TracingMissing(PhotochromError):
    """Traces are asked for, and what makes them is not installed; said at the start."""

    code: ClassVar[str] = "tracing-missing"


class JobNotFound(PhotochromError):
    """No job has this id (or it was deleted)."""

    code: ClassVar[str] = "job-not-found"
    http_status: ClassVar[int] = 404
    sample: ClassVar[str] = f"There is no job '{_ID}'; it may have been deleted."

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id!r}; it may have been deleted.")
        self.job_id = job_id


class ResultNotReady(PhotochromError):
    """The job has no result (yet): it waits, runs, failed or was canceled."""

    code: ClassVar[str] = "result-not-ready"
    http_status: ClassVar[int] = 409
    sample: ClassVar[str] = "The job is running; there is no result yet."


class JobConflict(PhotochromError):
    """The job's state does not allow this change."""

    code: ClassVar[str] = "job-conflict"
    http_status: ClassVar[int] = 409
    sample: ClassVar[str] = f"Job {_ID} is succeeded; it cannot become canceled."


class OriginalExpired(PhotochromError):
    """The original was there; its time is over and it was deleted."""

    code: ClassVar[str] = "original-expired"
    http_status: ClassVar[int] = 410
    sample: ClassVar[str] = "The original was deleted when its time was over."


class BatchNotFound(PhotochromError):
    """No batch has this id (or it was deleted)."""

    code: ClassVar[str] = "batch-not-found"
    http_status: ClassVar[int] = 404
    sample: ClassVar[str] = f"There is no batch '{_BATCH}'; it may have been deleted."

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"There is no batch {batch_id!r}; it may have been deleted.")
        self.batch_id = batch_id


class BatchClosed(PhotochromError):
    """The batch is sealed or canceled; it takes no more photographs."""

    code: ClassVar[str] = "batch-closed"
    http_status: ClassVar[int] = 409
    sample: ClassVar[str] = f"Batch {_BATCH} takes no more photographs."


class ItemNotFound(PhotochromError):
    """The batch has no item of this name."""

    code: ClassVar[str] = "item-not-found"
    http_status: ClassVar[int] = 404
    sample: ClassVar[str] = "The batch has no item 'wedding/9.jpg'."


class ItemConflict(PhotochromError):
    """The batch has an item of this name with another photograph or other options."""

    code: ClassVar[str] = "item-conflict"
    http_status: ClassVar[int] = 409
    sample: ClassVar[str] = (
        "The batch has another 'wedding/1.jpg'; delete that job first, or choose another name."
    )


class ArchiveRejected(PhotochromError):
    """The archive as a whole cannot be read: damaged, of an unknown kind, or built to do harm."""

    code: ClassVar[str] = "archive-rejected"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = "This is neither a zip nor a tar that can be read."


class TooManyArchives(PhotochromError):
    """No more archives may be unpacked at the same time."""

    code: ClassVar[str] = "too-many-archives"
    http_status: ClassVar[int] = 429
    sample: ClassVar[str] = "Other archives are being unpacked; try again when they are done."


class TooManyBatches(PhotochromError):
    """The owner of the key may have no more open batches."""

    code: ClassVar[str] = "too-many-batches"
    http_status: ClassVar[int] = 409
    sample: ClassVar[str] = (
        "1000 batches of this key's owner are open; seal, cancel or delete one that gets no more photographs."
    )


class TooManyUploads(PhotochromError):
    """The owner of the key may send no more uploads at the same time."""

    code: ClassVar[str] = "too-many-uploads"
    http_status: ClassVar[int] = 429
    sample: ClassVar[str] = (
        "32 uploads of this key's owner are under way; send the next one when one is done."
    )


class WebhookNotFound(PhotochromError):
    """No webhook has this id (or it was deleted)."""

    code: ClassVar[str] = "webhook-not-found"
    http_status: ClassVar[int] = 404
    sample: ClassVar[str] = f"There is no webhook '{_ID}'; it may have been deleted."

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"There is no webhook {webhook_id!r}; it may have been deleted.")


class DeliveryNotFound(PhotochromError):
    """The webhook's log has no such delivery (any more)."""

    code: ClassVar[str] = "delivery-not-found"
    http_status: ClassVar[int] = 404
    sample: ClassVar[str] = f"The log has no delivery '{_ID}'; it may have been forgotten."

    def __init__(self, delivery_id: str) -> None:
        super().__init__(f"The log has no delivery {delivery_id!r}; it may have been forgotten.")


class WebhookRejected(PhotochromError):
    """Events are not sent to this address."""

    code: ClassVar[str] = "webhook-rejected"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = "Events go to https addresses only; this is http://photos.example/hook."


class WebhookDisabled(PhotochromError):
    """Nothing is sent to a webhook that is disabled."""

    code: ClassVar[str] = "webhook-disabled"
    http_status: ClassVar[int] = 409
    sample: ClassVar[str] = "The webhook is disabled (failing); enable it first."


class TooManyWebhooks(PhotochromError):
    """As many webhooks as the operator allows."""

    code: ClassVar[str] = "too-many-webhooks"
    http_status: ClassVar[int] = 409
    sample: ClassVar[str] = "There are 50 webhooks already; delete one that is not needed."


class InvalidName(PhotochromError):
    """The name of an item is not a relative path that every system allows."""

    code: ClassVar[str] = "invalid-name"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = (
        "'../x.jpg' is not a name for an item: give a relative path like 'album/1931/wedding.jpg'."
    )


class IdempotencyMismatch(PhotochromError):
    """An idempotency key came again with another body or other options."""

    code: ClassVar[str] = "idempotency-mismatch"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = "This Idempotency-Key was used with another photograph or other options."


class TilesNotReady(PhotochromError):
    """A worker is still making the tiles of this picture."""

    code: ClassVar[str] = "tiles-not-ready"
    http_status: ClassVar[int] = 503
    sample: ClassVar[str] = "The tiles of this picture are being made; ask again in a moment."


class WorkersTooOld(PhotochromError):
    """A running worker is of an older version, which does not know this kind of job or an option of it."""

    code: ClassVar[str] = "workers-too-old"
    http_status: ClassVar[int] = 503
    sample: ClassVar[str] = (
        "A worker of an older version is at work, which would take an album page for one photograph; try again when "
        "all workers are of this version."
    )


class PageNotFound(PhotochromError):
    """No scan of album pages has this id (or it was deleted)."""

    code: ClassVar[str] = "page-not-found"
    http_status: ClassVar[int] = 404
    sample: ClassVar[str] = f"There is no page '{_ID}'; it may have been deleted."

    def __init__(self, page_id: str) -> None:
        super().__init__(f"There is no page {page_id!r}; it may have been deleted.")


class FramesNotReady(PhotochromError):
    """The photographs of a page have not been found."""

    code: ClassVar[str] = "frames-not-ready"
    http_status: ClassVar[int] = 409
    sample: ClassVar[str] = "The page is running; its photographs are not found yet."


class BadFrames(PhotochromError):
    """The frames do not fit their page."""

    code: ClassVar[str] = "bad-frames"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = "Frame 2 lies outside of the page of 2400 x 1800 pixels; move it onto it."


class ResultExpired(PhotochromError):
    """The result was there; its time is over and it was deleted."""

    code: ClassVar[str] = "result-expired"
    http_status: ClassVar[int] = 410
    sample: ClassVar[str] = "The result was deleted when its time was over; upload the photograph again."


class ObjectNotFound(PhotochromError):
    """The storage holds nothing under this key."""

    code: ClassVar[str] = "object-not-found"
    http_status: ClassVar[int] = 404
    sample: ClassVar[str] = "There is no such picture of this job."


class RequestTooSlow(PhotochromError):
    """The upload stalled."""

    code: ClassVar[str] = "request-too-slow"
    http_status: ClassVar[int] = 408
    sample: ClassVar[str] = "The upload stalled. Send at least 1 KiB/s without long pauses."


class StorageFull(PhotochromError):
    """The disk behind the storage is full; nothing partial was left visible."""

    code: ClassVar[str] = "storage-full"
    http_status: ClassVar[int] = 507
    sample: ClassVar[str] = "The disk is full; free some space and try again."


class StorageReadOnly(StorageFull):
    """The disk behind the storage takes no writes: mounted read-only, or the folder is not ours to write."""

    code: ClassVar[str] = "storage-read-only"
    sample: ClassVar[str] = (
        "The storage cannot be written (Read-only file system); make it writable and try again."
    )


class StorageUnavailable(PhotochromError):
    """The object store cannot be reached, or refuses our keys or bucket."""

    code: ClassVar[str] = "storage-unavailable"
    http_status: ClassVar[int] = 503
    sample: ClassVar[str] = (
        "The object store cannot be reached, or failed; look at it and at PHOTOCHROM_S3_ENDPOINT, then try again."
    )


class QueueFull(PhotochromError):
    """More jobs wait than the operator allows."""

    code: ClassVar[str] = "queue-full"
    http_status: ClassVar[int] = 429
    sample: ClassVar[str] = "100000 jobs wait already; try again when some are done."


class InvalidOption(PhotochromError):
    """An option of the call does not exist or has a value that it cannot have."""

    code: ClassVar[str] = "invalid-option"
    http_status: ClassVar[int] = 422
    sample: ClassVar[str] = "There is no option 'vivid'; there are format, quality, vividness, …"


class QueueUnavailable(PhotochromError):
    """Redis cannot be reached."""

    code: ClassVar[str] = "queue-unavailable"
    http_status: ClassVar[int] = 503
    sample: ClassVar[str] = "The queue cannot be reached; try again in a moment."


class JobCanceled(PhotochromError):
    """Raised between pipeline stages when the job's cancel flag is up."""

    code: ClassVar[str] = "job-canceled"
