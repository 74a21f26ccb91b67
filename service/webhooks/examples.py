"""The events of webhooks in the OpenAPI document, each with an example of what a receiver gets."""

from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Header

from photochrom.batches.record import BatchState
from photochrom.jobs.events import SUBSCRIBABLE, Event, EventType, Payload
from photochrom.jobs.states import JobState

_ID = "01m82jkk9e75enz50t650yysbb"
_AT = 1_795_368_064.118


@cache
def event_calls() -> APIRouter:
    """Return the requests that we send, for `FastAPI.webhooks`."""
    router = APIRouter()
    for kind in (*SUBSCRIBABLE, EventType.PING):
        router.post(
            kind,
            summary=f"Sent: {kind}",
            operation_id=f"event {kind}",
            status_code=204,
            openapi_extra={"requestBody": {"content": {"application/json": {"example": example_of(kind)}}}},
        )(_hear)
    return router


def _hear(
    payload: Payload,
    webhook_id: Annotated[str, Header(description="The event's id, the same with every attempt.")],
    webhook_timestamp: Annotated[int, Header(description="Seconds since 1970 of this attempt.")],
    webhook_signature: Annotated[
        str,
        Header(description="`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64, for each secret."),
    ],
) -> None:
    """Answer 2xx when you have it; 410 if you want no more."""


def example_of(kind: EventType) -> dict[str, Any]:
    """Return an event as it is sent."""
    collection, _, state = kind.partition(".")
    subject: dict[str, Any] = {"id": _ID}
    if collection == "job":
        failed = "unreadable-photo" if state == JobState.FAILED else None
        subject |= {"state": state, "batch_id": None, "item": None, "error_code": failed}
    elif collection == "batch":
        counts = {JobState.SUCCEEDED: 1931, JobState.FAILED: int(state == BatchState.COMPLETED_WITH_ERRORS)}
        subject |= {"state": state, "counts": counts}
    event = Event(id=f"evt_{_ID}_7", type=kind, at=_AT, subject=subject)
    return event.payload("https://photos.example").model_dump(mode="json")
