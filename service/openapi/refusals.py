"""One of each error, for the OpenAPI document: what it says, and which calls may answer with it."""

import re
from dataclasses import dataclass
from typing import Any

from photochrom import errors

from ..edge.problems import make_problem, status_of
from .samples import BATCH_ID, JOB_ID

_ALL = r".*"
_UPLOADS = r"POST /v1/jobs|PUT /v1/batches/\{batch_id\}/items/.*"
_PAID = r"POST /v1/batches|POST .*:(retry|retry-failed|ping|replay)|GET .*/suggestions"
_ARCHIVE = r"POST /v1/batches/\{batch_id\}/archive"
_RESULTS = r".*/(result|preview|confidence|suggestions|archive\.zip)"
_CHANGING = r"(POST|PUT|PATCH|DELETE) .*"


@dataclass(frozen=True)
class Refusal:
    """An error as callers meet it."""

    status: int
    code: str
    detail: str
    calls: str = _ALL
    members: tuple[tuple[str, Any], ...] = ()

    def of(self, call: str) -> bool:
        """Tell whether `METHOD path` may answer so."""
        return bool(re.fullmatch(self.calls, call))

    def example(self) -> dict[str, Any]:
        """Return the whole answer."""
        body = make_problem(self.status, self.code, self.detail, "/v1/jobs", "01m82jkk9e75enz50t650yysbb")
        return {**body.model_dump(exclude_none=True), **dict(self.members)}


def _of(kind: type[errors.PhotochromError], detail: str, calls: str = _ALL) -> Refusal:
    return Refusal(status_of(kind), kind.code, detail, calls)


