"""Folders of network disks, which lack locks, modes, links or fsync of folders: work goes on, or a true sentence."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from support.filesystems.lacking import lacking
from support.networks.tiny_model import light
from support.pictures.photographs import grey_jpeg
from support.servers.ports import free_port
from support.servers.running import Service, command, service


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("service"), **light()) as started:
        yield started


@pytest.fixture
def album(tmp_path: Path) -> Path:
    album = tmp_path / "album"
    album.mkdir()
    for name in ("one.jpg", "two.jpg"):
        (album / name).write_bytes(grey_jpeg(size=(96, 64)))
    return album


def run(*arguments: str | Path, **env: str) -> tuple[int, str]:
    process = command(*map(str, arguments), **light(), **env)
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
    data, out = tmp_path / "data", tmp_path / "out"
    env = lacking("modes links foldersync", tmp_path)
    with service(data, **light(), **env) as running:
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


@pytest.mark.parametrize("how", ["colorize", "batch"])
@pytest.mark.parametrize("lacks", ["case forms", "case forms links modes"])
def test_names_that_a_folder_does_not_tell_apart_get_one_each(
    tmp_path: Path, running: Service, how: str, lacks: str
) -> None:
    album, out = tmp_path / "album", tmp_path / "out"
    album.mkdir()
    names = ("PICT0008.JPG", "pict0008.jpg", "Pict0008.JPEG", "caf\u00e9.jpg", "cafe\u0301.jpg")
    for number, name in enumerate(names):
        (album / name).write_bytes(grey_jpeg(size=(96 + number, 64)))
    env = lacking(lacks, out)
    to = ("--to", out, "--server", running.url) if how == "batch" else (out,)
    out.mkdir()
    code, said = run(how, album, *to, **env)
    assert code == 0, said
    sizes = {Image.open(path).width for path in out.glob("[!.]*")}
    assert sizes == {96, 97, 98, 99, 100}
    assert "Its result is called pict0008.jpg.jpg" in said
    code, said = run(how, album, *to, **env)
    assert "5 already there" in said, said
    assert (code, "colorized in" in said and "0 colorized" in said) == (0, True)
    code, said = run(how, album, *to, "--overwrite" if how == "batch" else "--force", **env)
    assert "5 colorized" in said, said
    assert {Image.open(path).width for path in out.glob("[!.]*")} == sizes


@pytest.mark.parametrize("how", ["colorize", "batch"])
def test_results_may_have_the_times_of_their_originals(
    album: Path, tmp_path: Path, running: Service, how: str
) -> None:
    out = tmp_path / "out"
    for path in album.iterdir():
        os.utime(path, (1e9, 640_000_000))
    to = ("--to", out, "--server", running.url) if how == "batch" else (out,)
    assert run(how, album, *to, "--times")[0] == 0
    assert {path.stat().st_mtime for path in out.glob("*.jpg")} == {640_000_000}


def test_links_of_a_folder_are_followed_or_told(album: Path, tmp_path: Path) -> None:
    outside, out = tmp_path / "outside", tmp_path / "new"
    outside.mkdir()
    (album / "one.jpg").rename(outside / "one.jpg")
    (album / "linked").symlink_to(outside)
    (album / "loop").symlink_to(album)
    (album / "gone.jpg").symlink_to(tmp_path / "gone.jpg")
    code, said = run("colorize", album, out)
    assert code == 1
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.jpg")} == {"two.jpg", "linked/one.jpg"}
    assert "2 colorized" in said
    assert "1 failed" in said
    assert f"{album}/gone.jpg: It is a link to" in said
    assert f"{album}/loop: It leads to" in said


def test_a_target_with_a_slash_is_a_folder_to_be_made(album: Path, tmp_path: Path) -> None:
    code, said = run("colorize", album / "one.jpg", f"{tmp_path}/new/")
    assert (code, (tmp_path / "new" / "one.jpg").is_file()) == (0, True), said
