"""Where the user has folders of our names, ours are run, and nobody else's code."""

from pathlib import Path

import pytest

from support.pictures.photographs import grey_jpeg
from support.servers.running import command, service


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("service", "workers", "model", "photochrom", "cli"):
        package = tmp_path / name
        package.mkdir()
        for module in ("__init__", "__main__", "local"):
            (package / f"{module}.py").write_text(f"raise SystemExit('The {name} of the user was run.')")
    return tmp_path


def test_up_runs_our_parts(folder: Path) -> None:
    with service(folder / "data", folder=folder) as running:
        job_id = running.upload(grey_jpeg())
        running.wait(job_id)
        assert running.result(job_id)


def test_colorize_runs_our_worker(folder: Path) -> None:
    (folder / "grey.jpg").write_bytes(grey_jpeg())
    process = command("colorize", "grey.jpg", "colour.jpg", folder=folder)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert (folder / "colour.jpg").stat().st_size
