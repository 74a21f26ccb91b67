"""`photochrom uncolor` as a process: what `photochrom colorize` has added goes again."""

from pathlib import Path

import numpy as np
import simplejpeg

from support.pictures.photographs import grey_jpeg
from support.servers.running import command


def run(*arguments: str | Path) -> tuple[int, str]:
    process = command(*map(str, arguments))
    said = process.communicate(timeout=120)[0]
    return process.returncode, said


def test_a_folder_comes_back_in_its_own_light(tmp_path: Path) -> None:
    album = tmp_path / "album"
    (album / "deep").mkdir(parents=True)
    (album / "one.jpg").write_bytes(grey_jpeg())
    (album / "deep" / "two.jpg").write_bytes(grey_jpeg("cat.jpg"))
    assert run("colorize", album, tmp_path / "color")[0] == 0
    code, said = run("uncolor", tmp_path / "color", tmp_path / "grey")
    assert code == 0, said
    assert "2 uncolored" in said
    assert "note" not in said
    for name in ("one.jpg", "deep/two.jpg"):
        back, scan = ((folder / name).read_bytes() for folder in (tmp_path / "grey", album))
        np.testing.assert_array_equal(
            simplejpeg.decode_jpeg(back, "GRAY"), simplejpeg.decode_jpeg(scan, "GRAY")
        )


def test_what_cannot_be_proven_is_said(tmp_path: Path) -> None:
    (tmp_path / "grey.jpg").write_bytes(grey_jpeg())
    code, said = run("uncolor", tmp_path / "grey.jpg", tmp_path / "back.jpg")
    assert code == 0
    assert "does not say which luma its scan had" in said
