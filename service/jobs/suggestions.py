"""What the network holds for likely at a spot, for somebody who is about to give a colour hint there."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Response
from pydantic import BaseModel, Field

from photochrom.as_json import AS_JSON
from photochrom.errors import (
    JobConflict,
    JobNotFound,
    ObjectNotFound,
    OriginalExpired,
    QuotaExceeded,
    ResultExpired,
    ResultNotReady,
    StorageUnavailable,
)
from photochrom.jobs.queue import Extra
from photochrom.jobs.record import JobRecord

from ..deps import CallerDep, JobId, ServicesDep
from ..edge import problems
from ..edge.routing import Router
from ..edge.storage_threads import waits_for_storage
from ..live.later import ask_again, described
from .extras import ask_for
from .files import result_of

if TYPE_CHECKING:
    from photochrom.photo.suggestions import SpotColor

router = Router(prefix="/v1/jobs", tags=["jobs"])
Share = Annotated[
    float,
    Query(ge=0, le=1, description="As in a hint: a share of the upright photograph's side."),
    AS_JSON,
]


class SuggestedColor(BaseModel):
    """One colour, at the lightness of the spot."""

    a: Annotated[float, Field(description="CIELAB a*, as a hint takes it.")]
    b: float
    color: Annotated[str, Field(examples=["#a04030"], description="The same in sRGB, for display.")]
    distance: Annotated[float, Field(description="Distance from the present colour, in the ab plane.")]


class Suggestions(BaseModel):
    """The colours at one spot."""

    ready: Annotated[bool, Field(description="False while a worker looks for them: ask again.")]
    present: Annotated[SuggestedColor | None, Field(description="What the result shows there.")] = None
    suggestions: Annotated[
        list[SuggestedColor], Field(description="Up to 6, nearest to the present one first.")
    ] = []


@router.get(
    "/{job_id}/suggestions",
    summary="See which colours are likely at a spot",
    response_model=Suggestions,
    responses={
        **described(Suggestions, "A worker looks for them"),
        **problems.responses(
            JobNotFound,
            ResultNotReady,
            ResultExpired,
            OriginalExpired,
            StorageUnavailable,
            JobConflict,
            QuotaExceeded,
            problems.INVALID_REQUEST,
        ),
    },
)
@waits_for_storage
def suggestions(
    job_id: JobId, services: ServicesDep, caller: CallerDep, response: Response, x: Share, y: Share
) -> Suggestions:
    """Return likely colours at a spot of a finished job. The first call has a worker find them for all spots.

    That takes seconds, and counts as one photograph of the quota. Jobs of one owner are looked at one after the other.
    """
    result = result_of(services.store, job_id)
    if result.suggestions_key is None:
        record = services.store.get(job_id)
        if not record.original.key:
            raise OriginalExpired("The original was deleted when its time was over.")
        ask_for(services, caller, record, Extra.SUGGESTIONS, JobRecord.ask_for_suggestions)
        ask_again(response)
        return Suggestions(ready=False)
    try:
        found = services.storage.read(result.suggestions_key)
    except ObjectNotFound as error:
        raise ResultExpired("The result has just been deleted.") from error
    # Imported here: numpy would be a tenth of the API's start, and nothing else in it needs numpy.
    from photochrom.photo.suggestions import LikelyColors

    present, likely = LikelyColors.from_bytes(b"".join(found.chunks)).at(x, y)
    return Suggestions(ready=True, present=_shown(present), suggestions=[_shown(each) for each in likely])


def _shown(spot: "SpotColor") -> SuggestedColor:
    return SuggestedColor(**asdict(spot))
