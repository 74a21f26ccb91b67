"""`photochrom colorize` as a process, with the real model."""

import io
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.photographs import grey_jpeg
from support.running import command, wait_for


def run(*arguments: str | Path, **env: str) -> tuple[int, str]:
    process = command("colorize", *map(str, arguments), **env)
    said = process.communicate(timeout=120)[0]
    return process.returncode, said


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "grey.jpg"
    path.write_bytes(grey_jpeg())
    return path


def test_one_photograph(photograph: Path, tmp_path: Path) -> None:
    code, said = run(photograph, tmp_path / "new" / "colour.jpg")
    assert code == 0, said
    assert "1 colorized" in said
    with Image.open(photograph) as before, Image.open(tmp_path / "new" / "colour.jpg") as after:
        assert after.size == before.size
        assert np.ptp(np.asarray(after, np.int16), axis=-1).mean() > 5


def test_a_folder_with_a_bad_file_loses_only_that_file_and_says_so(photograph: Path, tmp_path: Path) -> None:
    album = tmp_path / "album"
    (album / "deep").mkdir(parents=True)
    (album / "deep" / "good.jpg").write_bytes(photograph.read_bytes())
    (album / "bad.jpg").write_bytes(b"")
    code, said = run(album, tmp_path / "out", "--processes", "2")
    assert code == 1
    assert "1 colorized" in said
    assert "1 failed" in said
    assert "bad.jpg: The file is empty" in said
    assert (tmp_path / "out" / "deep" / "good.jpg").exists()
    assert not (tmp_path / "out" / "bad.jpg").exists()
    code, said = run(album, tmp_path / "out")
    assert "1 already there" in said


def test_no_half_written_file_is_left_by_ctrl_c(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for index in range(40):
        (album / f"{index:02}.jpg").write_bytes(grey_jpeg(size=(1600, 1200)))
    out = tmp_path / "out"
    process = command("colorize", str(album), str(out))
    wait_for(lambda: out.exists() and any(out.glob("*.jpg")), 60, "the first result")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    results = list(out.iterdir())
    assert 0 < len(results) < 40
    for path in results:
        with Image.open(path) as photo:
            photo.load()


def test_an_option_out_of_range_names_the_option(photograph: Path, tmp_path: Path) -> None:
    code, said = run(photograph, tmp_path / "out.jpg", "--vividness", "7")
    assert code == 2
    assert "--vividness" in said


def test_a_missing_source_is_a_usage_error(tmp_path: Path) -> None:
    assert run(tmp_path / "nowhere.jpg", tmp_path / "out.jpg")[0] == 2


def test_a_missing_model_is_said_once(photograph: Path, tmp_path: Path) -> None:
    code, said = run(photograph, tmp_path / "out.jpg", PHOTOCHROM_MODEL_PATH=str(tmp_path / "none.onnx"))
    assert code == 1
    assert "none.onnx" in said


def test_a_target_that_cannot_be_written_is_said(photograph: Path) -> None:
    code, said = run(photograph, "/proc/colour.jpg")
    assert code == 1
    assert "/proc" in said


def test_a_single_result_takes_the_format_of_its_name(photograph: Path, tmp_path: Path) -> None:
    assert run(photograph, tmp_path / "colour.png")[0] == 0
    assert Image.open(io.BytesIO((tmp_path / "colour.png").read_bytes())).format == "PNG"
