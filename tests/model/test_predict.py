from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from model.checkpoint import load_network
from model.color import lab
from model.evaluate import evaluate
from model.network import Colorizer
from model.predict import (
    SETTINGS,
    OnnxPredict,
    Setting,
    TorchPredict,
    load_predict,
    recolour,
    seconds_per_photo,
    without_colour,
)
from photochrom.errors import ModelRejected

SHIPPED = Path("model/weights/photochrom.onnx")


def test_torch_and_onnx_have_the_same_figures(good_photos: Path, tmp_path: Path) -> None:
    network = load_network(SHIPPED)
    torch.save({"network": asdict(network.config), "average": network.state_dict()}, tmp_path / "same.pt")
    reports = [
        evaluate(load_predict(w, "cpu"), good_photos, limit=2)[0] for w in (SHIPPED, tmp_path / "same.pt")
    ]
    assert all(report["seconds_per_photo"] > 0 for report in reports)
    for onnx, pt in zip(*(report["settings"] for report in reports), strict=True):
        groups = zip(onnx.pop("calibration"), pt.pop("calibration"), strict=True)
        assert all(group == pytest.approx(other, abs=0.2) for group, other in groups)  # order of near ties
        assert onnx == pytest.approx(pt, abs=2e-3)


def test_the_suffix_decides_who_predicts(tiny: Colorizer, tmp_path: Path) -> None:
    torch.save({"network": asdict(tiny.config), "average": tiny.state_dict()}, tmp_path / "last.pt")
    assert isinstance(load_predict(SHIPPED, "cpu"), OnnxPredict)
    assert isinstance(load_predict(tmp_path / "last.pt", "cpu"), TorchPredict)


def test_vivid_is_more_colourful_than_faithful() -> None:
    ramp = torch.linspace(10, 90, 128).expand(1, 1, 128, 128).contiguous()
    answers = OnnxPredict(SHIPPED)(ramp, torch.zeros(1, 3, 128, 128), SETTINGS)
    faithful, _, vivid = (float(ab.norm(dim=1).mean()) for ab, _ in answers)
    assert faithful < vivid


@pytest.mark.parametrize("name", ["absent.onnx", "text.onnx", "text.pt"])
def test_what_holds_no_weights_is_refused(name: str, tmp_path: Path) -> None:
    for text in ("text.onnx", "text.pt"):
        (tmp_path / text).write_text("text")
    with pytest.raises(ModelRejected, match=name):
        load_predict(tmp_path / name, "cpu")


def test_recolouring_keeps_lightness_and_enlarges_bilinearly() -> None:
    lightness = torch.full((1, 1, 32, 32), 60.0)
    ab = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(0)) * 5
    full, rgb = recolour(lightness, ab)
    expected = torch.nn.functional.interpolate(ab, (32, 32), mode="bilinear", align_corners=False)
    assert torch.equal(full, expected)
    np.testing.assert_allclose(lab(rgb / 255)[:, :1], lightness, atol=0.5)
    assert torch.equal(rgb, rgb.round())
    assert (without_colour(lightness) == without_colour(lightness)[:, :1]).all()


def test_seconds_are_of_one_photograph_with_one_setting() -> None:
    asked: list[tuple[int, int]] = []

    def predict(
        lightness: torch.Tensor, hints: torch.Tensor, settings: tuple[Setting, ...]
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        asked.append((len(lightness), len(settings)))
        return []

    assert seconds_per_photo(predict, torch.zeros(3, 1, 32, 32)) < 1
    assert asked == [(1, 1)] * 4  # one to warm up
