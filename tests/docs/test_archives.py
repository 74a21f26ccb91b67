"""What docs/archives.md shows is run as it stands, and prints what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from support.archive_profiles import PROFILES
from support.certificates import make_papers
from support.photographs import grey_jpeg
from support.running import ROOT, service

TEXT = (ROOT / "docs" / "archives.md").read_text()
EXAMPLES = re.findall(r"```(bash|python)\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the examples find scan.jpg, and a shelf of two TIFFs; `photochrom` is this checkout's."""
    (tmp_path / "scan.jpg").write_bytes(grey_jpeg())
    (tmp_path / "shelf" / "1931").mkdir(parents=True)
    for name in ("shelf/1931/a.tif", "shelf/b.tif"):
        with Image.open(tmp_path / "scan.jpg") as image:
            image.reduce(4).save(tmp_path / name)
    make_papers(tmp_path)
    make_deep_scans(tmp_path)
    for name, words in (("photochrom", "-P -m cli"), ("python", "")):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" {words} "$@"\n')
        path.chmod(0o755)
    return tmp_path


def make_deep_scans(folder: Path) -> None:
    """A 16-bit scan packed by LZW and one not packed; a folder of scans in archives' profiles, grey and 48-bit RGB."""
    with Image.open(folder / "scan.jpg") as image:
        deep = np.asarray(image.reduce(4)).astype(np.uint16) * np.uint16(257)
    tifffile.imwrite(folder / "scan.tif", deep, compression="lzw")
    tifffile.imwrite(folder / "plain.tif", deep)
    (folder / "prints").mkdir()
    for name, (profile, _) in PROFILES.items():
        grey = name.startswith("grey")
        pixels, kind = (deep, "minisblack") if grey else (deep[..., None].repeat(3, -1), "rgb")
        path = folder / "prints" / f"{name.replace('*', '')}.tif"
        tifffile.imwrite(path, pixels, photometric=kind, iccprofile=bytes(profile))


def run(examples: list[tuple[str, str]], folder: Path, **env: str) -> None:
    env = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", **env}
    for language, script in examples:
        words = ["bash", "-euo", "pipefail", "-c"] if language == "bash" else [sys.executable, "-c"]
        done = subprocess.run(
            [*words, script], cwd=folder, env=env, capture_output=True, text=True, timeout=150, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        for line in re.findall(r"^# > (.+)$", script, re.MULTILINE):
            assert line in said


def test_the_commands_on_files_print_what_the_page_says(folder: Path, tiny: dict[str, str]) -> None:
    alone = [example for example in EXAMPLES if "$URL" not in example[1]]
    assert len(alone) > 3
    run(alone, folder, **tiny)


def test_a_shelf_comes_back_as_a_valid_bag(folder: Path, tiny: dict[str, str]) -> None:
    with service(folder / "data", **tiny, PHOTOCHROM_KEEP_BATCHES="true") as started:
        run([example for example in EXAMPLES if "$URL" in example[1]], folder, URL=started.url)
