"""A child at work, and what becomes of it: crashes, hangs, want of memory, cancels, the death of its worker."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import psutil
import pytest

from photochrom.errors import JobCanceled, ModelRejected, PhotochromError, StorageFull
from photochrom.photo.options import Color, ColorizeOptions, Levels, OutputFormat, Repair
from photochrom.photo.sniff import HEAD_BYTES, sniff
from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.pictures.photographs import grey_jpeg, noise_png
from support.pictures.sampling import sampled
from support.queue.queueing import MODEL
from support.servers.running import ROOT, wait_for
from workers.child.colorist import ChildBroken, Colorist, Refused, Stumbled
from workers.child.messages import Which
from workers.failures import OutOfMemory, PhotoCrashed, PhotoHung
from workers.settings import WorkerSettings

Hire = Callable[..., Colorist]
OPTIONS = ColorizeOptions()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "grey.jpg"
    path.write_bytes(grey_jpeg(size=(160, 120)))
    return path


def parts(
    colorist: Colorist, photo: Path, take: Callable[[Iterator[bytes]], Any] = b"".join, **how: Any
) -> dict[str, Any]:
    with colorist.colorize(photo, OPTIONS, **how) as colored:
        return {name: take(chunks) for name, chunks in colored.parts()}


def strike(colorist: Colorist, how: signal.Signals) -> Callable[[str], None]:
    return lambda stage: os.kill(colorist.pid, how) if stage == "predict" else None


def test_a_result_and_what_goes_beside_it_come_in_parts(hire: Hire, photo: Path) -> None:
    stages: list[str] = []
    found = parts(hire(), photo, on_stage=stages.append, preview_side=64)
    assert list(found) == ["data", "preview", "confidence"]
    assert found["data"].startswith(b"\xff\xd8")
    assert stages == ["decode", "predict", "upsample", "encode"]


def test_the_film_s_network_is_chosen_named_and_asked_again(hire: Hire, photo: Path, tmp_path: Path) -> None:
    path = tmp_path / "film-too.onnx"
    path.write_bytes(tiny_model(ABLE_CARD))
    colorist = hire(film_model_path=path)
    told = colorist.ready()
    assert told.film is not None
    assert (told.card.name, told.film.card.name) == ("tiny", "tiny-able")
    found = {}
    for film in ("blue", "panchromatic", "auto"):
        with colorist.colorize(photo, ColorizeOptions(film=film)) as colored:
            found[film] = colored.told.network, next(b"".join(chunks) for _, chunks in colored.parts())
    assert [which for which, _ in found.values()] == ["film", "usual", "usual"]
    assert [b"tiny-able 1" in data for _, data in found.values()] == [True, False, False]
    networks: tuple[Which | None, ...] = ("film", "usual", None)
    for network in networks:
        with colorist.suggest(photo, OPTIONS, network=network) as colors:
            assert b"".join(colors.chunks())


@pytest.mark.parametrize("name", ["film_model_path", "recognizer_path", "finder_path"])
@pytest.mark.parametrize(
    "content", [tiny_model(ABLE_CARD)[:-40], tiny_model(None)], ids=["cut off", "no card"]
)
def test_a_damaged_network_beside_the_usual_one_is_told_at_the_start(
    tiny_path: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    for path in (tmp_path / "film_model_path", tmp_path / name):
        path.write_bytes(tiny_model(ABLE_CARD) if path.name != name else content)
    named = {kind: tmp_path / kind for kind in ("film_model_path", name)}
    colorist = Colorist(WorkerSettings(model_path=tiny_path, **named), 1)
    with contextlib.closing(colorist), pytest.raises(ModelRejected, match=name):
        colorist.ready()


def test_a_network_that_does_not_load_when_it_is_needed_fails_those_photographs_alone(
    tiny_path: Path, photo: Path, tmp_path: Path
) -> None:
    film = tmp_path / "film.onnx"
    film.write_bytes(tiny_model(ABLE_CARD, without="confidence"))
    with contextlib.closing(
        Colorist(WorkerSettings(model_path=tiny_path, film_model_path=film), 1)
    ) as colorist:
        colorist.ready()
        before = colorist.pid
        for _ in range(2):
            with (
                pytest.raises(Refused, match=r"lacks the output confidence.*photochrom doctor") as met,
                colorist.colorize(photo, ColorizeOptions(film="blue")),
            ):
                pass
            assert met.value.code == "model-rejected"
        assert parts(colorist, photo)["data"]
        assert colorist.pid == before


def test_the_shipped_networks_load_under_the_restrictions_with_threads(photo: Path) -> None:
    with contextlib.closing(Colorist(WorkerSettings(), 2)) as colorist:
        small = psutil.Process(colorist.pid)
        colorist.ready()
        before = small.memory_info().rss
        for film in ("auto", "blue"):
            options = ColorizeOptions(film=film, repair=Repair.AUTO)
            with colorist.colorize(photo, options) as colored:
                assert all(b"".join(chunks) for _, chunks in colored.parts())
        assert colored.told.network == "film"
        assert small.memory_info().rss > before


def test_every_format_is_read_and_written_under_the_restrictions(
    hire: Hire, photo: Path, tmp_path: Path
) -> None:
    """Encoders make threads and tables of their own, decoders load libraries when they are first used."""
    colorist = hire()
    for chosen in OutputFormat:
        with colorist.colorize(photo, ColorizeOptions(format=chosen)) as colored:
            made = {name: b"".join(chunks) for name, chunks in colored.parts()}["data"]
        assert sniff(made[:HEAD_BYTES]) is colored.told.format
        again = tmp_path / f"again{colored.told.format.extension}"
        again.write_bytes(made)
        assert parts(colorist, again)["data"]
        with colorist.suggest(again, OPTIONS) as found:
            assert len(b"".join(found.chunks())) == found.size


def test_damage_that_a_decoder_tells_on_standard_error_is_heard_under_the_restrictions(
    hire: Hire, tmp_path: Path
) -> None:
    whole = sampled(
        np.random.default_rng(1).integers(0, 255, (64, 80, 3), np.uint8), [(3, 1), (1, 1), (1, 1)]
    )
    path = tmp_path / "odd.jpg"
    colorist = hire()
    path.write_bytes(whole)
    assert parts(colorist, path)["data"]
    path.write_bytes(whole[:-200] + b"\xff\xd9")
    with pytest.raises(Refused) as met:
        parts(colorist, path)
    assert met.value.code == "unreadable-photo"


@pytest.mark.parametrize("learned", [False, True], ids=["by form", "by a network"])
def test_repair_works_under_the_restrictions(hire: Hire, photo: Path, learned: bool) -> None:
    colorist = hire(finder_path=MODEL.with_name("finder.onnx") if learned else None)
    options = ColorizeOptions(repair=Repair.AUTO, levels=Levels.AUTO, color=Color.OFF)
    with colorist.colorize(photo, options) as colored:
        made = {name: b"".join(chunks) for name, chunks in colored.parts()}
    assert (colorist.told.finder is not None) == learned
    assert list(made) == ["data", "repairs"]
    assert colored.told.restoration is not None
    assert colored.told.restoration.repairs is not None


def test_a_file_that_corrupts_its_decoders_memory_leaves_the_next_unharmed(
    hire: Hire, photo: Path, tmp_path: Path
) -> None:
    """imagecodecs (2026.3) writes beyond its memory where it is asked for one picture of a deep sequence."""
    colorist, sequence = hire(), tmp_path / "sequence.avif"
    frames = np.random.default_rng(7).integers(0, 1024, (5, 160, 160, 3)).astype(np.uint16)
    sequence.write_bytes(bytes(imagecodecs.avif_encode(frames, level=90, speed=10, bitspersample=10)))
    for _ in range(3):
        with contextlib.suppress(PhotochromError):  # it may crash, hang, or come through
            assert parts(colorist, sequence)["data"]
    assert parts(colorist, photo)["data"]


@pytest.mark.parametrize(
    ("how", "raised", "code"),
    [
        (signal.SIGSEGV, PhotoCrashed, "photo-crashed"),
        (signal.SIGKILL, OutOfMemory, "out-of-memory"),
        (signal.SIGSTOP, PhotoHung, "photo-hung"),
    ],
)
def test_an_end_of_the_child_is_that_photographs_and_told_within_seconds(
    hire: Hire, photo: Path, how: signal.Signals, raised: type[PhotochromError], code: str
) -> None:
    """SIGKILL is what the kernel sends where memory is short."""
    colorist = hire()
    before, began = colorist.pid, time.monotonic()
    with pytest.raises(raised) as met:
        parts(colorist, photo, on_stage=strike(colorist, how))
    took = time.monotonic() - began
    assert met.value.code == code
    assert not psutil.pid_exists(before)
    # A heartbeat is 8 s, and a loaded machine may take several for the photograph itself.
    assert took < WorkerSettings().heartbeat_ttl
    assert parts(colorist, photo)["data"]


def test_want_of_memory_is_told_and_leaves_a_fresh_child(hire: Hire, photo: Path, tmp_path: Path) -> None:
    colorist = hire()
    large = tmp_path / "large.png"
    large.write_bytes(noise_png(3000))
    before = colorist.pid

    def bound(stage: str) -> None:
        if stage == "upsample":
            now = psutil.Process(colorist.pid).memory_info().data
            psutil.Process(colorist.pid).rlimit(resource.RLIMIT_DATA, (now, now))

    with pytest.raises((Stumbled, OutOfMemory)) as met:
        parts(colorist, large, on_stage=bound)
    assert met.value.code == "out-of-memory"
    assert colorist.pid != before
    assert parts(colorist, photo)["data"]


def test_a_photograph_at_fault_and_a_cancel_cost_no_child(hire: Hire, photo: Path, tmp_path: Path) -> None:
    colorist = hire(max_pixels=50_000)
    before = colorist.pid
    damaged, large = tmp_path / "damaged.jpg", tmp_path / "large.jpg"
    damaged.write_bytes(b"\xff\xd8\xff\xe0 not a photograph")
    large.write_bytes(grey_jpeg(size=(300, 300)))
    for path, code in ((damaged, "unreadable-photo"), (large, "photo-too-large")):
        with pytest.raises(Refused) as met:
            parts(colorist, path)
        assert met.value.code == code
        assert str(met.value).endswith(".")

    def cancel(stage: str) -> None:
        raise JobCanceled(stage)

    with pytest.raises(JobCanceled, match="decode"):
        parts(colorist, photo, on_stage=cancel)
    with pytest.raises(FileNotFoundError):
        parts(colorist, tmp_path / "nowhere.jpg")
    assert parts(colorist, photo)["data"]
    assert colorist.pid == before


def test_who_fails_to_store_a_result_goes_on_with_the_same_child(hire: Hire, photo: Path) -> None:
    colorist = hire()
    before = colorist.pid

    def store(chunks: Iterator[bytes]) -> None:
        next(chunks)
        raise StorageFull("The disk is full.")

    with colorist.colorize(photo, OPTIONS):
        pass  # takes nothing of it
    with pytest.raises(StorageFull):
        parts(colorist, photo, take=store)
    assert parts(colorist, photo)["data"]
    assert colorist.pid == before


def test_a_child_that_died_while_nothing_was_asked_costs_no_photograph(hire: Hire, photo: Path) -> None:
    colorist = hire()
    dead = psutil.Process(colorist.pid)
    dead.kill()
    wait_for(lambda: dead.status() == psutil.STATUS_ZOMBIE, 10, "its end")
    assert parts(colorist, photo)["data"]


def test_one_that_is_ended_while_it_starts_is_replaced(hire: Hire, photo: Path) -> None:
    colorist = hire()
    with pytest.raises(PhotoCrashed):
        parts(colorist, photo, on_stage=strike(colorist, signal.SIGSEGV))
    os.kill(colorist.pid, signal.SIGKILL)
    assert parts(colorist, photo)["data"]


def test_the_end_of_the_jobs_time_ends_the_child(hire: Hire, photo: Path) -> None:
    class Over(BaseException):
        pass

    def over(stage: str) -> None:
        raise Over

    colorist = hire()
    before = colorist.pid
    with pytest.raises(Over):
        parts(colorist, photo, on_stage=over)
    assert not psutil.pid_exists(before)
    assert parts(colorist, photo)["data"]


def test_its_environment_and_command_hold_nothing_secret(hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:hush@queue")
    monkeypatch.setenv("PHOTOCHROM_S3_SECRET_ACCESS_KEY", "hush")
    child = psutil.Process(hire().pid)
    passed = {"PYTHONPATH", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    assert set(child.environ()) <= {*passed, "PYDANTIC_DISABLE_PLUGINS"}
    assert child.environ()["OPENBLAS_NUM_THREADS"] == "1"
    assert "hush" not in " ".join([*child.cmdline(), *child.environ().values()])
    # Its standard streams, one socket and one pipe; no connection of the worker's, and no file but weights, to be read.
    assert child.net_connections("inet") == []
    weights = WorkerSettings().album_path
    assert [(file.path, file.mode) for file in child.open_files()] == [(str(weights), "r")]


def test_it_is_the_first_to_go_where_memory_is_short(hire: Hire) -> None:
    child = hire().pid
    scores = [int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in (child, os.getpid())]
    assert scores[0] > scores[1]


def test_every_restriction_holds_and_is_told(hire: Hire) -> None:
    held = hire().ready().held
    assert held == dict.fromkeys(("privileges", "limits", "files", "environment", "network"), True)


_ORPHAN = """
import sys, time
from workers.child.colorist import Colorist
from workers.settings import WorkerSettings
colorist = Colorist(WorkerSettings(), 1)
colorist.ready()
print(colorist.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_with_a_worker_that_is_killed_and_its_folder_with_the_next(
    hire: Hire, tiny_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    env = {**os.environ, "PHOTOCHROM_MODEL_PATH": str(tiny_path)}
    with subprocess.Popen(
        [sys.executable, "-c", _ORPHAN], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout
        child = psutil.Process(int(worker.stdout.readline()))
        worker.kill()
    with contextlib.suppress(psutil.NoSuchProcess):
        child.wait(timeout=10)
    assert len(left := list(tmp_path.glob("photochrom-child-*"))) == 1
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    own = hire()
    now = list(tmp_path.glob("photochrom-child-*"))
    assert len(now) == 1
    assert now != left
    own.close()
    assert list(tmp_path.glob("photochrom-child-*")) == []
    monkeypatch.undo()


def test_a_model_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    colorist = Colorist(WorkerSettings(model_path=tmp_path / "none.onnx"), 1)
    with contextlib.closing(colorist), pytest.raises(ModelRejected, match=r"none\.onnx"):
        colorist.ready()


def test_children_that_end_one_after_another_are_the_workers_trouble(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/bin/false")
    colorist = Colorist(WorkerSettings(model_path=tiny_path), 1)
    with contextlib.closing(colorist), pytest.raises(ChildBroken, match="does not start"):
        colorist.ready()
