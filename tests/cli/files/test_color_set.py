"""`photochrom colorize --consistency` as a process: a folder gets one set of colours, also where it is interrupted."""

import io
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.files.color_set import FOLDER
from support.networks.tiny_model import ABLE_CARD, tiny_model
from support.pictures.series import SCENE, as_jpeg, other, part
from support.servers.running import ROOT, command
from support.waiting import wait_for

_SIDE = 800
MATCHED = b'stEvt:action="matched"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three parts of one scene in a folder, and a stranger beside."""
    made = tmp_path_factory.mktemp("photographs")
    (made / "scene").mkdir()
    for name, how in SCENE.items():
        (made / "scene" / f"{name}.jpg").write_bytes(as_jpeg(part(*how, _SIDE)))
    (made / "other.jpg").write_bytes(as_jpeg(other(_SIDE)))
    return made


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two small networks, and the shipped one that tells series."""
    made = tmp_path_factory.mktemp("models")
    for name in ("usual", "film"):
        (made / f"{name}.onnx").write_bytes(tiny_model(ABLE_CARD))
    (made / "recognizer.onnx").symlink_to(ROOT / "model/weights/recognizer.onnx")
    return {"PHOTOCHROM_MODEL_PATH": str(made / "usual.onnx")}


def arguments(source: Path, target: Path, consistency: float = 1) -> list[str]:
    return ["colorize", str(source), str(target), "--consistency", str(consistency), "--film", "panchromatic"]


def run(source: Path, target: Path, models: dict[str, str], consistency: float = 1) -> str:
    process = command(*arguments(source, target, consistency), **models)
    said = process.communicate(timeout=180)[0]
    assert process.returncode == 0, said
    return said


def results(target: Path) -> dict[str, bytes]:
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*.jpg")}


@pytest.fixture(scope="module")
def calm(folder: Path, models: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run makes that nothing happens to."""
    target = tmp_path_factory.mktemp("calm")
    said = run(folder, target, models)
    assert "4 colorized" in said
    assert not (target / FOLDER).exists()
    return results(target)


def test_photographs_of_one_scene_are_matched_and_a_stranger_is_as_alone(
    folder: Path, models: dict[str, str], calm: dict[str, bytes], tmp_path: Path
) -> None:
    run(folder, tmp_path, models, consistency=0)
    alone = results(tmp_path)
    assert alone.keys() == calm.keys()
    changed = {name for name in calm if MATCHED in calm[name]}
    assert changed
    assert changed <= {f"scene/{name}.jpg" for name in SCENE}
    assert pixels(calm["other.jpg"]) == pixels(alone["other.jpg"])
    assert all(pixels(calm[name]) != pixels(alone[name]) for name in changed)


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.tobytes()


def test_a_run_that_was_killed_goes_on_to_the_very_same(
    folder: Path, models: dict[str, str], calm: dict[str, bytes], tmp_path: Path
) -> None:
    process = command(*arguments(folder, tmp_path), "--processes", "1", **models)
    wait_for(lambda: results(tmp_path), 60, "a first result")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    left = results(tmp_path)
    assert len(left) < 4
    assert (tmp_path / FOLDER).is_dir()
    said = run(folder, tmp_path, models)
    assert f"{len(left)} already there" in said
    assert results(tmp_path) == calm
    assert not (tmp_path / FOLDER).exists()
    # All is there: nothing is looked at again.
    assert "4 already there" in run(folder, tmp_path, models)


def test_a_run_whose_set_was_still_to_be_made_makes_it(
    folder: Path, models: dict[str, str], calm: dict[str, bytes], tmp_path: Path
) -> None:
    """As if it had been killed between the first colours and the second."""
    process = command(*arguments(folder, tmp_path), "--processes", "1", **models)
    wait_for(lambda: len(results(tmp_path)) == 4, 120, "the first colours of all")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    if (tmp_path / FOLDER).is_dir():  # else it was done already
        run(folder, tmp_path, models)
    assert results(tmp_path) == calm


def test_what_is_cut_out_of_a_page_is_a_set(models: dict[str, str], tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(38, 1.5, (900, 1300))
    page = Image.fromarray(noise.clip(0, 255).astype(np.uint8))
    for how, place in zip(SCENE.values(), ((60, 80), (700, 250)), strict=False):
        with Image.open(io.BytesIO(as_jpeg(part(*how, _SIDE)))) as photo:
            page.paste(photo.resize((500, 500)), place)
    page.save(tmp_path / "page.jpg", quality=95)
    target = tmp_path / "out"
    process = command(*arguments(tmp_path / "page.jpg", target), "--split", **models)
    said = process.communicate(timeout=180)[0]
    assert process.returncode == 0, said
    found = results(target)
    assert found.keys() == {"page-1.jpg", "page-2.jpg"}
    assert any(MATCHED in data for data in found.values())
    assert not (target / FOLDER).exists()


def test_one_photograph_has_no_others(folder: Path, models: dict[str, str], tmp_path: Path) -> None:
    process = command(*arguments(folder / "other.jpg", tmp_path / "one.jpg"), **models)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "name a folder" in said


def test_without_the_network_that_tells_series_it_is_said(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "tiny.onnx"
    model.write_bytes(tiny_model())
    process = command(*arguments(folder, tmp_path / "out"), PHOTOCHROM_MODEL_PATH=str(model))
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "recognizer.onnx" in said
