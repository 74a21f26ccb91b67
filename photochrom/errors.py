"""Errors that a user may meet; each has a stable code and says in one sentence what to do.

The domain raises them, the edges translate them once: `service` to problem+json,
`cli` to an exit code and a line on stderr, `workers` to a failed job record.
"""

from typing import ClassVar


class PhotochromError(Exception):
    """Base of all errors meant for people; `str(error)` is one sentence, `code` never changes."""

    code: ClassVar[str] = "internal-error"


class PhotoRejected(PhotochromError):
    """The photograph itself is at fault; trying again with the same bytes cannot help."""

    code: ClassVar[str] = "photo-rejected"


class UnsupportedFormat(PhotoRejected):
    """The bytes are not in a format that Photochrom reads, or use a feature of it that it does not."""

    code: ClassVar[str] = "unsupported-format"


class UnreadablePhoto(PhotoRejected):
    """The format is known, the file is empty, truncated or damaged."""

    code: ClassVar[str] = "unreadable-photo"


class PhotoTooLarge(PhotoRejected):
    """More bytes or pixels than the configured limits."""

    code: ClassVar[str] = "photo-too-large"


class RequestTooLarge(PhotochromError):
    """The body of a call that takes no photograph is larger than any such call needs."""

    code: ClassVar[str] = "request-too-large"


class ForeignHost(PhotochromError):
    """The request names a host that the service does not go by, as after DNS rebinding."""

    code: ClassVar[str] = "foreign-host"


class ForeignOrigin(PhotochromError):
    """A page of another origin wants to change something."""

    code: ClassVar[str] = "foreign-origin"


class ReferenceRejected(PhotoRejected):
    """The reference photograph cannot lend its palette: not readable, or without colour."""

    code: ClassVar[str] = "reference-rejected"


class CapabilityMissing(PhotochromError):
    """The job asks for something that the model at work was not trained for."""

    code: ClassVar[str] = "capability-missing"


class KeyRequired(PhotochromError):
    """The service asks for an API key, and the call shows none."""

    code: ClassVar[str] = "key-required"


class InvalidKey(PhotochromError):
    """The key is unknown, revoked or expired; so is the session that it opened."""

    code: ClassVar[str] = "invalid-key"


class MissingScope(PhotochromError):
    """The key is good, but not for this call."""

    code: ClassVar[str] = "missing-scope"


class KeyNotFound(PhotochromError):
    """No key has this id."""

    code: ClassVar[str] = "key-not-found"


class TooManyRequests(PhotochromError):
    """The owner of the key has called too often in the last minute."""

    code: ClassVar[str] = "too-many-requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaExceeded(PhotochromError):
    """The owner of the key has sent as many photographs, bytes or pixels as it may in a day."""

    code: ClassVar[str] = "quota-exceeded"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelRejected(PhotochromError):
    """An ONNX file without a valid model card, or whose graph does not do what its card says."""

    code: ClassVar[str] = "model-rejected"


class TracingMissing(PhotochromError):
    """Traces are asked for, and what makes them is not installed; said at the start."""

    code: ClassVar[str] = "tracing-missing"


class JobNotFound(PhotochromError):
    """No job has this id (or it was deleted)."""

    code: ClassVar[str] = "job-not-found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id!r}; it may have been deleted.")
        self.job_id = job_id


class ResultNotReady(PhotochromError):
    """The job has no result (yet): it waits, runs, failed or was canceled."""

    code: ClassVar[str] = "result-not-ready"


class JobConflict(PhotochromError):
    """The job's state does not allow this change."""

    code: ClassVar[str] = "job-conflict"


class OriginalExpired(PhotochromError):
    """The original was there; its time is over and it was deleted."""

    code: ClassVar[str] = "original-expired"


class BatchNotFound(PhotochromError):
    """No batch has this id (or it was deleted)."""

    code: ClassVar[str] = "batch-not-found"

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"There is no batch {batch_id!r}; it may have been deleted.")
        self.batch_id = batch_id


