from dataclasses import asdict
from pathlib import Path

import onnx
import pytest
import torch

from model.checkpoint import load_network, network_config
from model.network import Colorizer
from photochrom.errors import ModelRejected


def test_a_checkpoint_gives_its_averaged_weights(tiny: Colorizer, tmp_path: Path) -> None:
    state = {"network": asdict(tiny.config), "average": tiny.state_dict(), "weights": {}}
    torch.save(state, tmp_path / "last.pt")
    back = load_network(tmp_path / "last.pt")
    assert back.config == tiny.config
    assert all(torch.equal(value, back.state_dict()[name]) for name, value in tiny.state_dict().items())


@pytest.mark.parametrize("name", ["absent.pt", "absent.onnx", "text.pt", "text.onnx"])
def test_what_holds_no_weights_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("text")
    (tmp_path / "text.onnx").write_text("text")
    with pytest.raises(ModelRejected, match=name):
        load_network(tmp_path / name)


def test_an_onnx_file_of_others_is_refused(tmp_path: Path) -> None:
    graph = onnx.helper.make_graph([], "other", [], [])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "other.onnx")
    with pytest.raises(ModelRejected, match="file of model"):
        load_network(tmp_path / "other.onnx")


@pytest.mark.parametrize(
    "change", [{"classify.bias": torch.zeros(3)}, {"extra": torch.zeros(1)}, {"bins": None}]
)
def test_weights_that_do_not_fit_are_refused(
    change: dict[str, torch.Tensor | None], tiny: Colorizer, tmp_path: Path
) -> None:
    weights = {name: value for name, value in (tiny.state_dict() | change).items() if value is not None}
    torch.save({"network": asdict(tiny.config), "average": weights}, tmp_path / "last.pt")
    with pytest.raises(ModelRejected, match="do not fit"):
        load_network(tmp_path / "last.pt")


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ModelRejected, match="widht"):
        network_config({"widht": 3})
