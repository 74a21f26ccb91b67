import io
import json
import os
import resource
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support.pictures.photographs import grey_jpeg
from workers import local
from workers.child.colorist import Colorist


@pytest.fixture
def serve(colorist: Colorist, capsys: pytest.CaptureFixture[str]) -> Any:
    """Ask for photographs as the command line does; return all events in order."""

    def ask(*requests: dict[str, Any]) -> list[dict[str, Any]]:
        lines = io.StringIO("".join(json.dumps(request) + "\n" for request in requests))
        for event in local.serve(lines, colorist):
            local.emit(event)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return ask


def request(source: Path, target: Path, **options: Any) -> dict[str, Any]:
    return {"source": str(source), "target": str(target), "options": options}


def test_each_request_ends_in_one_event_after_its_stages(serve: Any, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jpg", tmp_path / "bad.jpg"
    good.write_bytes(grey_jpeg(size=(160, 120)))
    bad.write_bytes(b"\xff\xd8\xff\xe0 not a photograph")
    events = serve(
        request(good, tmp_path / "out" / "a.jpg"),
        request(bad, tmp_path / "out" / "b.jpg"),
        request(good, tmp_path / "out" / "c.png", format="png"),
    )
    assert [e["event"] for e in events if e["event"] != "stage"] == ["ready", "done", "failed", "done"]
    stages = [e["stage"] for e in events if e["event"] == "stage" and e["source"] == str(good)]
    assert stages == ["decode", "predict", "upsample", "encode"] * 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "c.png"]
    assert Image.open(tmp_path / "out" / "c.png").size == (160, 120)


def test_a_missing_source_and_an_unwritable_target_are_said_and_the_next_one_works(
    serve: Any, tmp_path: Path
) -> None:
    good = tmp_path / "good.jpg"
    good.write_bytes(grey_jpeg(size=(64, 64)))
    events = serve(
        request(tmp_path / "nowhere.jpg", tmp_path / "a.jpg"),
        request(good, good / "below-a-file.jpg"),
        request(good, tmp_path / "fine.jpg"),
    )
    ends = [e for e in events if e["event"] in {"done", "failed"}]
    assert [e["event"] for e in ends] == ["failed", "failed", "done"]
    assert "nowhere.jpg" in ends[0]["detail"]
    assert all(e["code"] == "file-error" for e in ends[:2])


def test_what_appears_meanwhile_is_left_unless_it_may_be_replaced(serve: Any, tmp_path: Path) -> None:
    good, target = tmp_path / "good.jpg", tmp_path / "there.jpg"
    good.write_bytes(grey_jpeg(size=(64, 64)))
    target.write_bytes(b"mine")
    (kept,) = [e for e in serve(request(good, target) | {"replace": False}) if e["event"] == "failed"]
    assert (kept["code"], target.read_bytes()) == ("target-exists", b"mine")
    serve(request(good, target) | {"replace": True})
    assert target.read_bytes() != b"mine"


def test_a_result_has_the_time_of_its_original_where_that_is_asked(serve: Any, tmp_path: Path) -> None:
    good = tmp_path / "good.jpg"
    good.write_bytes(grey_jpeg(size=(64, 64)))
    os.utime(good, (600_000_000, 650_000_000.5))
    serve(request(good, tmp_path / "a.jpg") | {"times": True}, request(good, tmp_path / "b.jpg"))
    assert (tmp_path / "a.jpg").stat().st_mtime == 650_000_000.5
    assert (tmp_path / "b.jpg").stat().st_mtime > 1_000_000_000


def test_a_place_that_is_full_or_takes_no_such_name_is_named(serve: Any, tmp_path: Path) -> None:
    good = tmp_path / "good.jpg"
    good.write_bytes(grey_jpeg(size=(64, 64)))
    (long,) = [e for e in serve(request(good, tmp_path / ("x" * 300 + ".jpg"))) if e["event"] == "failed"]
    assert long["detail"] == f"File name too long: {tmp_path / ('x' * 300 + '.jpg')}"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        (full,) = [e for e in serve(request(good, tmp_path / "out" / "a.jpg")) if e["event"] == "failed"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert full["detail"] == (
        f"File too large in {tmp_path / 'out'}: free some space there and run the same command again."
    )
    assert not list((tmp_path / "out").iterdir())


def test_a_failed_write_leaves_nothing_behind(serve: Any, tmp_path: Path) -> None:
    good, target = tmp_path / "good.jpg", tmp_path / "out" / "folder.jpg"
    good.write_bytes(grey_jpeg(size=(64, 64)))
    target.mkdir(parents=True)
    (target / "kept").touch()
    events = serve(request(good, target))
    assert events[-1]["event"] == "failed"
    assert [path.name for path in target.parent.iterdir()] == ["folder.jpg"]
