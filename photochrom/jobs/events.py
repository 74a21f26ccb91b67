"""The events that webhooks send: the end of a job or a batch, with only what is needed to ask for the rest.

The script that changes the record also writes the event (see `scripts`), as the JSON of an `Event`.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ..ids import new_id
from ..times import utc_now
from .record import JobRecord
from .states import JobState


class EventType(StrEnum):
    """All events. A job that will be retried has not failed, so it sends none."""

    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELED = "job.canceled"
    BATCH_COMPLETED = "batch.completed"
    BATCH_COMPLETED_WITH_ERRORS = "batch.completed_with_errors"
    BATCH_CANCELED = "batch.canceled"
    PING = "webhook.ping"


SUBSCRIBABLE = tuple(kind for kind in EventType if kind is not EventType.PING)


class Event(BaseModel):
    """One event, the same for all receivers."""

    model_config = ConfigDict(frozen=True)

    id: Annotated[str, Field(description="Derived from the job or batch and its end: no end has two ids.")]
    type: EventType
    at: Annotated[float, Field(description="Seconds since 1970.")]
    owner: Annotated[str, Field(description="Whose job or batch it is; never sent.")] = ""
    item: Annotated[bool, Field(description="True of a job that belongs to a batch.")] = False
    subject: dict[str, Any] = {}

    def payload(self, public_url: str = "") -> "Payload":
        """Return what is sent; links begin with `public_url`."""
        links = {name: public_url + path for name, path in _links(self.type, self.subject).items()}
        timestamp = datetime.fromtimestamp(self.at, UTC)
        return Payload(type=self.type, timestamp=timestamp, data={**self.subject, **links})


class Payload(BaseModel):
    """The body of a delivery, as Standard Webhooks defines it."""

    model_config = ConfigDict(frozen=True)

    type: EventType
    timestamp: datetime
    data: dict[str, Any]


def end_of(job: JobRecord) -> str:
    """Return the event of a job that has just finished, as JSON; the revision makes its id unique."""
    subject = {
        "id": job.id,
        "state": job.state,
        "batch_id": job.batch_id,
        "item": job.item,
        "error_code": job.error.code if job.error else None,
        **({"kind": "page"} if job.split else {}),
    }
    return Event(
        id=f"evt_{job.id}_{job.revision}",
        type=EventType(f"job.{job.state}"),
        at=(job.finished_at or utc_now()).timestamp(),
        owner=job.owner,
        item=job.batch_id is not None,
        subject=subject,
    ).model_dump_json()


def ping(webhook_id: str) -> Event:
    """Return an event that only tests the delivery."""
    return Event(
        id=f"evt_{new_id()}", type=EventType.PING, at=utc_now().timestamp(), subject={"id": webhook_id}
    )


def _links(kind: EventType, subject: dict[str, Any]) -> dict[str, str]:
    collection, _, ended = kind.partition(".")
    if collection == "batch":
        url = f"/v1/batches/{subject['id']}"
        return {"url": url, "archive_url": f"{url}/archive.zip"}
    page = subject.get("kind") == "page"
    url = f"/v1/{'pages' if page else f'{collection}s'}/{subject['id']}"
    return (
        {"url": url, "result_url": f"{url}/result"}
        if ended == JobState.SUCCEEDED and not page
        else {"url": url}
    )
