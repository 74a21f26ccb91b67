"""One job at a time, in this process: what ends in the record, and what stays on the disk."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import psutil
import pytest
from rq.timeouts import JobTimeoutException

from photochrom.errors import StorageFull, StorageUnavailable
from photochrom.jobs.parts import Original
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.restoration import FinderCard
from photochrom.storage.storage import LocalStorage
from photochrom.times import utc_now
from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.pictures.photographs import grey_jpeg
from support.queue.queueing import MODEL, Bench
from workers.child.colorist import Colorist
from workers.jobs.restorer import Restorer
from workers.settings import WorkerSettings
from workers.worker import RestoreWorker


def child() -> Colorist:
    return Colorist(WorkerSettings(model_path=MODEL, max_pixels=50_000), 1)


@pytest.fixture(scope="module")
def small() -> Iterator[Colorist]:
    """A real child that takes small photographs only."""
    with closing(child()) as found:
        found.ready()
        yield found


@pytest.fixture
def restorer(bench: Bench, small: Colorist) -> Restorer:
    return Restorer(
        store=bench.store,
        storage=bench.storage,
        colorist=small,
        worker="w1",
        max_attempts=3,
        turns=bench.turns,
        batches=bench.batches,
    )


@pytest.fixture(scope="module")
def photo() -> bytes:
    return grey_jpeg(size=(96, 64))


def on_stage(bench: Bench, record: JobRecord, stage: str, action: Callable[[], object]) -> Bench:
    """Have `action` happen as the job reaches `stage`."""
    store = bench.store
    change = store.change

    def changing(job_id: str, step: Callable[[JobRecord], JobRecord]) -> JobRecord:
        changed = change(job_id, step)
        if job_id == record.id and changed.progress and changed.progress.stage == stage and pending:
            pending.pop()()
        return changed

    pending = [action]
    store.change = changing  # type: ignore[method-assign]
    return bench


def test_the_record_names_the_model_that_coloured(bench: Bench, photo: bytes, tmp_path: Path) -> None:
    """By what the caller says of the film; and a result's name depends on both models."""
    usual, film = tmp_path / "usual.onnx", tmp_path / "film.onnx"
    usual.write_bytes(tiny_model())
    with closing(Colorist(WorkerSettings(model_path=usual), 1)) as alone:
        alone.ready()
        one = Restorer(bench.store, bench.storage, alone, "w1", 3, bench.turns, bench.batches)
        name = one.result_key(bench.accept(photo), ".jpg").rpartition("/")[2]
        assert one.film_model_used() is None
    other = ABLE_CARD.model_copy(update={"weights_sha256": "1" * 64})
    film.write_bytes(tiny_model(other))
    with closing(Colorist(WorkerSettings(model_path=usual), 1)) as both:
        both.ready()
        two = Restorer(bench.store, bench.storage, both, "w1", 3, bench.turns, bench.batches)
        jobs = {kind: bench.accept(photo, film=kind) for kind in ("auto", "orthochromatic")}
        assert two.result_key(jobs["auto"], ".jpg").rpartition("/")[2] != name
        for job in jobs.values():
            two.restore(job.id)
        done = {kind: bench.store.get(job.id) for kind, job in jobs.items()}
        assert {kind: job.model and job.model.name for kind, job in done.items()} == {
            "auto": "tiny",
            "orthochromatic": "tiny-able",
        }
        assert [two.network_of(job) for job in done.values()] == ["usual", "film"]


def test_a_photo_becomes_a_published_result(bench: Bench, restorer: Restorer, photo: bytes) -> None:
    job = bench.accept(photo, "Grandma 1931.jpg")
    restorer.restore(job.id)
    done = bench.store.get(job.id)
    assert done.state is JobState.SUCCEEDED
    assert done.result is not None
    assert (done.result.width, done.result.height, done.result.name) == (96, 64, "Grandma 1931.jpg")
    assert bench.storage.size(done.result.key) == done.result.bytes
    assert done.model is not None
    assert done.model.provider == "CPUExecutionProvider"
    assert set(done.timings) == {"decode", "predict", "upsample", "encode"}
    assert done.original.expires_at is not None
    assert done.result.expires_at is not None


