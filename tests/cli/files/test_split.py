"""`photochrom split` as a process."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from support.networks.tiny_model import tiny_model
from support.pictures.photographs import PHOTOS, album_page
from support.servers.running import command


def run(*arguments: str | Path) -> tuple[int, str]:
    process = command("split", *map(str, arguments))
    said = process.communicate(timeout=120)[0]
    return process.returncode, said


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page of two photographs, a single photograph, a damaged file and a text."""
    folder = tmp_path_factory.mktemp("album")
    (folder / "page.jpg").write_bytes(album_page())
    (folder / "deep").mkdir()
    (folder / "deep" / "single.jpg").write_bytes((PHOTOS / "cat.jpg").read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photograph")
    (folder / "list.txt").write_text("1931")
    return folder


def test_a_folder_of_pages_becomes_photographs_and_what_is_there_is_kept(album: Path, tmp_path: Path) -> None:
    code, said = run(album, tmp_path)
    assert code == 1
    assert "broken.jpg" in said
    assert "Photographs: 3, pages: 2" in said
    assert "3 written, 3 of them without a change" in said
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["deep/single-1.jpg", "page-1.jpg", "page-2.jpg"]
    assert (tmp_path / "deep" / "single-1.jpg").read_bytes() == (PHOTOS / "cat.jpg").read_bytes()
    page = simplejpeg.decode_jpeg((album / "page.jpg").read_bytes(), "GRAY")[..., 0]
    cut = simplejpeg.decode_jpeg((tmp_path / "page-1.jpg").read_bytes(), "GRAY")[..., 0]
    assert abs(cut.shape[0] - 440) <= 16
    assert abs(cut.shape[1] - 540) <= 16
    # It begins at a block: the one in which the print does, or the one before.
    tops, lefts = ((at, at - 8) for at in (56, 40))
    parts = [page[top : top + len(cut), left : left + cut.shape[1]] for top in tops for left in lefts]
    assert any(np.array_equal(cut, part) for part in parts)
    (tmp_path / "page-1.jpg").write_bytes(b"mine")
    code, said = run(album / "page.jpg", tmp_path)
    assert code == 0
    assert "2 already there" in said
    assert (tmp_path / "page-1.jpg").read_bytes() == b"mine"


def test_colorize_cuts_first_and_goes_on_where_it_stopped(album: Path, tmp_path: Path) -> None:
    model = tmp_path / "tiny.onnx"
    model.write_bytes(tiny_model())
    out = tmp_path / "out"

    def colorize(*more: str) -> tuple[int, str]:
        process = command(
            "colorize", str(album), str(out), "--split", *more, PHOTOCHROM_MODEL_PATH=str(model)
        )
        said = process.communicate(timeout=120)[0]
        return process.returncode, said

    code, said = colorize()
    assert code == 1
    assert "broken.jpg" in said
    assert "3 colorized" in said
    kept = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert kept == ["deep/single-1.jpg", "page-1.jpg", "page-2.jpg"]
    with Image.open(out / "page-1.jpg") as photo:
        assert photo.mode == "RGB"
    code, said = colorize()
    assert code == 1  # the broken one still is
    assert "3 already there" in said
    assert colorize("--times")[0] == 2


def test_frames_are_printed_and_corrected_ones_are_used(album: Path, tmp_path: Path) -> None:
    page = album / "page.jpg"
    code, said = run(page, "--frames")
    assert code == 0
    told = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    (found,) = told["pages"]
    assert (found["width"], found["height"]) == (1300, 900)
    assert len(found["frames"]) == 2
    found["frames"] = [{"x": 330, "y": 280, "width": 500, "height": 400, "angle": 10}]
    (tmp_path / "frames.json").write_text(json.dumps(told))
    code, said = run(page, tmp_path / "out", "--use", tmp_path / "frames.json")
    assert code == 0, said
    with Image.open(tmp_path / "out" / "page-1.jpg") as cut:
        assert cut.size == (500, 400)
    found["frames"] = [{"x": 5000, "y": 280, "width": 500, "height": 400}]
    (tmp_path / "frames.json").write_text(json.dumps(told))
    code, said = run(page, tmp_path / "out", "--use", tmp_path / "frames.json")
    assert code == 1
    assert "Frame 1 lies outside of the page" in said


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (
            [[{"x": 330, "y": 280, "width": 1e9, "height": 400}]],
            "Page 1, frame 1, width: Input should be less",
        ),
        ([[{"x": 330, "y": 280, "width": 500}]], "Page 1, frame 1, height: Field required"),
        ([["all of it"]], "Page 1, frame 1: Input should be a valid dictionary"),
        ([5], "Page 1: Input should be"),
        (
            [[], [{"x": 330, "y": 280, "width": 500, "height": 400}]],
            "The file has 1 pages; frames were given for 2",
        ),
    ],
)
def test_frames_that_are_none_are_named(pages: list[Any], said: str, album: Path, tmp_path: Path) -> None:
    told = {"source": str(album / "page.jpg"), "pages": [{"frames": frames} for frames in pages]}
    (tmp_path / "frames.json").write_text(json.dumps(told))
    code, output = run(album / "page.jpg", tmp_path / "out", "--use", tmp_path / "frames.json")
    assert code == 1
    assert said in " ".join(output.split())
    assert "Traceback" not in output
    assert "crashed" not in output


def test_what_does_not_go_together_is_said_in_a_sentence(album: Path, tmp_path: Path) -> None:
    code, said = run(album / "page.jpg")
    assert code == 1
    assert "--frames" in said
    (tmp_path / "frames.json").write_text("no frames")
    code, said = run(album / "page.jpg", tmp_path / "out", "--use", tmp_path / "frames.json")
    assert code == 1
    assert "does not hold frames" in said
    code, said = run(album, album)
    assert code == 1
    assert "holds the scans themselves" in said
