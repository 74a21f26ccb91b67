import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from model.color import lab
from model.evaluate import calibration, evaluate, main, recolour
from model.predict import SETTINGS, Setting

SHIPPED = Path("model/weights/photochrom.onnx")


class Truth:
    """A predictor that knows the truth at every fourth pixel of one even colour."""

    def __init__(self, a: float, b: float) -> None:
        self.ab = torch.tensor([a, b])[None, :, None, None]

    def __call__(
        self, lightness: torch.Tensor, hints: torch.Tensor, settings: tuple[Setting, ...]
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        n, _, height, width = lightness.shape
        ab = self.ab.expand(n, -1, height // 4, width // 4)
        return [(ab * setting.vividness, torch.ones_like(ab[:, :1])) for setting in settings]


@pytest.fixture
def even(tmp_path: Path) -> Path:
    from PIL import Image

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
    assert grey["psnr"] == grey["psnr_grey"] < 30
    assert grey["rmse_ab"] == pytest.approx(float(colour[1:].square().mean().sqrt()), rel=1e-4)
    assert grey["colourfulness"] == pytest.approx(0, abs=1e-4)


class HintsOnly:
    """A predictor that knows nothing but its hints."""

    def __call__(
        self, lightness: torch.Tensor, hints: torch.Tensor, settings: tuple[Setting, ...]
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        shown = hints[:, 2:].flatten(2).sum(2)[..., None, None]
        mean = hints[:, :2].flatten(2).sum(2)[..., None, None] / shown.clamp(min=1)
        small = mean.expand(-1, -1, lightness.shape[2] // 4, lightness.shape[3] // 4)
        return [(small, torch.ones_like(small[:, :1])) for _ in settings]


def test_hints_show_the_truth_when_asked_for(even: Path) -> None:
    without, with_one = (evaluate(HintsOnly(), even, hints=n)[0]["settings"][0] for n in (0, 1))
    assert without["psnr"] == without["psnr_grey"]
    assert with_one["rmse_ab"] == pytest.approx(0, abs=1e-3)


def test_recolouring_keeps_lightness_and_enlarges_bilinearly() -> None:
    lightness = torch.full((1, 1, 32, 32), 60.0)
    ab = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(0)) * 5
    full, rgb = recolour(lightness, ab)
    expected = torch.nn.functional.interpolate(ab, (32, 32), mode="bilinear", align_corners=False)
    assert torch.equal(full, expected)
    np.testing.assert_allclose(lab(rgb / 255)[:, :1], lightness, atol=0.5)
    assert torch.equal(rgb, rgb.round())


def test_calibration_sorts_by_the_estimate_and_takes_roots_of_mean_squares() -> None:
    errors = torch.tensor([[5.0, 1, 7, 1], [6.0, 3, 8, 4]])
    low, high = calibration(errors, groups=2)
    assert low == {"estimated": 1.0, "true": pytest.approx(12.5**0.5, abs=1e-3)}
    assert high == {"estimated": pytest.approx(37**0.5, abs=1e-3), "true": pytest.approx(50**0.5, abs=1e-3)}


def test_the_command_prints_json_and_writes_rows(
    good_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--weights", str(SHIPPED), "--photos", str(good_photos), "--limit", "2"]
    assert main([*arguments, "--json", "--csv", str(tmp_path / "rows.csv")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["photos"] == 2
    assert [(row["vividness"], row["temperature"]) for row in report["settings"]] == [
        (0, 1),
        (0.5, 0.38),
        (1, 0.38),
    ]
    rows = list(csv.DictReader((tmp_path / "rows.csv").open()))
    assert len(rows) == 6
    mean = np.mean([float(row["psnr"]) for row in rows if row["vividness"] == "1"])
    assert mean == pytest.approx(report["settings"][2]["psnr"], abs=1e-3)


def test_the_command_prints_a_table(good_photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--weights", str(SHIPPED), "--photos", str(good_photos), "--limit", "1"]) == 0
    assert "1 photographs" in capsys.readouterr().out


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
