"""Folders of network disks, which lack locks, modes, links or fsync of folders: work goes on, or a true sentence."""

from pathlib import Path

import pytest

from support.lacking import lacking
from support.photographs import grey_jpeg
from support.ports import free_port
from support.running import Service, command, service
from support.tiny_model import tiny_model


@pytest.fixture
def album(tmp_path: Path) -> Path:
    album = tmp_path / "album"
    album.mkdir()
    for name in ("one.jpg", "two.jpg"):
        (album / name).write_bytes(grey_jpeg(size=(96, 64)))
    return album


def run(*arguments: str | Path, **env: str) -> tuple[int, str]:
    process = command(*map(str, arguments), **env)
    said = process.communicate(timeout=120)[0]
    return process.returncode, said


def test_a_target_without_modes_and_links_holds_whole_results(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said = run("colorize", album, out, **lacking("modes links", out))
    assert code == 0, said
    assert {path.name for path in out.iterdir()} == {"one.jpg", "two.jpg"}


def test_a_service_lives_on_a_folder_without_modes_links_and_fsync_of_folders(
    album: Path, tmp_path: Path
) -> None:
    model, data, out = tmp_path / "tiny.onnx", tmp_path / "data", tmp_path / "out"
    model.write_bytes(tiny_model())
    env = lacking("modes links foldersync", tmp_path)
    with service(data, PHOTOCHROM_MODEL_PATH=str(model), **env) as running:
        code, said = run("batch", album, "--to", out, "--server", running.url, **env)
        assert code == 0, said
        code, said = run("backup", tmp_path / "copy", "--data", data, **env)
        assert code == 0, said
    code, said = run("restore", tmp_path / "copy", "--data", tmp_path / "again", **env)
    assert code == 0, said
    assert len(list(out.iterdir())) == 2


def test_a_folder_without_locks_is_called_so_and_not_taken(
    album: Path, tmp_path: Path, running: Service
) -> None:
    share = tmp_path / "share"
    for arguments in (
        ("up", "--port", str(free_port()), "--data", share),
        ("batch", album, "--server", running.url, "--to", share),
    ):
        code, said = run(*arguments, **lacking("locks", share))
        assert code == 1
        assert f"The folder {share} cannot be locked (No locks available)" in said
        assert "disk of this machine" in said
        assert "already runs" not in said
        assert "Another" not in said
