"""The worker's end of the socket: it believes nothing, waits for nobody for ever, and ends what it has started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from workers.child.messages import Setup
from workers.child.process import Child
from workers.failures import PhotoCrashed, PhotoHung

STAND_INS = Path(__file__).with_name("stand_ins")


@contextmanager
def child(folder: Path, module: str, monkeypatch: pytest.MonkeyPatch, says: bytes = b"") -> Iterator[Child]:
    monkeypatch.setenv("PYTHONPATH", str(STAND_INS))
    monkeypatch.setenv("TZ", says.hex())
    setup = Setup(
        model_path=folder / "none.onnx",
        album_path=folder / "none.onnx",
        max_pixels=1,
        folder=folder,
        parent=os.getpid(),
    )
    started = Child(setup, 2.0, module)
    process = psutil.Process(started.pid)
    try:
        yield started
    finally:
        started.end()
    assert not process.is_running()
    assert list(folder.iterdir()) == []


def test_a_child_whose_threads_do_not_get_on_is_hung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with child(tmp_path, "child_that_hangs", monkeypatch) as started, pytest.raises(PhotoHung):
        started.hear()


DONE = (
    b'{"event": "done", "format": "png", "width": 1, "height": 1, "warnings": [], "timings": {"decode": 0.5}, '
    b'"sizes": {%s}}'
)


def frame(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text


@pytest.mark.parametrize(
    "says",
    [
        b"\xff\xff\xff\xff",
        frame(b"not json"),
        frame(b'{"event": "owned"}'),
        frame(b'{"event": "failed", "code": "A B", "detail": "", "final": true}'),
        frame(b'{"event": "done", "format": "exe", "width": 1, "height": 1, "warnings": [], "timings": {}}'),
        frame(b'{"event": "made", "size": -1}'),
        frame(DONE % b'"data": 1, "../../etc": 1'),
        frame(DONE.replace(b"0.5", b"NaN") % b'"data": 1'),
    ],
)
def test_a_child_that_says_nonsense_counts_as_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: bytes
) -> None:
    with child(tmp_path, "child_that_lies", monkeypatch, says) as started, pytest.raises(PhotoCrashed):
        started.hear()


def test_one_that_ends_tells_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        child(tmp_path, "no_such_module", monkeypatch) as started,
        pytest.raises(PhotoCrashed, match="exit code 1"),
    ):
        started.hear()
