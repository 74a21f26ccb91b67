from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnxruntime import InferenceSession

from model import export
from model.card import read_onnx_card
from model.checkpoint import load_network
from model.network import Colorizer
from model.shipping import parity
from model.shipping.quantize import calibration_inputs, quantize
from photochrom.errors import ModelRejected, PhotoRejected
from photochrom.photo.options import ColorizeOptions
from workers.network.predictor import OnnxPredictor

SHIPPED = Path("model/weights/photochrom.onnx")
CARD = Path("model/weights/card.toml")


def kept_results(module: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The results of a function of a module, as they come; the function does what it does."""
    function, results = getattr(module, name), []

    def keeping(*arguments: Any) -> Any:
        results.append(function(*arguments))
        return results[-1]

    monkeypatch.setattr(module, name, keeping)
    return results


# A trace takes many seconds (minutes on a busy machine): this test shares one with that of `test_export.py`.
@pytest.mark.timeout(900)
def test_an_int8_export_is_deterministic_and_runs_in_a_worker(
    tiny: Colorizer,
    good_photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    traced: Path,
) -> None:
    monkeypatch.setattr(export, "_trace", lambda _: onnx.load(traced))
    wholes = kept_results(export, "build", monkeypatch)
    torch.save({"network": asdict(tiny.config), "average": tiny.state_dict()}, tmp_path / "last.pt")
    path = tmp_path / "tiny.onnx"
    arguments = ["--checkpoint", tmp_path / "last.pt", "--card", CARD, "--out", path, "--precision", "int8"]
    assert export.main([*map(str, arguments), "--calibrate", str(good_photos)]) == 0
    assert "from the weights as trained" in capsys.readouterr().out

    card, model = read_onnx_card(path), onnx.load(path)
    assert card.precision == "int8"
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", export.OPSET)]
    assert tuple(value.name for value in model.graph.input) == parity.INPUTS
    weights = {item.name: onnx.numpy_helper.to_array(item) for item in model.graph.initializer}
    assert export.weights_sha256(weights) == card.weights_sha256
    assert {n for n, a in weights.items() if a.dtype == np.int8 and a.ndim == 4 and "up" in n}
    assert not [n for n, a in weights.items() if a.dtype == np.int8 and ("encoder" in n or "hint" in n)]
    for trace in (str(tmp_path), str(Path.cwd()), "site-packages"):
        assert trace.encode() not in path.read_bytes()

    predictor = OnnxPredictor(path, threads=1)
    for height, width in ((128, 128), (160, 256)):
        answer = predictor.predict(np.full((height, width), 50, np.float32), ColorizeOptions())
        assert answer.ab.shape == (2, height // 4, width // 4)
        assert np.isfinite(answer.ab).all()

    inputs, (whole,) = calibration_inputs(good_photos, tiny.bins), wholes
    assert parity.rounding(tiny, whole, "fp32", parity.cases(tiny)) < 0.01
    once, again = (quantize(whole, inputs).graph.SerializeToString(deterministic=True) for _ in range(2))
    assert once == again == model.graph.SerializeToString(deterministic=True)

    with pytest.raises(ModelRejected, match="int8"):
        load_network(path)


def test_the_shipped_network_keeps_its_colours_in_8_bits(good_photos: Path) -> None:
    whole, inputs = onnx.load(SHIPPED), calibration_inputs(good_photos, load_network(SHIPPED).bins)[:4]
    answers = [
        [session.run(["ab"], parity.feed(case))[0] for case in inputs]
        for model in (whole, quantize(whole, inputs))
        for session in [InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])]
    ]
    assert np.sqrt(np.mean(np.square(np.subtract(*answers)))) < 0.25 * parity.ROUNDING_TOLERANCE["int8"]


def test_photographs_calibrate_with_and_without_hints_and_palette(good_photos: Path, tiny: Colorizer) -> None:
    inputs = calibration_inputs(good_photos, tiny.bins)
    assert len(inputs) == 8
    hinted = [bool(hints[:, 2].any()) for _, hints, *_ in inputs]
    assert hinted == [False, True, False, False] * 2
    totals = [float(palette.sum()) for _, _, palette, *_ in inputs]
    assert totals == pytest.approx([0, 0, 1, 0] * 2, abs=1e-5)
    blue = (inputs[2][2][0] * (tiny.bins[:, 1] < 0)).sum()
    assert 0.2 < blue < 0.8  # each scene is sky above grass


def test_nothing_to_calibrate_with_is_refused(tmp_path: Path, tiny: Colorizer) -> None:
    with pytest.raises(PhotoRejected, match="to calibrate with"):
        calibration_inputs(tmp_path, tiny.bins)


def test_int8_without_photographs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--checkpoint", str(SHIPPED), "--card", str(CARD), "--out", str(tmp_path / "out.onnx")]
    assert export.main([*arguments, "--precision", "int8"]) == 1
    assert "--calibrate" in capsys.readouterr().err
    assert not (tmp_path / "out.onnx").exists()
