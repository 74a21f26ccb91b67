"""The job that forms the series of a batch: it decides which photographs belong together, once for all.

It begins when every photograph of a sealed batch has colours of its own, or will never have any, so none waits for
another. What it decides follows from what the photographs show, in no order but that of their bytes; each record takes
its colours once. So it may be killed at any point and begun anew, and a photograph that failed, was deleted or comes
late leaves the others' colours as they are; they are told of one that comes.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from photochrom.batches.store import BatchStore
from photochrom.batches.turns import Turns
from photochrom.errors import BatchNotFound, JobConflict, JobNotFound, ObjectNotFound
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.jobs.store import JobStore
from photochrom.photo.series import Series
from photochrom.storage.storage import Storage

if TYPE_CHECKING:  # it takes numpy, which a worker's parent needs for nothing else
    from photochrom.photo.sight import Sight

_log = logging.getLogger(__name__)
_IN_MEMORY = 2048
"""Sights, of 17 KB each."""


class Harmonizer(Protocol):
    """What a worker process needs to form series."""

    @property
    def store(self) -> JobStore:
        """The records."""
        ...

    @property
    def storage(self) -> Storage:
        """The files."""
        ...

    @property
    def turns(self) -> Turns:
        """The items' turns in the queue."""
        ...

    @property
    def batches(self) -> BatchStore:
        """The batches."""
        ...


def ask_if_due(restorer: Harmonizer, batch_id: str) -> None:
    """Have the series of a batch formed, if its last photograph has just got its colours."""
    try:
        batch = restorer.batches.get(batch_id)
    except BatchNotFound:
        return
    if batch.series == "made":  # without this one
        restorer.batches.renew_series(batch_id)
        batch = restorer.batches.get(batch_id)
    if restorer.batches.may_form_series(batch):
        restorer.turns.ask_for_series(batch_id)


def harmonize(restorer: Harmonizer, batch_id: str) -> None:
    """Form the series of a batch and tell each photograph; doing it twice is harmless."""
    # Not at the top, as above.
    from ..series.form import form

    try:
        batch = restorer.batches.get(batch_id)
        if not restorer.batches.may_form_series(batch):
            return
        found = {record.id: record for record in _taking_part(restorer, batch_id)}
        sights = _Sights(restorer, found)
        names = sorted(sights.readable(), key=lambda name: (found[name].original.sha256, found[name].item))
        alone = set(found)
        for group in form(names, sights.of):
            for name, told in group.told(lambda name: found[name].original.sha256):
                alone.discard(name)
                _tell(restorer, name, told)
        for name in sorted(alone):
            _tell(restorer, name, Series())
        restorer.batches.made_series(batch)
    except BatchNotFound:
        _log.info("No series: batch %s was deleted", batch_id)
        return
    restorer.turns.feed(batch_id)


def _taking_part(restorer: Harmonizer, batch_id: str) -> Iterator[JobRecord]:
    for records in restorer.store.listed(JobState.SUCCEEDED, batch_id):
        yield from (record for record in records if record.options.consistency and record.result)


def _tell(restorer: Harmonizer, job_id: str, series: Series) -> None:
    with suppress(JobNotFound, JobConflict):  # deleted, or its time was over, meanwhile
        restorer.store.change(job_id, lambda job: job.join(series))


class _Sights:
    """What the photographs show, read when it is asked for."""

    def __init__(self, restorer: Harmonizer, records: dict[str, JobRecord]) -> None:
        self._restorer, self._records = restorer, records
        self.of = lru_cache(_IN_MEMORY)(self._read)

    def readable(self) -> Iterator[str]:
        """Yield the ids of those that can be read."""
        for job_id in self._records:
            with suppress(ObjectNotFound):
                self.of(job_id)
                yield job_id

    def _read(self, job_id: str) -> "Sight":
        from photochrom.photo.sight import Sight

        result = self._records[job_id].result
        if result is None or result.sight_key is None:
            raise ObjectNotFound("Nobody has looked at what this photograph shows.")
        return Sight.from_bytes(b"".join(self._restorer.storage.read(result.sight_key).chunks))