def test_the_name_follows_the_format_of_the_result(bench: Bench, restorer: Restorer, photo: bytes) -> None:
    job = bench.accept(photo, "a.b.jpg", format="png")
    restorer.restore(job.id)
    result = bench.store.get(job.id).result
    assert result is not None
    assert (result.name, result.media_type) == ("a.b.png", "image/png")


def test_a_date_is_no_suffix(bench: Bench, restorer: Restorer, photo: bytes) -> None:
    job = bench.accept(photo, "Oma 12.5.1931")
    restorer.restore(job.id)
    result = bench.store.get(job.id).result
    assert result is not None
    assert result.name == "Oma 12.5.1931.jpg"


def test_the_film_whose_light_was_undone_stands_in_the_record(
    bench: Bench, restorer: Restorer, photo: bytes
) -> None:
    job = bench.accept(photo, light="panchromatic", film="orthochromatic")
    restorer.restore(job.id)
    done = bench.store.get(job.id)
    assert done.film is not None
    assert (done.film.film, done.film.weights) == ("orthochromatic", (0.04, 0.55, 0.41))
    assert any("quantisation" in warning for warning in done.warnings)
    plain = bench.accept(photo)
    restorer.restore(plain.id)
    assert bench.store.get(plain.id).film is None


def test_a_second_delivery_of_a_done_job_does_nothing(bench: Bench, restorer: Restorer, photo: bytes) -> None:
    job = bench.accept(photo)
    restorer.restore(job.id)
    done = bench.store.get(job.id)
    restorer.restore(job.id)
    assert bench.store.get(job.id) == done


def test_the_same_input_options_and_model_give_the_same_name(
    restorer: Restorer, bench: Bench, photo: bytes
) -> None:
    job = bench.accept(photo)
    other = job.model_copy(update={"options": ColorizeOptions(vividness=1)})
    assert restorer.result_key(job, ".jpg") == restorer.result_key(job, ".jpg")
    assert restorer.result_key(job, ".jpg") != restorer.result_key(other, ".jpg")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff\xd8\xff\xe0 not really", "unreadable-photo"), (b"8BPS", "unsupported-format")],
)
def test_a_bad_photo_fails_at_once_with_a_sentence(
    bench: Bench, restorer: Restorer, photo: bytes, content: bytes, code: str
) -> None:
    job = bench.accept(content)
    restorer.restore(job.id)
    failed = bench.store.get(job.id)
    assert (failed.state, failed.attempt) == (JobState.FAILED, 1)
    assert failed.error is not None
    assert failed.error.code == code
    assert failed.error.detail.endswith(".")
    good = bench.accept(photo)
    restorer.restore(good.id)
    assert bench.store.get(good.id).state is JobState.SUCCEEDED


def test_the_end_of_its_time_is_no_fault_of_the_photo(bench: Bench, restorer: Restorer, photo: bytes) -> None:
    job = bench.accept(photo)
    on_stage(bench, job, "predict", lambda: signal.raise_signal(signal.SIGALRM))
    before = restorer.colorist.pid
    with RestoreWorker.death_penalty_class(60, JobTimeoutException):
        restorer.restore(job.id)
    failed = bench.store.get(job.id)
    assert failed.error is not None
    assert (failed.state, failed.error.code) == (JobState.FAILED, "job-timeout")
    assert not psutil.pid_exists(before)
    good = bench.accept(photo)
    restorer.restore(good.id)
    assert bench.store.get(good.id).state is JobState.SUCCEEDED


def test_too_many_pixels_fail_at_once(bench: Bench, restorer: Restorer) -> None:
    job = bench.accept(grey_jpeg(size=(300, 300)))
    restorer.restore(job.id)
    error = bench.store.get(job.id).error
    assert error is not None
    assert error.code == "photo-too-large"


