"""Layers of low rank are fitted to what passes through them."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from model.inherit import balance, inherit
from model.network import Colorizer, Squeezed
from model.training.low_rank import Read, fit_decoder

LEAN = {"narrow": (16, 16, 16), "squeeze": (12, 12, 12)}


def light(count: int, seed: int) -> Tensor:
    coarse = torch.rand(count, 1, 4, 4, generator=torch.Generator().manual_seed(seed)) * 100
    return nn.functional.interpolate(coarse, (64, 64), mode="bicubic").clamp(0, 100)


@torch.no_grad()
def read(network: Colorizer, count: int, seed: int) -> list[Read]:
    batches = []
    for part in light(count, seed).split(8):
        maps, condition = network.see(part)
        batches.append((network.context(maps[32], condition), maps))
    return batches


@torch.no_grad()
def distance(old: Colorizer, new: Colorizer, batches: list[Read]) -> float:
    told = [[n.classify(n.enlarge(x, maps)).softmax(1) for n in (old, new)] for x, maps in batches]
    return sum(float((a - b).abs().sum(1).mean()) for a, b in told) / len(told)


def test_fitted_layers_are_nearer_than_factors_on_photographs_that_they_have_not_seen(
    tiny: Colorizer,
) -> None:
    lean = inherit(tiny, replace(tiny.config, **LEAN)).network.eval()
    unseen = read(tiny, 16, seed=2)
    before = distance(tiny, lean, unseen)
    fit_decoder(tiny, lean, read(tiny, 64, seed=1))
    assert distance(tiny, lean, unseen) < 0.8 * before


def test_only_the_decoder_changes(tiny: Colorizer) -> None:
    lean = inherit(tiny, replace(tiny.config, **LEAN)).network.eval()
    before = {name: value.clone() for name, value in lean.state_dict().items()}
    fit_decoder(tiny, lean, read(tiny, 16, seed=1))
    changed = {name for name, value in lean.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith(("up16.", "up8.", "up4.")) for name in changed)
    assert not any("running_var" in name for name in changed)


def test_factors_are_equally_large_and_their_product_stays() -> None:
    torch.manual_seed(0)
    layer = Squeezed(6, 3, 5)
    look, tell = layer.factors
    with torch.no_grad():
        look.weight.mul_(1e-3)
        x = torch.randn(2, 6, 9, 7)
        before = layer(x)
        balance(layer)
        sizes = [float(part.weight.square().mean()) for part in (look, tell)]
        assert sizes[0] == pytest.approx(sizes[1], rel=1e-4)
        torch.testing.assert_close(layer(x), before)
