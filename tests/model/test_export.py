import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from model import export
from model.card import markdown, read_onnx_card
from model.checkpoint import load_network
from model.network import Colorizer, Predictor
from model.predict import OnnxPredict, Setting
from model.shipping import parity
from photochrom.errors import ModelRejected

SHIPPED = Path("model/weights/photochrom.onnx")
CARD = Path("model/weights/card.toml")


REPORT = {
    "photos": 7,
    "settings": [
        {
            "vividness": 0,
            "temperature": 1,
            "psnr": 24.5,
            "psnr_grey": 22.0,
            "rmse_ab": 12.8,
            "ssim": 0.9,
            "colourfulness": 24.1,
            "colourfulness_truth": 42.9,
        }
    ],
}


# Tracing symbolic sizes takes many seconds (minutes on a busy machine): one test holds all the laws of an export.
@pytest.mark.timeout(900)
def test_an_export_is_deterministic_keeps_its_weights_and_card(
    tiny: Colorizer,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "val.json").write_text(json.dumps(REPORT))
    torch.save({"network": asdict(tiny.config), "average": tiny.state_dict()}, tmp_path / "last.pt")
    path = tmp_path / "tiny.onnx"
    arguments = ["--checkpoint", tmp_path / "last.pt", "--card", CARD, "--figures", tmp_path / "val.json"]
    assert export.main([*map(str, arguments), "--out", str(path)]) == 0
    assert capsys.readouterr().err.startswith("tracing the network: a minute or so\ncomparing its answers")

    card = read_onnx_card(path)
    assert card.figures[0].photos_name == "val"
    assert "| val (7) | 0 | 1 | 24.50 | 22.00 | 0.900 | 12.80 | 24.1 | 42.9 |" in markdown(card)

    # From the trace that another process may have made meanwhile.
    other = request.getfixturevalue("traced")
    monkeypatch.setattr(export, "_trace", lambda _: onnx.load(other))
    assert export.build(tiny, card).SerializeToString(deterministic=True) == path.read_bytes()

    back, stored = load_network(path), export.rounded(tiny, "fp16").state_dict()
    assert back.config == tiny.config
    for name, value in back.state_dict().items():
        assert torch.equal(value, stored[name]), name

    model = onnx.load(path)
    bias = next(item for item in model.graph.initializer if item.name == "classify.bias")
    changed = numpy_helper.to_array(bias).copy()
    changed[100:160] += 5
    bias.CopyFrom(numpy_helper.from_array(changed, bias.name))
    with pytest.raises(ModelRejected, match="differs from torch"):
        parity.parity(back, model)


def test_a_lost_weight_is_refused(tiny: Colorizer) -> None:
    weights = export.stored_weights(tiny, "fp32")
    items = [numpy_helper.from_array(array, export.PREFIX + name) for name, array in weights.items()]
    model = onnx.helper.make_model(onnx.helper.make_graph([], "traced", [], [], items[1:]))
    with pytest.raises(ModelRejected, match=next(iter(weights))):
        export.store(model, weights)


def test_the_file_names_no_machine() -> None:
    content = SHIPPED.read_bytes()
    for trace in (str(Path.cwd()), "site-packages", "stack_trace"):
        assert trace.encode() not in content


@pytest.mark.parametrize(
    ("option", "message"),
    [("--checkpoint", "not a checkpoint"), ("--card", "is not valid"), ("--figures", "is not valid")],
)
def test_the_command_says_what_is_wrong(
    option: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad").write_text("not = [valid")
    arguments = {"--checkpoint": str(SHIPPED), "--card": str(CARD), "--out": str(tmp_path / "out.onnx")}
    arguments[option] = str(tmp_path / "bad")
    assert export.main([part for pair in arguments.items() for part in pair]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out.onnx").exists()


def test_the_hash_is_over_names_types_shapes_and_values() -> None:
    weights = {"b": np.zeros((2, 1), np.float16), "a": np.ones(1, np.float32)}
    by_hand = b"a\0float32\0(1,)\0" + b"\0\0\x80\x3f" + b"b\0float16\0(2, 1)\0" + b"\0\0\0\0"
    assert export.weights_sha256(weights) == hashlib.sha256(by_hand).hexdigest()


# ---------------------------------------------------------------- the shipped file


def test_shipped_file_keeps_its_promises() -> None:
    model = onnx.load(SHIPPED)
    card = read_onnx_card(SHIPPED)
    assert SHIPPED.stat().st_size <= 40e6
    assert model.ir_version <= 10
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 18)]
    assert tuple(value.name for value in model.graph.input) == parity.INPUTS
    assert tuple(value.name for value in model.graph.output) == parity.OUTPUTS
    network = load_network(SHIPPED)
    assert len(card.bins) == len(network.bins) == 259
    assert sum(parameter.numel() for parameter in network.parameters()) < 20e6
    assert export.weights_sha256(export.stored_weights(network, "fp16")) == card.weights_sha256


def test_shipped_file_answers_as_torch_does() -> None:
    network = load_network(SHIPPED)
    lightness, hints, palette, temperature, vividness = parity.example(network, 1, 128, 160)
    with torch.inference_mode():
        expected, _ = Predictor(network)(lightness, hints, palette, temperature, vividness)
    given, confidence = OnnxPredict(SHIPPED)(lightness, hints, (Setting(0.5, 0.38),))[0]
    torch.testing.assert_close(given, expected, atol=0.01, rtol=0)
    assert 0 <= confidence.min() <= confidence.max() <= 1


def test_shipped_figures_are_not_below_the_first_run() -> None:
    figures = {(f.vividness, f.temperature): f for f in read_onnx_card(SHIPPED).figures}
    assert figures[0, 1].psnr >= 24.49
    assert figures[0.5, 0.38].psnr >= 24.405
    assert figures[1, 0.38].psnr >= 23.75