def test_a_cancel_amid_the_work_stops_it_before_the_next_stage(
    bench: Bench, restorer: Restorer, photo: bytes
) -> None:
    job = bench.accept(photo)
    cancel = bench.store.change
    on_stage(bench, job, "predict", lambda: cancel(job.id, lambda r: r.request_cancel(utc_now())))
    restorer.restore(job.id)
    assert bench.store.get(job.id).state is JobState.CANCELED
    assert bench.files() == [job.original.key]


def test_a_delete_amid_the_work_leaves_no_file(bench: Bench, restorer: Restorer, photo: bytes) -> None:
    job = bench.accept(photo)

    def delete() -> None:
        bench.store.delete(job.id)
        bench.storage.delete(job.original.key)

    on_stage(bench, job, "encode", delete)
    restorer.restore(job.id)
    assert bench.files() == []


def test_a_worker_that_was_taken_over_leaves_the_other_ones_result(
    bench: Bench, restorer: Restorer, photo: bytes
) -> None:
    job = bench.accept(photo)
    with closing(child()) as second:
        second.ready()
        other = replace(restorer, worker="w2", colorist=second)
        on_stage(bench, job, "upsample", lambda: other.restore(job.id))
        restorer.restore(job.id)
    done = bench.store.get(job.id)
    assert (done.state, done.attempt) == (JobState.SUCCEEDED, 2)
    assert bench.files() == sorted(done.stored_keys())


def test_an_error_of_the_machine_is_tried_again_and_then_told(
    bench: Bench, restorer: Restorer, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise StorageFull("The disk is full.")

    job = bench.accept(photo)
    monkeypatch.setattr(bench.storage, "draft", full)
    for state in (JobState.RETRYING, JobState.RETRYING, JobState.FAILED):
        with pytest.raises(StorageFull):
            restorer.restore(job.id)
        assert bench.store.get(job.id).state is state
    error = bench.store.get(job.id).error
    assert error is not None
    assert error.code == "storage-full"


def test_a_bug_is_told_without_its_inside(
    bench: Bench, restorer: Restorer, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret/path")

    job = bench.accept(photo)
    monkeypatch.setattr(bench.storage, "file", broken)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            restorer.restore(job.id)
    error = bench.store.get(job.id).error
    assert error is not None
    assert error.code == "internal-error"
    assert "secret" not in error.detail


def test_a_worker_that_must_leave_gives_the_job_back(bench: Bench, restorer: Restorer, photo: bytes) -> None:
    def leave() -> None:
        raise SystemExit

    job = bench.accept(photo)
    on_stage(bench, job, "predict", leave)
    with pytest.raises(SystemExit):
        restorer.restore(job.id)
    given_back = bench.store.get(job.id)
    assert (given_back.state, given_back.attempt) == (JobState.QUEUED, 0)


def test_jobs_that_are_gone_or_done_are_passed_over(bench: Bench, restorer: Restorer, photo: bytes) -> None:
    restorer.restore("01hzzzzzzzzzzzzzzzzzzzzzzz")
    job = bench.accept(photo)
    bench.store.change(job.id, lambda r: r.request_cancel(utc_now()))
    restorer.restore(job.id)
    assert bench.store.get(job.id).state is JobState.CANCELED


def test_a_store_that_is_away_gives_the_job_back_and_costs_no_attempt(
    bench: Bench, restorer: Restorer, photo: bytes
) -> None:
    job = bench.accept(photo)

    class Away(LocalStorage):
        def file(self, key: str) -> AbstractContextManager[Path]:
            raise StorageUnavailable("The object store cannot be reached.")

    away = replace(restorer, storage=Away(bench.data / "photos"))
    for _ in range(5):
        with pytest.raises(StorageUnavailable):
            away.restore(job.id)
        back = bench.store.get(job.id)
        assert (back.state, back.attempt, back.lease) == (JobState.QUEUED, 0, None)
    restorer.restore(job.id)
    assert bench.store.get(job.id).state is JobState.SUCCEEDED


def worn() -> np.ndarray:
    plane = np.full((160, 200), 120, np.uint8)
    plane[40:43, 50:54] = plane[100:102, 20:120] = 255
    return plane


def mask_of(bench: Bench, restorer: Restorer, job: JobRecord) -> np.ndarray:
    restorer.restore(job.id)
    result = bench.store.get(job.id).result
    assert result is not None
    assert result.repairs_key is not None
    data = b"".join(bench.storage.read(result.repairs_key).chunks)
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), -1))


