"""The events of one batch."""

from functools import partial

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from photochrom.errors import BatchNotFound

from ..deps import BatchId, ServicesDep
from ..edge import problems
from ..edge.routing import Router
from ..live.streams import EVENTS, LastEventId, answer_live
from .standing import standing

router = Router(tags=["events"])
# A batch changes with every stage of every item, faster than anyone reads.
_PAUSE_SECONDS = 0.2


@router.get(
    "/v1/batches/{batch_id}/events",
    summary="Follow a batch live",
    response_class=StreamingResponse,
    responses={**EVENTS, **problems.responses(BatchNotFound)},
)
async def batch_events(
    batch_id: BatchId, services: ServicesDep, request: Request, last_event_id: LastEventId = None
) -> Response:
    """Send event `batch` with the whole batch now and as it changes; ends when the batch does."""
    look = partial(standing, services.batches, services.store, batch_id)
    return await answer_live(
        request,
        services.watcher,
        batch_id,
        look,
        "batch",
        last_event_id=last_event_id,
        pause=_PAUSE_SECONDS,
    )
