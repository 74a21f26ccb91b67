"""A network of another shape begins from the weights of a trained one."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from model.checkpoint import load_network
from model.inherit import inherit
from model.network import Colorizer
from model.train import begin
from model.training.config import RunConfig

SHIPPED = Path("model/weights/photochrom.onnx")
STEPS = ("up16.", "up8.", "up4.")


def smooth_lightness(n: int, height: int, width: int) -> torch.Tensor:
    coarse = torch.rand(n, 1, height // 16, width // 16, generator=torch.Generator().manual_seed(3)) * 100
    return F.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 100)


@torch.no_grad()
@pytest.mark.parametrize("lean", [{"narrow": (32, 32, 32)}, {"squeeze": (32, 32, 32)}])
def test_factors_of_full_rank_answer_as_the_old_network(
    lean: dict[str, tuple[int, int, int]], tiny: Colorizer
) -> None:
    shape = replace(tiny.config, **dict.fromkeys(lean, (32, 32, 32)))
    inherited = inherit(tiny, shape)
    assert inherited.anew == ()
    hints, palette = torch.zeros(2, 3, 64, 96), torch.zeros(2, 259)
    hints[0, :, 30:37, 40:47] = torch.tensor([50.0, 20.0, 1.0])[:, None, None]
    palette[1, 7] = 1
    given = (smooth_lightness(2, 64, 96), hints, palette)
    torch.testing.assert_close(inherited.network.eval()(*given), tiny(*given), atol=1e-3, rtol=1e-3)


def test_a_lean_decoder_keeps_all_that_lies_around_it(tiny: Colorizer) -> None:
    inherited = inherit(tiny, replace(tiny.config, narrow=(24, 16, 8), squeeze=(16, 16, 8)))
    old, new = tiny.state_dict(), inherited.network.state_dict()
    names = {name for name in new if not name.endswith("num_batches_tracked")}
    assert {*inherited.taken, *inherited.factored} == names
    assert all(name.startswith(STEPS) for name in inherited.factored)
    around = [name for name in names if not name.startswith(STEPS)]
    assert around
    assert all(torch.equal(new[name], old[name]) for name in around)


@torch.no_grad()
def test_hints_change_nothing_at_the_start_where_there_are_none(tiny: Colorizer) -> None:
    network = inherit(tiny, replace(tiny.config, narrow=(24, 16, 8), squeeze=(16, 16, 8))).network.eval()
    for height, width in ((64, 96), (32, 256)):
        light = smooth_lightness(1, height, width)
        empty = network(light, torch.zeros(1, 3, height, width), torch.zeros(1, 259))
        assert empty.shape == (1, 259, height // 4, width // 4)
        assert torch.equal(network(light), empty)


def test_another_answer_starts_its_layers_anew(tiny: Colorizer) -> None:
    inherited = inherit(tiny, replace(tiny.config, answer="ab"))
    assert "classify.weight" in inherited.anew
    assert "up4.merge.weight" in inherited.taken


def test_training_of_the_lean_shape_goes_on_with_the_shipped_weights() -> None:
    shipped = load_network(SHIPPED)
    for name in ("lean", "film", "distil"):
        assert begin(shipped, RunConfig.read(Path(f"model/configs/{name}.toml"))) is shipped


def test_training_begins_in_the_shape_that_the_configuration_names(
    tiny: Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begin(tiny, RunConfig(steps=1)) is tiny
    network = begin(tiny, RunConfig(steps=1, network={"narrow": [24, 16, 8], "squeeze": [16, 16, 8]}))
    assert asdict(network.config) == asdict(tiny.config) | {"narrow": (24, 16, 8), "squeeze": (16, 16, 8)}
    assert "tensors taken" in capsys.readouterr().err
