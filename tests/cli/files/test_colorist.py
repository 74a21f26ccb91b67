import contextlib
from pathlib import Path

import psutil
import pytest

from cli.files.colorist import Colorist, ColoristBroken
from cli.files.plan import Item
from photochrom.photo.options import ColorizeOptions
from support.pictures.photographs import grey_jpeg


@pytest.fixture
def item(tmp_path: Path) -> Item:
    source = tmp_path / "grey.jpg"
    source.write_bytes(grey_jpeg(size=(200, 150)))
    return Item(source, tmp_path / "colour.jpg")


def processes() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
            if "workers.local" in child.cmdline():
                found.append(child)
    return found


def kill_the_process(_stage: str) -> None:
    for child in processes():
        child.kill()


def test_a_photograph_that_takes_the_process_down_fails_alone_and_the_next_gets_a_new_process(
    item: Item,
) -> None:
    colorist = Colorist({})
    crashed = colorist.restore(item, ColorizeOptions(), kill_the_process)
    assert not crashed.succeeded
    assert crashed.code == "crashed"
    stages: list[str] = []
    assert colorist.restore(item, ColorizeOptions(), stages.append).succeeded
    assert stages == ["decode", "predict", "upsample", "encode"]
    assert item.target.exists()
    colorist.close()
    assert not processes()


def test_a_process_that_cannot_work_is_one_error_not_one_a_photograph(item: Item, tmp_path: Path) -> None:
    colorist = Colorist({"PHOTOCHROM_MODEL_PATH": str(tmp_path / "none.onnx")})
    with pytest.raises(ColoristBroken, match="none"):
        colorist.restore(item, ColorizeOptions(), lambda stage: None)
