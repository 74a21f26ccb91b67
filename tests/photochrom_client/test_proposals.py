"""Hints that a series was given, as a program asks for them."""

import numpy as np
import pytest

from photochrom.jobs.record import JobRecord
from photochrom.photo.hints import Hint
from photochrom.photo.series import Series
from photochrom.photo.sight import FEATURES, PLACES, Sight
from photochrom_client import Client, ColorizeOptions, Conflict, NotFound
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import Bench, finished

COAT = Hint(x=0.4, y=0.3, a=45, b=31)


def look(bench: Bench, job_id: str, relative: str) -> None:
    """Tell the series of a photograph that shows what its relative does."""
    features = np.random.default_rng(0).integers(-60, 60, (FEATURES, PLACES)).astype(np.int8)
    key = f"results/{job_id}/a.sight.bin"
    with bench.storage.draft() as draft:
        draft.write(Sight(features, np.zeros((2, PLACES), np.int8)).to_bytes())
        draft.commit(key)

    def seen(job: JobRecord) -> JobRecord:
        assert job.result
        result = job.result.model_copy(update={"sight_key": key})
        return job.model_copy(
            update={"result": result, "series": Series(group="ab", members=2, relatives=(relative,))}
        )

    bench.store.change(job_id, seen)


def test_hints_of_the_series_are_sent_as_they_come(client: Client, bench: Bench, photo: bytes) -> None:
    whole = ColorizeOptions(consistency=1)
    batch = client.batches.create("oma", whole)
    told, plain = (
        client.batches.put(batch.id, f"{name}.jpg", data, whole.model_copy(update={"hints": hints})).id
        for name, data, hints in (("told", photo, (COAT,)), ("plain", grey_jpeg("coffee.jpg"), ()))
    )
    with pytest.raises(Conflict):
        client.jobs.proposals(plain)
    for job_id in (told, plain):
        finished(bench, job_id)
    assert not client.jobs.proposals(plain).ready
    look(bench, told, plain)
    look(bench, plain, told)
    found = client.jobs.proposals(plain)
    [one] = found.proposals
    assert (found.ready, one.given_in, one.hint) == (True, told, COAT)
    again = client.jobs.submit(photo, ColorizeOptions(hints=tuple(each.hint for each in found.proposals)))
    assert again.options.hints == (COAT,)
    assert client.jobs.proposals(plain, hints_of=[again.id]).proposals[0].given_in == again.id
    with pytest.raises(NotFound):
        client.jobs.proposals(plain, hints_of=["nothing"])
