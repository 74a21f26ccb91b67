import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model.card import read_onnx_card
from model.color import lab
from model.evaluate import evaluate, main
from model.losses import color_bins
from model.predict import SETTINGS, Setting
from photochrom.errors import PhotoRejected

SHIPPED = Path("model/weights/photochrom.onnx")


class Truth:
    """A predictor that knows the truth at every fourth pixel of one even colour."""

    bins = color_bins()

    def __init__(self, a: float, b: float) -> None:
        self.ab = torch.tensor([a, b])[None, :, None, None]

    def __call__(
        self,
        lightness: torch.Tensor,
        hints: torch.Tensor,
        settings: tuple[Setting, ...],
        palette: torch.Tensor | None = None,
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        n, _, height, width = lightness.shape
        ab = self.ab.expand(n, -1, height // 4, width // 4)
        return [(ab * setting.vividness, torch.ones_like(ab[:, :1])) for setting in settings]


@pytest.fixture
def even(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        Image.new("RGB", (300, 280), (180, 120, 60)).save(tmp_path / f"{name}.png")
    return tmp_path


def test_knowing_the_truth_scores_full_and_grey_scores_grey(even: Path) -> None:
    colour = lab(torch.tensor([180, 120, 60.0])[None, :, None, None] / 255)[0, :, 0, 0]
    report, rows = evaluate(Truth(float(colour[1]), float(colour[2])), even, batch=2)
    grey, _, vivid = report["settings"]
    assert report["photos"] == 3
    assert len(rows) == 3 * len(SETTINGS)
    assert vivid["psnr"] == 100
    assert vivid["rmse_ab"] == pytest.approx(0, abs=1e-3)
    assert vivid["colourfulness"] == vivid["colourfulness_truth"]
    assert vivid["colourfulness_difference"] == 0
    assert grey["colourfulness_difference"] == pytest.approx(-grey["colourfulness_truth"], abs=1e-3)
    assert grey["psnr"] == grey["psnr_grey"] < 30
    assert grey["rmse_ab"] == pytest.approx(float(colour[1:].square().mean().sqrt()), rel=1e-4)
    assert grey["colourfulness"] == pytest.approx(0, abs=1e-4)


class HintsOnly:
    """A predictor that knows nothing but its hints."""

    bins = color_bins()

    def __call__(
        self,
        lightness: torch.Tensor,
        hints: torch.Tensor,
        settings: tuple[Setting, ...],
        palette: torch.Tensor | None = None,
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        shown = hints[:, 2:].flatten(2).sum(2)[..., None, None]
        mean = hints[:, :2].flatten(2).sum(2)[..., None, None] / shown.clamp(min=1)
        small = mean.expand(-1, -1, lightness.shape[2] // 4, lightness.shape[3] // 4)
        return [(small, torch.ones_like(small[:, :1])) for _ in settings]


def test_hints_show_the_truth_when_asked_for(even: Path) -> None:
    without, with_one = (evaluate(HintsOnly(), even, hints=n)[0]["settings"][0] for n in (0, 1))
    assert without["psnr"] == without["psnr_grey"]
    assert with_one["rmse_ab"] == pytest.approx(0, abs=1e-3)


def test_a_false_hint_that_all_follows_leaks_and_is_heard(two_halves: Path) -> None:
    row = evaluate(HintsOnly(), two_halves, false_hint=True)[0]["settings"][0]
    assert row["hint_unheard"] < 1e-3
    assert row["hint_leak"] > 0.1


def test_a_false_hint_that_nothing_follows_is_unheard(two_halves: Path) -> None:
    row = evaluate(Truth(0.0, 0.0), two_halves, false_hint=True)[0]["settings"][0]
    assert row["hint_leak"] < 1e-3
    assert row["hint_unheard"] > 0.1


class PaletteOnly:
    """A predictor that paints everything in the mean colour of the palette, and grey without one."""

    bins = color_bins()

    def __call__(
        self,
        lightness: torch.Tensor,
        hints: torch.Tensor,
        settings: tuple[Setting, ...],
        palette: torch.Tensor | None = None,
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        n, _, height, width = lightness.shape
        mean = torch.zeros(n, 2) if palette is None else palette @ self.bins
        ab = mean[..., None, None].expand(-1, -1, height // 4, width // 4)
        return [(ab, torch.ones_like(ab[:, :1])) for _ in settings]


@pytest.fixture
def two_halves(tmp_path: Path) -> Path:
    for name, colour in (("a", (200, 60, 60)), ("b", (60, 160, 60))):
        photo = Image.new("RGB", (256, 256), colour)
        photo.paste((90, 90, 200), (0, 0, 128, 256))
        photo.save(tmp_path / f"{name}.png")
    return tmp_path


@pytest.fixture
def two_colours(tmp_path: Path) -> Path:
    for name, colour in (("a", (200, 60, 60)), ("b", (60, 160, 60))):
        Image.new("RGB", (256, 256), colour).save(tmp_path / f"{name}.png")
    return tmp_path


def test_a_palette_of_its_own_shows_the_truth(two_colours: Path) -> None:
    row = evaluate(PaletteOnly(), two_colours, palette="own")[0]["settings"][0]
    assert row["rmse_ab"] < 3  # bins are 10 apart
    assert row["palette_distance"] < 0.3
    assert row["palette_distance_without"] == pytest.approx(1, abs=1e-3)


def test_a_palette_of_the_next_photograph_leads_away_from_the_truth(two_colours: Path) -> None:
    row = evaluate(PaletteOnly(), two_colours, palette="next")[0]["settings"][0]
    assert row["palette_distance"] < 0.3
    assert row["rmse_ab"] > 40


def test_a_photograph_alone_has_no_next_one(two_colours: Path) -> None:
    with pytest.raises(PhotoRejected, match="no next photograph"):
        evaluate(PaletteOnly(), two_colours, palette="next", batch=1)


def test_the_command_tells_what_a_false_hint_does(
    two_halves: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--weights", str(SHIPPED), "--photos", str(two_halves)]
    assert main([*arguments, "--false-hint", "--json"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert all(0 <= row[key] < 1 for row in settings for key in ("hint_leak", "hint_unheard"))
    with pytest.raises(SystemExit):
        main([*arguments, "--false-hint", "--hints", "3"])
    assert "not allowed with" in capsys.readouterr().err


def test_the_command_prints_json_and_writes_rows_and_a_sheet(
    good_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels.csv").write_text("photo,class\nscene-50.png,5\n")
    arguments = ["--weights", str(SHIPPED), "--photos", str(good_photos), "--limit", "2", "--json", "--judge"]
    files = {"--csv": "rows.csv", "--sheet": "sheet.jpg", "--labels": "labels.csv"}
    assert main([*arguments, *(x for k, v in files.items() for x in (k, str(tmp_path / v)))]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["photos"] == 2
    assert report["labelled"] == 1
    assert report["seconds_per_photo"] > 0
    assert report["weights_sha256"] == read_onnx_card(SHIPPED).weights_sha256
    settings = report["settings"]
    assert [(s["vividness"], s["temperature"]) for s in settings] == [(0, 1), (0.5, 0.38), (1, 0.38)]
    keys = {
        "psnr",
        "psnr_grey",
        "rmse_ab",
        "colourfulness",
        "colourfulness_truth",
        "frechet",
        "judge_agreement",
    }
    assert all(keys | {"top1", "top1_truth"} <= row.keys() for row in settings)
    rows = list(csv.DictReader((tmp_path / "rows.csv").open()))
    assert len(rows) == 6
    mean = np.mean([float(row["psnr"]) for row in rows if row["vividness"] == "1"])
    assert mean == pytest.approx(settings[2]["psnr"], abs=1e-3)
    assert Image.open(tmp_path / "sheet.jpg").width == 5 * 256


def test_the_command_prints_a_table(good_photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--weights", str(SHIPPED), "--photos", str(good_photos), "--limit", "1"]) == 0
    printed = capsys.readouterr()
    assert "1 photographs" in printed.out
    assert "measured 1 of 1 photographs" in printed.err


@pytest.mark.parametrize(("option", "value"), [("--weights", "absent.onnx"), ("--photos", "absent")])
def test_the_command_says_what_is_missing(
    option: str, value: str, good_photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = {"--weights": str(SHIPPED), "--photos": str(good_photos), option: value}
    assert main([part for pair in arguments.items() for part in pair]) == 1
    assert value in capsys.readouterr().err


def test_an_empty_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--weights", str(SHIPPED), "--photos", str(tmp_path)]) == 1
    assert "no photographs" in capsys.readouterr().err


def test_a_damaged_photograph_is_named(even: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (even / "torn.jpg").write_bytes(b"\xff\xd8 torn")
    assert main(["--weights", str(SHIPPED), "--photos", str(even)]) == 1
    assert "torn.jpg: Not a readable photograph" in capsys.readouterr().err


def test_labels_that_fit_nothing_are_refused(
    even: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels.json").write_text('{"other.png": 1}')
    arguments = ["--weights", str(SHIPPED), "--photos", str(even), "--labels", str(tmp_path / "labels.json")]
    assert main([*arguments, "--judge"]) == 1
    assert "named like 'a.png'" in capsys.readouterr().err


def test_labels_without_a_judge_are_refused(even: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--weights", str(SHIPPED), "--photos", str(even), "--labels", "labels.csv"])
    assert "--labels needs --judge" in capsys.readouterr().err
