"""Colour hints that others of a photograph's series were given, proposed for it where the same thing is found again."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from fastapi import Response
from pydantic import BaseModel, Field

from photochrom.errors import (
    JobConflict,
    JobNotFound,
    ObjectNotFound,
    ResultExpired,
    ResultNotReady,
    StorageUnavailable,
)
from photochrom.jobs.record import JobRecord
from photochrom.photo.hints import Hint

from ..deps import HintsOf, JobId, Services, ServicesDep
from ..edge import problems
from ..edge.routing import Router
from ..edge.storage_threads import waits_for_storage
from ..live.later import ask_again, described
from .files import result_of

if TYPE_CHECKING:
    from photochrom.photo.sight import Sight

router = Router(prefix="/v1/jobs", tags=["jobs"])


class ProposedHint(BaseModel):
    """One hint, where its spot lies in this photograph."""

    hint: Annotated[Hint, Field(description="As the option `hints` takes it.")]
    given_in: Annotated[str, Field(description="Id of the job that has it.")]
    likeness: Annotated[float, Field(description="How similar the two spots look, 0.6 to 1.")]


class Proposals(BaseModel):
    """Hints that were given to other photographs of the series."""

    ready: Annotated[bool, Field(description="False until the batch's series are found: ask again.")]
    proposals: Annotated[list[ProposedHint], Field(description="The most similar first, 64 at most.")] = []


@router.get(
    "/{job_id}/proposals",
    summary="See which hints of its series fit a photograph",
    response_model=Proposals,
    responses={
        **described(Proposals, "The series is not known yet"),
        **problems.responses(
            JobNotFound,
            JobConflict,
            ResultNotReady,
            ResultExpired,
            StorageUnavailable,
            problems.INVALID_REQUEST,
        ),
    },
)
@waits_for_storage
def proposals(job_id: JobId, services: ServicesDep, response: Response, hints_of: HintsOf) -> Proposals:
    """Return hints of the photographs in `series.relatives`. They colour nothing until you send them."""
    record, result = services.store.get(job_id), result_of(services.store, job_id)
    if not record.options.consistency:
        raise JobConflict(
            f"Job {job_id} is not one of a series; colour the photograph in a batch with consistency first."
        )
    if record.series is None:
        _refuse_for_ever(services, record)
        ask_again(response)
        return Proposals(ready=False)
    # Imported here: see `suggestions`.
    from photochrom.photo.proposals import propose

    try:
        here = _sight(services, result.sight_key)
    except ObjectNotFound:
        return Proposals(ready=True)
    named = [services.store.get(each) for each in hints_of]
    own = [hint for one in (record, *named) if _is_same_picture(one, record) for hint in one.options.hints]
    found = propose(_lenders(services, record, named), here, own)
    return Proposals(ready=True, proposals=[ProposedHint.model_validate(vars(each)) for each in found])


def _refuse_for_ever(services: Services, record: JobRecord) -> None:
    """Raise `JobConflict` where asking again is of no use."""
    if record.batch_id and services.batches.get(record.batch_id).canceled_at:
        raise JobConflict(
            f"The batch of job {record.id} is canceled, so its series are not found; go on with it by :retry-failed."
        )


def _lenders(
    services: Services, record: JobRecord, named: Sequence[JobRecord]
) -> Iterator[tuple[str, tuple[Hint, ...], "Sight"]]:
    """Yield those of the relatives that hints are known of, with what they show."""
    for job_id in record.series.relatives if record.series else ():
        with suppress(JobNotFound, ObjectNotFound):
            relative = services.store.get(job_id)
            for told in named or [relative]:
                if told.options.hints and _is_same_picture(told, relative) and relative.result:
                    yield told.id, told.options.hints, _sight(services, relative.result.sight_key)


def _sight(services: Services, key: str | None) -> "Sight":
    from photochrom.photo.sight import Sight

    if key is None:
        raise ObjectNotFound("Nobody has looked at what this photograph shows.")
    return Sight.from_bytes(b"".join(services.storage.read(key).chunks))


def _is_same_picture(one: JobRecord, other: JobRecord) -> bool:
    """Whether a place of one is the same place of the other: the same file, turned in the same way."""
    return one.original.sha256 == other.original.sha256 and _placed(one) == _placed(other)


def _placed(record: JobRecord) -> tuple[int | str, bool, str]:
    options, restoration = record.options, record.result and record.result.restoration
    found = restoration.turning.turn if restoration and restoration.turning else 0
    return found if options.turn == "auto" else options.turn, options.mirror, options.deskew
