"""A network of another shape begins from the weights of a trained one."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from model.checkpoint import load_network
from model.inherit import inherit
from model.network import Colorizer, NetworkConfig
from model.train import begin
from model.training.config import RunConfig
from tests.model.test_network import lightness

SHIPPED = Path("model/weights/photochrom.onnx")


def lean(of: Colorizer, decoder: tuple[int, int, int], narrow: tuple[int, int, int]) -> NetworkConfig:
    return replace(of.config, decoder=decoder, narrow=narrow, last=of.config.decoder[-1])


@torch.no_grad()
def test_a_lean_network_that_cuts_nothing_away_answers_as_the_old_one(tiny: Colorizer) -> None:
    torch.manual_seed(1)
    inherited = inherit(tiny, lean(tiny, tiny.config.decoder, (32, 32, 32)))
    assert inherited.anew == ()
    hints, palette = torch.zeros(2, 3, 64, 96), torch.zeros(2, 259)
    hints[0, :, 30:37, 40:47] = torch.tensor([50.0, 20.0, 1.0])[:, None, None]
    palette[1, 7] = 1
    given = (lightness(), hints, palette)
    torch.testing.assert_close(inherited.network.eval()(*given), tiny(*given), atol=1e-3, rtol=1e-3)


def test_a_narrower_decoder_keeps_all_that_lies_around_it(tiny: Colorizer) -> None:
    inherited = inherit(tiny, lean(tiny, (32, 24, 16), (24, 16, 8)))
    old, new = tiny.state_dict(), inherited.network.state_dict()
    around = ("encoder.", "context.", "hint", "palette", "spread.", "classify.", "bins", "log_weight")
    expected = {n for n in new if n.startswith(around) and not n.endswith("num_batches_tracked")}
    assert set(inherited.taken) == expected
    assert all(torch.equal(new[name], old[name]) for name in expected)
    assert all(name.startswith(("up16.", "up8.", "up4.", "widen.")) for name in inherited.cut)
    assert {*inherited.taken, *inherited.cut} == {n for n in new if not n.endswith("num_batches_tracked")}


def test_another_answer_starts_its_layers_anew(tiny: Colorizer) -> None:
    inherited = inherit(tiny, replace(tiny.config, answer="ab"))
    assert "classify.weight" in inherited.anew
    assert "up4.merge.weight" in inherited.taken


@torch.no_grad()
def test_the_shipped_weights_begin_a_lean_network_that_nearly_agrees() -> None:
    shipped = load_network(SHIPPED)
    shape = replace(shipped.config, narrow=(192, 128, 64), last=160)
    wide = inherit(shipped, shape).network.eval()
    light = torch.nn.functional.interpolate(lightness(1, 4, 4), (128, 128), mode="bicubic").clamp(0, 100)
    old, new = shipped(light).softmax(1), wide(light).softmax(1)
    assert (old - new).abs().sum(1).mean() / 2 < 0.1  # total variation


def test_training_begins_in_the_shape_that_the_configuration_names(
    tiny: Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begin(tiny, RunConfig(steps=1)) is tiny
    fields = {"decoder": [32, 24, 16], "narrow": [24, 16, 8], "last": 32}
    network = begin(tiny, RunConfig(steps=1, network=fields))
    assert asdict(network.config) == asdict(tiny.config) | {k: v if isinstance(v, int) else tuple(v) for k, v in fields.items()}
    assert "tensors taken" in capsys.readouterr().err
