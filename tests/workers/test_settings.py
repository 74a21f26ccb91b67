import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from photochrom.errors import ModelRejected
from support.servers.running import ROOT
from workers.child.messages import Setup
from workers.settings import WorkerSettings
from workers.supervisor import GRACE_SECONDS


def test_the_grace_is_whole_seconds_as_it_is_for_the_api() -> None:
    assert WorkerSettings().shutdown_grace == GRACE_SECONDS
    assert WorkerSettings(shutdown_grace=0).shutdown_grace == 0
    with pytest.raises(ValidationError):
        WorkerSettings.model_validate({"shutdown_grace": "7.5"})


def test_the_gpu_s_memory_holds_one_prediction_or_is_not_limited() -> None:
    assert [WorkerSettings(gpu_memory_mb=mb).gpu_memory_mb for mb in (0, 512, 4096)] == [0, 512, 4096]
    for mb in (-1, 1, 511):
        with pytest.raises(ValidationError, match=r"512|greater than or equal to 0"):
            WorkerSettings(gpu_memory_mb=mb)


@pytest.mark.parametrize("name", ["PHOTOCHROM_SHUTDOWN_GRACE", "PHOTOCHROM_PROCESSES"])
@pytest.mark.parametrize("value", ["7.5", "-1", "long"])
def test_a_wrong_number_is_told_in_a_sentence(name: str, value: str) -> None:
    command = [sys.executable, "-m", "workers"]
    ended = subprocess.run(
        command, cwd=ROOT, env={**os.environ, name: value}, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == os.EX_CONFIG
    assert f"{name} is not valid; give a whole number" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_film_s_weights_and_the_recognizer_are_those_beside_the_model(tmp_path: Path) -> None:
    names = ("model.onnx", "film.onnx", "recognizer.onnx")
    model, film, recognizer = (tmp_path / name for name in names)
    settings = WorkerSettings(model_path=model)
    assert settings.film_model() is settings.recognizer() is None
    film.touch()
    assert settings.film_model() == film
    assert settings.recognizer() is None
    recognizer.touch()
    assert settings.recognizer() == recognizer
    named = WorkerSettings(model_path=model, film_model_path=recognizer, recognizer_path=film)
    assert (named.film_model(), named.recognizer()) == (recognizer, film)


def test_weights_for_film_can_be_none_or_the_only_ones(tmp_path: Path) -> None:
    film, model = tmp_path / "film.onnx", tmp_path / "model.onnx"
    for path in (film, tmp_path / "recognizer.onnx"):
        path.touch()
    none = WorkerSettings.model_validate({"model_path": model, "film_model_path": ""})
    for settings in (none, WorkerSettings(model_path=film)):
        assert settings.film_model() is settings.recognizer() is None
    unasked = WorkerSettings.model_validate({"model_path": model, "recognizer_path": ""})
    assert (unasked.film_model(), unasked.recognizer()) == (film, None)


@pytest.mark.parametrize("name", ["film_model_path", "recognizer_path", "finder_path"])
def test_a_file_that_is_named_and_missing_is_refused_by_its_setting(tmp_path: Path, name: str) -> None:
    """Silently doing without it would look as if it were used."""
    settings = WorkerSettings.model_validate(
        {"model_path": tmp_path / "model.onnx", name: tmp_path / "lost.onnx"}
    )
    with pytest.raises(ModelRejected) as refused:
        Setup.of(settings, 1)
    assert f"PHOTOCHROM_{name.upper()} names {tmp_path / 'lost.onnx'}" in str(refused.value)
    assert "Give the path of an ONNX file, leave the setting out" in str(refused.value)
    env = {**os.environ, f"PHOTOCHROM_{name.upper()}": "lost.onnx"}
    command = [sys.executable, "-m", "workers", "--single"]
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert ended.returncode == os.EX_CONFIG
    assert f"PHOTOCHROM_{name.upper()} names lost.onnx, and there is no such file" in ended.stderr


def test_a_finder_beside_the_model_is_used(tmp_path: Path) -> None:
    settings = WorkerSettings(model_path=tmp_path / "photochrom.onnx")
    assert settings.finder() is None
    finder = tmp_path / "finder.onnx"
    finder.write_bytes(b"")
    assert settings.finder() == finder
    assert WorkerSettings(model_path=settings.model_path, finder_path="").finder() is None
