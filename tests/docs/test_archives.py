"""What docs/archives.md shows is run as it stands, and prints what the page says."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from support.examples import examples, put_commands, run_example
from support.pictures.archive_profiles import PROFILES
from support.pictures.photographs import grey_jpeg
from support.servers.certificates import make_papers
from support.servers.running import service

EXAMPLES = examples("archives.md")


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
    put_commands(tmp_path)
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


def run(some: list[tuple[str, str]], folder: Path, **env: str) -> None:
    for language, script in some:
        run_example(language, script, folder, **env)


def test_the_commands_on_files_print_what_the_page_says(folder: Path, tiny: dict[str, str]) -> None:
    alone = [example for example in EXAMPLES if "$URL" not in example[1]]
    assert len(alone) > 3
    run(alone, folder, **tiny)


def test_a_shelf_comes_back_as_a_valid_bag(folder: Path, tiny: dict[str, str]) -> None:
    with service(folder / "data", **tiny, PHOTOCHROM_KEEP_BATCHES="true") as started:
        run([example for example in EXAMPLES if "$URL" in example[1]], folder, URL=started.url)
