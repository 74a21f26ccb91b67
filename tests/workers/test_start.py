"""What a start waits for: on a busy machine every library that is imported too early delays the next photograph."""

import subprocess
import sys

import pytest

from support.servers.running import ROOT

WORKER = "import workers.__main__, photochrom.settings, workers.child.colorist, workers.settings"
BEFORE = "import workers.__main__, workers.child.start"
CHILD = "import workers.child.__main__, workers.child.load, workers.child.work"


@pytest.mark.parametrize(
    ("imports", "later"),
    [
        (BEFORE, {"pydantic", "redis", "photochrom.settings"}),
        (WORKER, {"redis", "rq", "numpy", "onnxruntime", "photochrom.jobs.store"}),
        (CHILD, {"redis", "rq", "jpeglib", "tifffile", "photochrom.jobs.record", "pythonjsonlogger"}),
    ],
    ids=[
        "a worker, before its child starts",
        "a worker, before its child is told",
        "a child, before it is ready",
    ],
)
def test_libraries_that_are_needed_later_are_imported_later(imports: str, later: set[str]) -> None:
    listed = subprocess.run(
        [sys.executable, "-c", f"{imports}; import sys; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not later & set(listed.stdout.split())
