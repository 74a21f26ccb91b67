from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from model.checkpoint import load_network
from model.evaluate import evaluate
from model.network import Colorizer
from model.predict import SETTINGS, OnnxPredict, TorchPredict, load_predict
from photochrom.errors import ModelRejected

SHIPPED = Path("model/weights/photochrom.onnx")


def test_torch_and_onnx_have_the_same_figures(good_photos: Path, tmp_path: Path) -> None:
    network = load_network(SHIPPED)
    torch.save({"network": asdict(network.config), "average": network.state_dict()}, tmp_path / "same.pt")
    reports = [
        evaluate(load_predict(w, "cpu"), good_photos, limit=2)[0] for w in (SHIPPED, tmp_path / "same.pt")
    ]
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
