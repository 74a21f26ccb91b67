"""One set of colours over a batch, in this process: who belongs together, and what becomes of each photograph."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from photochrom.batches.record import BatchRecord, BatchState
from photochrom.ids import new_id
from photochrom.jobs.parts import JobError
from photochrom.jobs.record import NOT_MATCHED, JobRecord
from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now
from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.pictures.series import SCENE as PARTS
from support.pictures.series import as_jpeg, other, part
from support.queue.queueing import Bench, make_record
from workers.child.colorist import Colorist
from workers.jobs import series
from workers.jobs.restorer import Restorer
from workers.settings import SHIPPED_MODEL, WorkerSettings

WHOLE = {"consistency": 1.0, "film": "panchromatic"}


_SIDE = 224
SCENE = {f"{name}.jpg": as_jpeg(part(*how, _SIDE), 92) for name, how in PARTS.items()}
OTHER = {"other.jpg": as_jpeg(other(_SIDE), 92)}
PHOTOGRAPHS = SCENE | OTHER


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Colorist]:
    folder = tmp_path_factory.mktemp("series")
    for name in ("usual", "film"):
        (folder / f"{name}.onnx").write_bytes(tiny_model(ABLE_CARD))
    settings = WorkerSettings(
        model_path=folder / "usual.onnx",
        film_model_path=folder / "film.onnx",
        recognizer_path=SHIPPED_MODEL.with_name("recognizer.onnx"),
    )
    with closing(Colorist(settings, 1)) as found:
        assert found.ready().tells_series
        yield found


@pytest.fixture
def restorer(bench: Bench, child: Colorist) -> Restorer:
    return Restorer(bench.store, bench.storage, child, "w1", 3, bench.turns, bench.batches)


def begin(bench: Bench, photographs: dict[str, bytes], **options: object) -> str:
    """A sealed batch of these photographs."""
    chosen = ColorizeOptions.model_validate(WHOLE | options)
    batch = BatchRecord(
        id=new_id(), options=chosen, created_at=utc_now(), series="due" if chosen.consistency else None
    )
    bench.batches.create(batch)
    for name, photo in photographs.items():
        record = make_record(photo, name, **(WHOLE | options))
        record = record.model_copy(update={"batch_id": batch.id, "item": name})
        with bench.storage.draft() as draft:
            draft.write(photo)
            draft.commit(record.original.key)
        bench.batches.add(record)
    bench.batches.seal(batch.id)
    return batch.id


def items(bench: Bench, batch: str) -> dict[str, JobRecord]:
    found = [record for records in bench.store.listed(batch_id=batch) for record in records]
    return {record.item or "": record for record in found}


def work(
    bench: Bench, restorer: Restorer, batch: str, order: Callable[[Sequence[str]], Sequence[str]]
) -> None:
    """Work on all that waits, in some order."""
    waiting = [record.id for record in items(bench, batch).values() if not record.finished]
    for job_id in order(waiting):
        restorer.restore(job_id)


def state(bench: Bench, batch: str) -> BatchState:
    return bench.batches.get(batch).state(bench.store.counts(batch))


def finish(
    bench: Bench,
    restorer: Restorer,
    batch: str,
    order: Callable[[Sequence[str]], Sequence[str]] = list,
) -> dict[str, JobRecord]:
    work(bench, restorer, batch, order)
    series.harmonize(restorer, batch)
    work(bench, restorer, batch, order)
    assert state(bench, batch) in (BatchState.COMPLETED, BatchState.COMPLETED_WITH_ERRORS)
    return items(bench, batch)


def results(records: dict[str, JobRecord]) -> dict[str, str]:
    return {name: record.result.sha256 for name, record in records.items() if record.result}


def sets(records: dict[str, JobRecord]) -> dict[str, tuple[str, int, list[str]]]:
    """What each record says of its series."""
    names = {record.id: name for name, record in records.items()}
    told = {name: record.series for name, record in records.items() if record.series}
    return {
        name: (one.group, one.members, [names[each] for each in one.relatives]) for name, one in told.items()
    }


def pixels(bench: Bench, record: JobRecord) -> np.ndarray:
    assert record.result
    with bench.storage.file(record.result.key) as path, Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_those_of_one_scene_share_colours_and_a_stranger_is_as_alone(
    bench: Bench, restorer: Restorer
) -> None:
    batch = begin(bench, PHOTOGRAPHS)
    work(bench, restorer, batch, list)
    first = items(bench, batch)
    assert {record.state for record in first.values()} == {JobState.SUCCEEDED}
    assert state(bench, batch) is BatchState.RUNNING, "the set is still to be made"
    series.harmonize(restorer, batch)
    assert items(bench, batch)["a.jpg"].result == first["a.jpg"].result.model_copy(
        update={"expires_at": None}
    )
    work(bench, restorer, batch, list)
    last = items(bench, batch)
    told = {name: record.series for name, record in last.items()}
    assert len({told[name].group for name in SCENE}) == 1
    assert [told[name].members for name in PHOTOGRAPHS] == [3, 3, 3, 1]
    assert last["a.jpg"].series.relatives
    changed = [name for name, sha256 in results(last).items() if sha256 != results(first)[name]]
    assert changed
    assert set(changed) <= set(SCENE)
    for name in changed:
        assert first[name].result.key in last[name].deleting, "the earlier result goes"
        assert last[name].result.sight_key == first[name].result.sight_key
    alone = finish(bench, restorer, begin(bench, PHOTOGRAPHS, consistency=0))
    assert (pixels(bench, alone["other.jpg"]) == pixels(bench, last["other.jpg"])).all()
    assert (pixels(bench, alone["a.jpg"]) == pixels(bench, first["a.jpg"])).all()
    assert alone["a.jpg"].series is None
    assert alone["a.jpg"].result.sight_key is None


def test_no_order_of_items_or_work_changes_the_colours(bench: Bench, restorer: Restorer) -> None:
    one = finish(bench, restorer, begin(bench, PHOTOGRAPHS))
    other = finish(
        bench,
        restorer,
        begin(bench, dict(reversed(PHOTOGRAPHS.items()))),
        lambda waiting: list(reversed(waiting)),
    )
    assert results(one) == results(other)


def test_one_that_fails_or_is_deleted_does_not_hold_the_others(bench: Bench, restorer: Restorer) -> None:
    batch = begin(bench, PHOTOGRAPHS | {"broken.jpg": SCENE["a.jpg"][:300], "gone.jpg": SCENE["c.jpg"]})
    bench.store.delete(items(bench, batch)["gone.jpg"].id)
    last = finish(bench, restorer, batch)
    assert last["broken.jpg"].state is JobState.FAILED
    assert results(last) == results(finish(bench, restorer, begin(bench, PHOTOGRAPHS)))


def test_killed_in_between_it_comes_to_the_same(
    bench: Bench, restorer: Restorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = begin(bench, PHOTOGRAPHS)
    work(bench, restorer, batch, list)
    tell, told = series._tell, []

    def killed(*given: object) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(given)
        tell(*given)

    monkeypatch.setattr(series, "_tell", killed)
    with pytest.raises(KeyboardInterrupt):
        series.harmonize(restorer, batch)
    monkeypatch.undo()
    work(bench, restorer, batch, list)  # the one that was told is done before the others are
    assert bench.batches.with_series_due() == [batch], "the next worker takes it up"
    assert results(finish(bench, restorer, batch)) == results(
        finish(bench, restorer, begin(bench, PHOTOGRAPHS))
    )


def test_one_that_cannot_be_matched_keeps_its_own_colours(bench: Bench, restorer: Restorer) -> None:
    batch = begin(bench, SCENE)
    work(bench, restorer, batch, list)
    series.harmonize(restorer, batch)
    one = next(record for record in items(bench, batch).values() if record.state is JobState.QUEUED)
    lost = JobError(code="worker-lost", detail="The worker died.")
    kept = bench.store.change(one.id, lambda job: job.fail(lost, utc_now()))
    assert kept.state is JobState.SUCCEEDED
    assert kept.result.key == one.result.key
    assert NOT_MATCHED in kept.warnings
    work(bench, restorer, batch, list)
    assert state(bench, batch) is BatchState.COMPLETED


def test_a_late_one_joins_and_changes_nobody(bench: Bench, restorer: Restorer) -> None:
    batch = begin(bench, PHOTOGRAPHS)
    late = items(bench, batch)["c.jpg"]
    bench.store.change(late.id, lambda job: job.request_cancel(utc_now()))
    before = finish(bench, restorer, batch)
    bench.batches.retry_failed(batch)
    bench.turns.retry_items(batch)
    after = finish(bench, restorer, batch)
    assert results(after).items() >= results(before).items()
    assert sets(after) == sets(finish(bench, restorer, begin(bench, PHOTOGRAPHS)))


def test_a_batch_that_was_canceled_amid_its_first_colours_has_one_set_when_it_went_on(
    bench: Bench, restorer: Restorer
) -> None:
    batch = begin(bench, PHOTOGRAPHS)
    late = items(bench, batch)["c.jpg"]
    work(bench, restorer, batch, lambda waiting: [job_id for job_id in waiting if job_id != late.id])
    bench.batches.cancel(batch)
    bench.turns.cancel_items(batch)
    assert bench.batches.with_series_due() == []
    series.harmonize(restorer, batch)
    assert {record.state for record in items(bench, batch).values()} == {
        JobState.SUCCEEDED,
        JobState.CANCELED,
    }
    assert all(record.series is None for record in items(bench, batch).values())
    bench.batches.retry_failed(batch)
    assert not bench.batches.may_form_series(bench.batches.get(batch)), "what is retried is still to come"
    bench.turns.retry_items(batch)
    whole, calm = finish(bench, restorer, batch), finish(bench, restorer, begin(bench, PHOTOGRAPHS))
    assert results(whole) == results(calm)
    assert sets(whole) == sets(calm)


def test_a_photograph_that_comes_while_series_are_formed_is_in_them(
    bench: Bench, restorer: Restorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = begin(bench, PHOTOGRAPHS)
    late = items(bench, batch)["c.jpg"]
    bench.store.change(late.id, lambda job: job.request_cancel(utc_now()))
    work(bench, restorer, batch, list)
    tell = series._tell

    def retried_meanwhile(*given: object) -> None:
        tell(*given)
        if bench.store.get(late.id).state is JobState.CANCELED:
            bench.store.change(late.id, JobRecord.retry)
            bench.batches.renew_series(batch)

    monkeypatch.setattr(series, "_tell", retried_meanwhile)
    series.harmonize(restorer, batch)
    assert bench.batches.get(batch).series == "due"
    whole = finish(bench, restorer, batch)
    assert sets(whole) == sets(finish(bench, restorer, begin(bench, PHOTOGRAPHS)))


def test_a_batch_that_did_not_ask_is_not_looked_through(bench: Bench, restorer: Restorer) -> None:
    batch = begin(bench, OTHER, consistency=0)
    work(bench, restorer, batch, list)
    assert state(bench, batch) is BatchState.COMPLETED
    assert bench.batches.with_series_due() == []
