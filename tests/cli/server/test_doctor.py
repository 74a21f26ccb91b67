from pathlib import Path

import pytest

from cli.server.doctor import Verdict, check_storage, judge_checkup
from support.filesystems.lacking import lacking
from support.networks.tiny_model import light, tiny_model
from support.servers.objects import ObjectStore
from support.servers.ports import free_port
from support.servers.running import command

HEALTHY = {
    "runtimes": {"onnxruntime": "1.32.0"},
    "model": "photochrom 1",
    "precision": "fp16",
    "provider": "CPUExecutionProvider",
    "side": 384,
    "seconds": 0.2,
}


def doctor(*arguments: str, **env: str) -> tuple[int, str]:
    process = command("doctor", *arguments, **env)
    said = process.communicate(timeout=120)[0]
    return process.returncode, said


def test_this_machine_is_fine() -> None:
    code, said = doctor()
    assert code == 0, said
    assert "FAIL" not in said
    assert "s per prediction" in said
    assert "writes jpeg, png, tiff, webp, heic, avif, jp2, jxl" in said
    assert "confined in privileges, limits, files, environment, network" in said


def test_a_missing_model_is_a_failure_with_its_path(tmp_path: Path) -> None:
    code, said = doctor(PHOTOCHROM_MODEL_PATH=str(tmp_path / "none.onnx"))
    assert code == 1
    assert "none.onnx" in said


def test_a_network_that_is_named_and_missing_is_a_failure_with_its_setting() -> None:
    code, said = doctor(PHOTOCHROM_FILM_MODEL_PATH="lost.onnx")
    assert code == 1
    assert "PHOTOCHROM_FILM_MODEL_PATH names lost.onnx, and there is no such file" in said


def test_a_network_that_a_worker_loads_late_is_loaded_here(tmp_path: Path) -> None:
    film = tmp_path / "film.onnx"
    film.write_bytes(tiny_model(without="confidence"))
    code, said = doctor(PHOTOCHROM_FILM_MODEL_PATH=str(film))
    assert code == 1
    assert "lacks the output confidence" in said


def test_a_redis_that_does_not_answer_is_a_failure() -> None:
    code, said = doctor(REDIS_URL=f"redis://127.0.0.1:{free_port()}", **light())
    assert code == 1
    assert "REDIS_URL does not answer" in said


def test_it_looks_at_the_data_folder_that_is_meant(tmp_path: Path) -> None:
    data = tmp_path / "My #1 Folder" / "data"
    assert doctor("--data", str(data), **light())[0] == 0
    assert not data.exists()
    code, said = doctor("--data", str(data), **light(), **lacking("locks", tmp_path))
    assert code == 1
    assert "cannot be locked" in said
    assert not list(tmp_path.iterdir())


def test_what_is_not_written_is_named_with_its_extra() -> None:
    formats = judge_checkup({**HEALTHY, "writes": ["jpeg", "png", "tiff", "webp", "avif", "jp2", "jxl"]})[-1]
    assert formats.verdict is Verdict.FINE
    assert formats.detail.endswith("jxl; heic needs photochrom[heic-write]")


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, Verdict.FINE, "384 px"),
        ({"runtimes": {}, "error": "No module named onnxruntime"}, Verdict.BROKEN, "install photochrom[cpu]"),
        ({"runtimes": {"onnxruntime": "1", "onnxruntime-gpu": "1"}}, Verdict.BROKEN, "uninstall both"),
        ({"runtimes": {"onnxruntime-gpu": "1"}}, Verdict.DOUBTFUL, "not on the GPU"),
        ({"film_model": None, "recognizer": None}, Verdict.DOUBTFUL, "no model for old film"),
        ({"film_model": "film 2", "recognizer": None}, Verdict.DOUBTFUL, "only where film=blue"),
        ({"film_model": "film 2", "recognizer": "1.0.0"}, Verdict.FINE, "film 2, chosen by recognizer 1.0.0"),
        ({"held": {"files": False, "network": True}}, Verdict.DOUBTFUL, "not confined in files;"),
    ],
)
def test_the_runtime_is_judged(change: dict[str, object], verdict: Verdict, words: str) -> None:
    findings = judge_checkup({**HEALTHY, **change})
    assert verdict in {finding.verdict for finding in findings}
    assert any(words in finding.detail for finding in findings)


def test_an_object_store_is_written_to(
    object_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_storage() == []
    for name, value in object_store.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    (fine,) = check_storage()
    assert fine.verdict is Verdict.FINE
    monkeypatch.setenv("PHOTOCHROM_S3_SECRET_ACCESS_KEY", "wrong")
    (refused,) = check_storage()
    assert refused.verdict is Verdict.BROKEN
    assert "PHOTOCHROM_S3_ACCESS_KEY_ID" in refused.detail
