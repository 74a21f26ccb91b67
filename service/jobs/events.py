"""The events of one job."""

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from photochrom.errors import JobNotFound

from ..deps import JobId, ServicesDep
from ..edge import problems
from ..edge.routing import Router
from ..live.standing import Standing
from ..live.streams import EVENTS, LastEventId, answer_live
from .standing import standing

router = Router(tags=["events"])


@router.get(
    "/v1/jobs/{job_id}/events",
    summary="Follow a job live",
    response_class=StreamingResponse,
    responses={**EVENTS, **problems.responses(JobNotFound)},
)
async def job_events(
    job_id: JobId, services: ServicesDep, request: Request, last_event_id: LastEventId = None
) -> Response:
    """Send the job now and after each change; ends when the job does. Reconnecting resumes by Last-Event-ID."""

    def look() -> Standing:
        # Without its position in the queue, which costs a search and changes without an event.
        return standing(services.store.get(job_id))

    return await answer_live(request, services.watcher, job_id, look, "job", last_event_id=last_event_id)