def test_a_mask_says_where_to_repair_and_counts_for_the_name(bench: Bench, restorer: Restorer) -> None:
    said = np.full((160, 200), 128, np.uint8)
    said[90:110], said[130:133, 60:70] = 0, 255
    content = cv2.imencode(".png", said)[1].tobytes()
    plain, job = (bench.accept(cv2.imencode(".png", worn())[1].tobytes(), repair="auto") for _ in range(2))
    key = f"originals/{job.id}/mask-a.png"
    with bench.storage.draft() as draft:
        draft.write(content)
        draft.commit(key)
    mask = Original(name="m.png", bytes=len(content), media_type="image/png", sha256="1" * 64, key=key)
    job = bench.store.change(job.id, lambda old: old.model_copy(update={"repair_mask": mask}))
    found = mask_of(bench, restorer, job)
    assert (found[40:43, 50:54] == 255).all()
    assert not found[90:110].any()
    assert (found[130:133, 60:70] == 255).all()
    assert mask_of(bench, restorer, plain)[100:102, 20:120].all()
    names = {restorer.result_key(record, "").rpartition("/")[2] for record in (plain, job)}
    assert len(names) == 2


def test_a_mask_of_another_size_fails_the_job_with_its_own_code(bench: Bench, restorer: Restorer) -> None:
    job = bench.accept(cv2.imencode(".png", worn())[1].tobytes(), repair="auto")
    small = cv2.imencode(".png", worn()[:99])[1].tobytes()
    with bench.storage.draft() as draft:
        draft.write(small)
        draft.commit(f"originals/{job.id}/mask-b.png")
    mask = job.original.model_copy(update={"key": f"originals/{job.id}/mask-b.png"})
    bench.store.change(job.id, lambda old: old.model_copy(update={"repair_mask": mask}))
    restorer.restore(job.id)
    ended = bench.store.get(job.id)
    assert (ended.state, ended.error and ended.error.code) == (JobState.FAILED, "mask-rejected")


def test_another_finder_gives_another_name_where_it_was_asked(bench: Bench, restorer: Restorer) -> None:
    jobs = [bench.accept(cv2.imencode(".png", worn())[1].tobytes(), repair=how) for how in ("auto", "off")]

    def names(finder: str) -> list[str]:
        card = FinderCard(name="finder", version="1", weights_sha256=finder)
        told = restorer.colorist.told.model_copy(update={"finder": card})
        colorist = SimpleNamespace(told=told)
        other = replace(restorer, colorist=colorist)  # type: ignore[arg-type]
        return [other.result_key(job, "") for job in jobs]

    repaired, plain = zip(names("0" * 64), names("1" * 64), strict=True)
    assert len(set(repaired)) == 2
    assert set(plain) == {restorer.result_key(jobs[1], "")}


def test_what_repair_did_is_in_the_record_and_its_mask_beside_the_result(
    bench: Bench, restorer: Restorer
) -> None:
    job = bench.accept(cv2.imencode(".png", worn())[1].tobytes(), repair="auto")
    restorer.restore(job.id)
    result = bench.store.get(job.id).result
    assert result is not None
    assert result.restoration is not None
    assert result.restoration.repairs is not None
    assert sum(result.restoration.repairs.counts.values()) == 2
    assert result.repairs_key is not None
    assert result.repairs_key in result.keys
    mask = cv2.imdecode(np.frombuffer(b"".join(bench.storage.read(result.repairs_key).chunks), np.uint8), -1)
    assert mask.shape == worn().shape
    assert (mask[worn() == 255] == 255).all()
