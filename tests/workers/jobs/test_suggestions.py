"""Hints, references and suggestions of a job, in this process: what reaches the result and the record."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from photochrom import color
from photochrom.jobs.parts import Original
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.photo.suggestions import LikelyColors
from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.pictures.photographs import PHOTOS, grey_jpeg
from support.queue.queueing import Bench
from workers.child.colorist import Colorist
from workers.jobs import suggestions
from workers.jobs.restorer import Restorer
from workers.jobs.stored import Stored
from workers.settings import WorkerSettings

PHOTO = grey_jpeg(size=(200, 100))
RED = {"x": 0.9, "y": 0.5, "a": 50, "b": 30, "radius": 0.05}


@contextmanager
def child(folder: Path, model: bytes) -> Iterator[Colorist]:
    path = folder / "tiny.onnx"
    path.write_bytes(model)
    with closing(Colorist(WorkerSettings(model_path=path), 1)) as found:
        found.ready()
        yield found


@pytest.fixture(scope="module")
def able(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Colorist]:
    with child(tmp_path_factory.mktemp("able"), tiny_model(ABLE_CARD)) as found:
        yield found


def restorer_of(bench: Bench, colorist: Colorist) -> Restorer:
    return Restorer(bench.store, bench.storage, colorist, "w1", 3, bench.turns, bench.batches)


@pytest.fixture
def restorer(bench: Bench, able: Colorist) -> Restorer:
    return restorer_of(bench, able)


def done(bench: Bench, restorer: Restorer, record: JobRecord) -> JobRecord:
    restorer.restore(record.id)
    ended = bench.store.get(record.id)
    assert ended.state is JobState.SUCCEEDED, ended.error
    return ended


def colours(bench: Bench, record: JobRecord) -> np.ndarray:
    assert record.result
    with bench.storage.file(record.result.key) as path, Image.open(path) as image:
        return np.asarray(color.lab(np.asarray(image.convert("RGB")) / 255))


def with_reference(bench: Bench, content: bytes) -> JobRecord:
    record = bench.accept(PHOTO)
    key = f"originals/{record.id}/reference-a.jpg"
    with bench.storage.draft() as draft:
        draft.write(content)
        draft.commit(key)
    lender = Original(
        name="r.jpg",
        bytes=len(content),
        media_type="image/jpeg",
        sha256=hashlib.sha256(content).hexdigest(),
        key=key,
    )
    return bench.store.change(record.id, lambda job: job.model_copy(update={"reference": lender}))


def test_a_hint_colours_its_region_and_no_other(bench: Bench, restorer: Restorer) -> None:
    without = colours(bench, done(bench, restorer, bench.accept(PHOTO, format="png")))
    hinted = done(bench, restorer, bench.accept(PHOTO, format="png", hints=[RED]))
    change = colours(bench, hinted) - without
    assert np.abs(change[45:55, 176:184, 1:]).mean() > 10
    assert np.abs(change[:, :120]).mean() < 1
    # The light is the photograph's, here too.
    assert np.abs(change[..., 0]).max() < 1
    assert hinted.options.hints[0].a == 50


def test_a_hint_on_a_photograph_that_lies_on_its_side_is_where_it_is_seen(
    bench: Bench, restorer: Restorer
) -> None:
    """EXIF 6: what is stored at the left bottom is seen at the left top."""
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[274] = 6
    with Image.open(io.BytesIO(PHOTO)) as image:
        image.save(buffer, "JPEG", quality=95, exif=exif)
    spot = {**RED, "x": 0.1, "y": 0.1}
    plain = colours(bench, done(bench, restorer, bench.accept(buffer.getvalue())))
    change = np.abs(
        colours(bench, done(bench, restorer, bench.accept(buffer.getvalue(), hints=[spot]))) - plain
    )
    rows, columns = np.unravel_index(change[..., 1].argmax(), change.shape[:2])
    # Stored (100, 200): seen top is stored left, seen left is stored bottom.
    assert columns < 40
    assert rows > 70


def test_a_reference_lends_its_palette_and_counts_for_the_name(bench: Bench, restorer: Restorer) -> None:
    plain = done(bench, restorer, bench.accept(PHOTO))
    lent = done(bench, restorer, with_reference(bench, (PHOTOS / "coffee.jpg").read_bytes()))
    assert (colours(bench, lent) - colours(bench, plain))[..., 1].mean() > 2
    names = {restorer.result_key(record, "").rpartition("/")[2] for record in (plain, lent)}
    assert len(names) == 2


def test_a_grey_reference_fails_the_job_with_its_own_code(bench: Bench, restorer: Restorer) -> None:
    record = with_reference(bench, PHOTO)
    restorer.restore(record.id)
    ended = bench.store.get(record.id)
    assert ended.state is JobState.FAILED
    assert ended.error
    assert ended.error.code == "reference-rejected"


def test_a_model_without_the_capability_fails_the_job_at_once(bench: Bench, tmp_path: Path) -> None:
    record = bench.accept(PHOTO, hints=[RED])
    with child(tmp_path, tiny_model()) as plain:
        restorer_of(bench, plain).restore(record.id)
    ended = bench.store.get(record.id)
    assert (ended.state, ended.error and ended.error.code) == (JobState.FAILED, "capability-missing")


def test_suggestions_name_what_the_network_answers_and_what_is_there(
    bench: Bench, restorer: Restorer
) -> None:
    record = done(bench, restorer, bench.accept(PHOTO, hints=[RED]))
    suggestions.suggest(restorer, record.id)
    result = bench.store.get(record.id).result
    assert result
    assert result.suggestions_key
    with bench.storage.file(result.suggestions_key) as path:
        maps = LikelyColors.from_bytes(path.read_bytes())
    present, likely = maps.at(RED["x"], RED["y"])
    assert present.a / present.b == pytest.approx(50 / 30, abs=0.1)
    # The tiny network answers a* = vividness * L*: for 0, .5 and 1 three colours, and no hint among them.
    assert len(likely) >= 2
    assert all(spot.b < 20 or spot.a < 45 for spot in likely)
    suggestions.suggest(restorer, record.id)  # twice is as good as once
    assert bench.store.get(record.id).result == result


def test_suggestions_of_a_job_that_is_gone_leave_nothing(
    bench: Bench, restorer: Restorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggestions.suggest(restorer, "0" * 26)
    waiting = bench.accept(PHOTO)
    suggestions.suggest(restorer, waiting.id)
    assert bench.files() == [waiting.original.key]

    record = done(bench, restorer, bench.accept(PHOTO))
    write = restorer.write

    def deleted_meanwhile(*given: Any) -> Stored:
        bench.store.delete(record.id)
        return write(*given)

    monkeypatch.setattr(Restorer, "write", lambda _, *given: deleted_meanwhile(*given))
    suggestions.suggest(restorer, record.id)
    assert not [key for key in bench.files() if "suggestions" in key]
