"""`photochrom colorize` as a process, with the real model."""

import io
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom import color
from support.networks.tiny_model import ABLE_CARD, light, tiny_model
from support.pictures.photographs import PHOTOS, grey_jpeg
from support.servers.running import command
from support.waiting import wait_for


def run(*arguments: str | Path, **env: str) -> tuple[int, str]:
    process = command("colorize", *map(str, arguments), **env)
    said = process.communicate(timeout=120)[0]
    return process.returncode, said


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "grey.jpg"
    path.write_bytes(grey_jpeg())
    return path


def test_one_photograph(photograph: Path, tmp_path: Path) -> None:
    code, said = run(photograph, tmp_path / "new" / "colour.jpg")
    assert code == 0, said
    assert "1 colorized" in said
    with Image.open(photograph) as before, Image.open(tmp_path / "new" / "colour.jpg") as after:
        assert after.size == before.size
        assert np.ptp(np.asarray(after, np.int16), axis=-1).mean() > 5


def test_a_folder_with_a_bad_file_loses_only_that_file_and_says_so(photograph: Path, tmp_path: Path) -> None:
    album = tmp_path / "album"
    (album / "deep").mkdir(parents=True)
    (album / "deep" / "good.jpg").write_bytes(photograph.read_bytes())
    (album / "bad.jpg").write_bytes(b"")
    code, said = run(album, tmp_path / "out", "--processes", "2", **light())
    assert code == 1
    assert "1 colorized" in said
    assert "1 failed" in said
    assert "bad.jpg: The file is empty" in said
    assert (tmp_path / "out" / "deep" / "good.jpg").exists()
    assert not (tmp_path / "out" / "bad.jpg").exists()
    code, said = run(album, tmp_path / "out", **light())
    assert "1 already there" in said