_INVALID = (("errors", [{"field": "limit", "detail": "Input should be greater than or equal to 1"}]),)
REFUSALS = (
    Refusal(400, "bad-request", "There was an error parsing the body"),
    _of(errors.KeyRequired, "This service asks for an API key; send it as `Authorization: Bearer phc_...`."),
    _of(errors.InvalidKey, "This is no valid key: it may be mistyped, revoked or expired."),
    _of(
        errors.MissingScope, "This key lacks the scope jobs:write; it has jobs:read.", r"(?!.*/v1/session).*"
    ),
    _of(
        errors.ForeignHost,
        "This server does not go by that host name; PHOTOCHROM_ALLOWED_HOSTS says by which it does.",
    ),
    _of(
        errors.ForeignOrigin,
        "Pages of that origin may change nothing here; PHOTOCHROM_CORS_ORIGINS says which may.",
        _CHANGING,
    ),
    Refusal(404, "not-found", "There is nothing at this address; see /docs for what there is.", r"(?!)"),
    _of(errors.JobNotFound, f"There is no job '{JOB_ID}'; it may have been deleted.", r".*\{job_id\}.*"),
    _of(
        errors.BatchNotFound,
        f"There is no batch '{BATCH_ID}'; it may have been deleted.",
        r".*\{batch_id\}.*",
    ),
    _of(errors.ItemNotFound, "The batch has no item 'wedding/9.jpg'.", r"GET .*/items/\{name\}"),
    _of(
        errors.WebhookNotFound,
        f"There is no webhook '{JOB_ID}'; it may have been deleted.",
        r".*\{webhook_id\}.*",
    ),
    _of(
        errors.DeliveryNotFound,
        f"The log has no delivery '{JOB_ID}'; it may have been forgotten.",
        r".*\{delivery_id\}.*",
    ),
    _of(
        errors.WebhookDisabled,
        "The webhook is disabled (failing); enable it first.",
        r".*/webhooks/.*:(ping|replay)",
    ),
    _of(
        errors.TooManyWebhooks,
        "There are 50 webhooks already; delete one that is not needed.",
        r"POST /v1/webhooks",
    ),
    _of(
        errors.WebhookRejected,
        "Events go to https addresses only; this is http://photos.example/hook.",
        r"POST /v1/webhooks|PATCH /v1/webhooks/.*",
    ),
    _of(
        errors.ObjectNotFound,
        "There is no such picture of this job.",
        r".*/(preview|confidence|reference|keys/me)",
    ),
    Refusal(
        405,
        "method-not-allowed",
        "This address does not take this method; the Allow header says which it takes.",
        r"(?!)",
    ),
    _of(errors.ResultNotReady, "The job is running; there is no result yet.", _RESULTS),
    _of(
        errors.JobConflict,
        f"Job {JOB_ID} is succeeded; it cannot become canceled.",
        r".*/jobs/.*:(cancel|retry)",
    ),
    _of(
        errors.BatchClosed,
        f"Batch {BATCH_ID} takes no more photographs.",
        rf"PUT .*/items/.*|.*:pause|{_ARCHIVE}",
    ),
    _of(
        errors.ItemConflict,
        "The batch has another 'wedding/1.jpg'; delete that job first, or choose another name.",
        r"PUT .*/items/.*",
    ),
    _of(
        errors.ResultExpired,
        "The result was deleted when its time was over; upload the photograph again.",
        _RESULTS,
    ),
    _of(
        errors.OriginalExpired,
        "The original was deleted when its time was over.",
        r".*/(original|reference|suggestions)",
    ),
    _of(
        errors.PhotoTooLarge,
        "The photograph is larger than 256 MiB, the limit of this server.",
        f"{_UPLOADS}|{_ARCHIVE}",
    ),
    _of(
        errors.RequestTooSlow,
        "The body did not come on; send it faster than 1 KiB/s, without pauses.",
        r"(POST|PUT|PATCH) .*",
    ),
    _of(errors.RequestTooLarge, "This call takes no more than 64 KiB.", rf"(?!{_UPLOADS}|{_ARCHIVE}).*"),
    _of(
        errors.UnsupportedFormat,
        "This is a PDF; export its pages as images first; Photochrom reads JPEG, PNG, TIFF, WebP, HEIC, …",
        _UPLOADS,
    ),
    Refusal(416, "range-not-satisfiable", "The file ends before this range; Content-Range says where."),
    _of(errors.UnreadablePhoto, "The file is empty.", _UPLOADS),
    _of(errors.PhotoRejected, "The photograph cannot be used.", _UPLOADS),
    _of(errors.ReferenceRejected, "The reference photograph cannot be used: This is a PDF; …", _UPLOADS),
    _of(
        errors.CapabilityMissing,
        "The model photochrom 1.0 was not trained for colour hints; send the job without, or run a model …",
        _UPLOADS,
    ),
    _of(
        errors.InvalidOption, "There is no option 'vivid'; there are format, quality, vividness, …", _UPLOADS
    ),
    _of(
        errors.InvalidName,
        "'../x.jpg' is no name for an item: give a relative path like 'album/1931/wedding.jpg'.",
        r"PUT .*/items/.*",
    ),
    _of(
        errors.IdempotencyMismatch,
        "This Idempotency-Key was used with another photograph or other options.",
        r"POST /v1/jobs",
    ),
    _of(errors.ArchiveRejected, "This is neither a zip nor a tar that can be read.", _ARCHIVE),
    Refusal(422, "invalid-request", "limit: Input should be greater than or equal to 1", members=_INVALID),
    _of(errors.TooManyRequests, "This key may make 6000 requests a minute; go on when Retry-After says so."),
    _of(
        errors.QuotaExceeded,
        "This key may send 50000 jobs a day (UTC), and this is more; GET /v1/limits says what is left. "
        "Go on tomorrow, or ask the operator for more.",
        f"{_UPLOADS}|{_ARCHIVE}|{_PAID}",
    ),
    _of(
        errors.QueueFull, "100000 jobs wait already; try again when some are done.", f"{_UPLOADS}|{_ARCHIVE}"
    ),
    _of(
        errors.TooManyUploads,
        "32 uploads of this key's owner are under way; send the next one when one is done.",
        f"{_UPLOADS}|{_ARCHIVE}",
    ),
    _of(
        errors.TooManyBatches,
        "1000 batches of this key's owner are open; seal, cancel or delete one that gets no more photographs.",
        r"POST /v1/batches",
    ),
    _of(errors.TooManyArchives, "Other archives are being unpacked; try again when they are done.", _ARCHIVE),
    Refusal(500, "internal-error", "Something went wrong on our side; quote the request_id in a report."),
    _of(errors.QueueUnavailable, "The queue cannot be reached; try again in a moment."),
    Refusal(503, "not-ready", "queue: ok; storage: ok; workers: 0.", r"GET /readyz"),
    _of(
        errors.StorageUnavailable,
        "The object store cannot be reached, or failed; look at it and at PHOTOCHROM_S3_ENDPOINT, then try again.",
        rf"{_UPLOADS}|{_ARCHIVE}|{_RESULTS}|.*/original|DELETE .*",
    ),
    _of(errors.StorageFull, "The disk is full; free some space and try again."),
    _of(
        errors.StorageReadOnly,
        "The storage cannot be written (Read-only file system); make it writable and try again.",
    ),
)


def codes_of(call: str, status: int) -> list[str]:
    """Return the codes with which `METHOD path` may answer under this status."""
    return [refusal.code for refusal in REFUSALS if refusal.status == status and refusal.of(call)]