class BatchClosed(PhotochromError):
    """The batch is sealed or canceled; it takes no more photographs."""

    code: ClassVar[str] = "batch-closed"


class ItemNotFound(PhotochromError):
    """The batch has no item of this name."""

    code: ClassVar[str] = "item-not-found"


class ItemConflict(PhotochromError):
    """The batch has an item of this name with another photograph or other options."""

    code: ClassVar[str] = "item-conflict"


class ArchiveRejected(PhotochromError):
    """The archive as a whole cannot be read: damaged, of an unknown kind, or built to do harm."""

    code: ClassVar[str] = "archive-rejected"


class TooManyArchives(PhotochromError):
    """As many archives are being unpacked as may be at a time."""

    code: ClassVar[str] = "too-many-archives"


class TooManyBatches(PhotochromError):
    """The owner of the key has as many open batches as it may."""

    code: ClassVar[str] = "too-many-batches"


class TooManyUploads(PhotochromError):
    """The owner of the key sends as many uploads as it may at a time."""

    code: ClassVar[str] = "too-many-uploads"


class WebhookNotFound(PhotochromError):
    """No webhook has this id (or it was deleted)."""

    code: ClassVar[str] = "webhook-not-found"

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"There is no webhook {webhook_id!r}; it may have been deleted.")


class DeliveryNotFound(PhotochromError):
    """The webhook's log has no such delivery (any more)."""

    code: ClassVar[str] = "delivery-not-found"

    def __init__(self, delivery_id: str) -> None:
        super().__init__(f"The log has no delivery {delivery_id!r}; it may have been forgotten.")


class WebhookRejected(PhotochromError):
    """The address is none that events are sent to."""

    code: ClassVar[str] = "webhook-rejected"


class WebhookDisabled(PhotochromError):
    """Nothing is sent to a webhook that is disabled."""

    code: ClassVar[str] = "webhook-disabled"


class TooManyWebhooks(PhotochromError):
    """As many webhooks as the operator allows."""

    code: ClassVar[str] = "too-many-webhooks"


class InvalidName(PhotochromError):
    """The name of an item is no relative path that could be a file everywhere."""

    code: ClassVar[str] = "invalid-name"


class IdempotencyMismatch(PhotochromError):
    """An idempotency key came again with another body or other options."""

    code: ClassVar[str] = "idempotency-mismatch"


class ResultExpired(PhotochromError):
    """The result was there; its time is over and it was deleted."""

    code: ClassVar[str] = "result-expired"


class ObjectNotFound(PhotochromError):
    """The storage holds nothing under this key."""

    code: ClassVar[str] = "object-not-found"


class RequestTooSlow(PhotochromError):
    """The body did not come on for too long."""

    code: ClassVar[str] = "request-too-slow"


class StorageFull(PhotochromError):
    """The disk behind the storage is full; nothing partial was left visible."""

    code: ClassVar[str] = "storage-full"


class StorageReadOnly(StorageFull):
    """The disk behind the storage takes no writes: mounted read-only, or the folder is not ours to write."""

    code: ClassVar[str] = "storage-read-only"


class StorageUnavailable(PhotochromError):
    """The object store cannot be reached, or refuses our keys or bucket."""

    code: ClassVar[str] = "storage-unavailable"


class QueueFull(PhotochromError):
    """More jobs wait than the operator allows."""

    code: ClassVar[str] = "queue-full"


class InvalidOption(PhotochromError):
    """An option of the call does not exist or has a value that it cannot have."""

    code: ClassVar[str] = "invalid-option"


class QueueUnavailable(PhotochromError):
    """Redis cannot be reached."""

    code: ClassVar[str] = "queue-unavailable"


class JobCanceled(PhotochromError):
    """Raised between pipeline stages when the job's cancel flag is up."""

    code: ClassVar[str] = "job-canceled"