def test_no_half_written_file_is_left_by_ctrl_c(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for index in range(40):
        (album / f"{index:02}.jpg").write_bytes(grey_jpeg(size=(1600, 1200)))
    out = tmp_path / "out"
    process = command("colorize", str(album), str(out))
    wait_for(lambda: out.exists() and any(out.glob("*.jpg")), 60, "the first result")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    results = list(out.iterdir())
    assert 0 < len(results) < 40
    for path in results:
        with Image.open(path) as photo:
            photo.load()


def test_an_option_out_of_range_names_the_option(photograph: Path, tmp_path: Path) -> None:
    code, said = run(photograph, tmp_path / "out.jpg", "--vividness", "7")
    assert code == 2
    assert "--vividness" in said


def test_a_missing_source_is_a_usage_error(tmp_path: Path) -> None:
    assert run(tmp_path / "nowhere.jpg", tmp_path / "out.jpg")[0] == 2


def test_a_missing_model_is_said_once(photograph: Path, tmp_path: Path) -> None:
    code, said = run(photograph, tmp_path / "out.jpg", PHOTOCHROM_MODEL_PATH=str(tmp_path / "none.onnx"))
    assert code == 1
    assert "none.onnx" in said


def test_a_target_that_cannot_be_written_is_said(photograph: Path) -> None:
    code, said = run(photograph, "/proc/colour.jpg")
    assert code == 1
    assert "/proc" in said


def test_a_single_result_takes_the_format_of_its_name(photograph: Path, tmp_path: Path) -> None:
    assert run(photograph, tmp_path / "colour.png", **light())[0] == 0
    assert Image.open(io.BytesIO((tmp_path / "colour.png").read_bytes())).format == "PNG"


@pytest.fixture
def able(tmp_path: Path) -> dict[str, str]:
    """The environment of a model that takes hints and palettes."""
    model = tmp_path / "able.onnx"
    model.write_bytes(tiny_model(ABLE_CARD))
    return {"PHOTOCHROM_MODEL_PATH": str(model)}


def ab(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(color.lab(np.asarray(image.convert("RGB")) / 255)[..., 1:])


def test_hints_and_a_reference_change_the_colours(
    photograph: Path, tmp_path: Path, able: dict[str, str]
) -> None:
    plain, hinted, lent = (tmp_path / f"{name}.png" for name in ("plain", "hinted", "lent"))
    assert run(photograph, plain, **able)[0] == 0
    hints = ("--hint", "0.25,0.75,#c04030", "--hint", "0.75,0.75,#3040c0")
    assert run(photograph, hinted, *hints, **able)[0] == 0
    change = ab(hinted) - ab(plain)
    assert change[384, 128, 1] > change[384, 384, 1] + 20
    assert np.abs(change[100, 100]).max() < 2
    assert run(photograph, lent, "--reference", PHOTOS / "coffee.jpg", **able)[0] == 0
    assert (ab(lent) - ab(plain))[..., 0].mean() > 2


def test_places_are_kept_and_repaired_as_the_command_says(tmp_path: Path) -> None:
    plane = np.random.default_rng(5).normal(120, 2, (240, 320)).astype(np.uint8)
    plane[100:102, 40:200] = plane[40:44, 250:254] = 255
    Image.fromarray(plane).save(tmp_path / "worn.png")
    mask = np.full(plane.shape, 128, np.uint8)
    mask[150:160, 50:60] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    asked = (
        "--repair",
        "auto",
        "--color",
        "off",
        "--keep",
        "0.7,0,0.3,0.3",
        "--repair-mask",
        tmp_path / "mask.png",
    )
    code, said = run(tmp_path / "worn.png", tmp_path / "out.png", *asked)
    assert code == 0, said
    change = np.asarray(Image.open(tmp_path / "out.png").convert("L")) != plane
    assert change[100:102, 40:200].mean() > 0.9
    assert change[150:160, 50:60].mean() > 0.5
    assert not change[:72, 224:].any()


def test_a_mask_that_does_not_fit_is_said(photograph: Path, tmp_path: Path) -> None:
    Image.new("L", (9, 9)).save(tmp_path / "mask.png")
    mask = ("--repair-mask", tmp_path / "mask.png")
    code, said = run(photograph, tmp_path / "out.jpg", *mask, "--repair", "auto", **light())
    assert (code, "has 9 x 9 pixels" in " ".join(said.split())) == (1, True)
    for wrong, sentence in (
        ((photograph, tmp_path / "out.jpg", *mask), "with --repair auto"),
        ((tmp_path, tmp_path / "out", *mask, "--repair", "auto"), "name a file"),
        ((photograph, tmp_path / "out.jpg", "--keep", "1,2"), "give four numbers"),
        ((photograph, tmp_path / "out.jpg", "--keep", "0.5,0.5,0.9,0.1"), "reaches beyond"),
    ):
        code, said = run(*wrong)
        assert code != 0
        assert sentence in " ".join(said.replace("│", " ").split())


@pytest.mark.parametrize("hint", ["0.5,0.5", "red", "2,0.5,#ffffff", "0.5,0.5,red", "0.1,0.1,#ffffff,3"])
def test_a_hint_that_cannot_be_read_is_shown_how_to_write(
    photograph: Path, tmp_path: Path, hint: str
) -> None:
    code, said = run(photograph, tmp_path / "out.jpg", "--hint", hint)
    assert code == 2
    assert "--hint" in said
    assert "0.4,0.3,#a04030" in said.replace("\n", " ")


def test_hints_are_for_one_photograph(photograph: Path, tmp_path: Path) -> None:
    code, said = run(photograph.parent, tmp_path / "out", "--hint", "0.5,0.5,#ffffff")
    assert code == 1
    assert "name a file, not a folder" in said


def test_a_reference_without_colour_and_a_model_without_palette_are_said(
    photograph: Path, tmp_path: Path, able: dict[str, str]
) -> None:
    code, said = run(photograph, tmp_path / "out.jpg", "--reference", photograph, **able)
    assert (code, "no colour to lend" in said) == (1, True)
    plain = tmp_path / "plain.onnx"
    plain.write_bytes(tiny_model())
    env = {"PHOTOCHROM_MODEL_PATH": str(plain)}
    code, said = run(photograph, tmp_path / "out.jpg", "--reference", PHOTOS / "coffee.jpg", **env)
    assert (code, "was not trained for a reference photograph" in said) == (1, True)
    assert not (tmp_path / "out.jpg").exists()


def test_the_light_that_the_eye_saw(photograph: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    code, said = run(photograph, out, "--light", "panchromatic", "--film", "blue")
    assert code == 0, said
    with Image.open(photograph) as before, Image.open(out) as after:
        seen = color.linear(np.asarray(after) / 255) @ np.array([0.02, 0.11, 0.87])
        scan = color.linear(np.asarray(before.convert("L")) / 255)
    off = color.lightness_of_luminance(seen) - color.lightness_of_luminance(scan)
    assert np.abs(off).max() < 0.5


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (["--light", "moonlight"], "moonlight"),
        (["--film", "kodachrome"], "kodachrome"),
        (["--light", "panchromatic", "--sepia", "0.5"], "send sepia with light=as-scanned"),
    ],
)
def test_a_light_that_there_is_not_is_a_usage_error(
    photograph: Path, tmp_path: Path, wrong: list[str], named: str
) -> None:
    code, said = run(photograph, tmp_path / "out.jpg", *wrong)
    assert code == 2
    assert named in " ".join(said.replace("│", " ").split())
