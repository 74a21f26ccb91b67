import numpy as np
import pytest
import torch
import torch.nn.functional as F

from model.losses import color_bins
from model.network import (
    CONFIDENCE_SCALE,
    Attention,
    Bottleneck,
    Colorizer,
    HintSpread,
    Hypercolumns,
    SameConv,
    decode,
    drop_path,
    pick,
    pool_hints,
    set_drop_path,
)


def lightness(n: int = 2, height: int = 64, width: int = 96) -> torch.Tensor:
    return torch.rand(n, 1, height, width, generator=torch.Generator().manual_seed(3)) * 100


@torch.no_grad()
def test_answers_every_fourth_pixel_at_any_size(tiny: Colorizer) -> None:
    for height, width in ((64, 64), (128, 96), (32, 256)):
        assert tiny(lightness(1, height, width)).shape == (1, 259, height // 4, width // 4)


@torch.no_grad()
def test_empty_hints_and_palette_change_nothing(tiny: Colorizer) -> None:
    light = lightness()
    empty = tiny(light, torch.zeros(2, 3, 64, 96), torch.zeros(2, 259))
    assert torch.equal(tiny(light), empty)


@torch.no_grad()
def test_a_hint_and_a_palette_change_the_answer(tiny: Colorizer) -> None:
    light, hints, palette = lightness(), torch.zeros(2, 3, 64, 96), torch.zeros(2, 259)
    automatic = tiny(light)
    hints[0, :, 30:37, 40:47] = torch.tensor([50.0, 20.0, 1.0])[:, None, None]
    palette[1, 7] = 1
    hinted = tiny(light, hints, palette * 0)
    assert (hinted[0] - automatic[0]).abs().max() > 1e-3
    assert torch.equal(hinted[1], automatic[1])  # the other photograph has no hint
    assert not torch.equal(tiny(light, None, palette)[1], automatic[1])


@torch.no_grad()
def test_a_palette_counts_by_its_shares_alone(tiny: Colorizer) -> None:
    palette = torch.rand(2, 259, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(tiny(lightness(), None, palette), tiny(lightness(), None, palette * 40))


def test_hint_layers_start_at_zero() -> None:
    network = Colorizer(color_bins(), torch.zeros(259))
    hints = (network.hint4, network.hint8, network.hint16, network.hint32)
    palettes = (network.palette, network.palette_bins)
    for layer in (*hints, *palettes):
        assert not layer.tell.weight.any()
    assert not network.spread.gain.any()


def told(hints: torch.Tensor, gain: float = 1.0) -> torch.Tensor:
    """What a spread of one head adds to the logits (Q,16,24) of an even photograph of 64 x 96 px."""
    torch.manual_seed(0)
    spread = HintSpread(4, 1, 8)
    torch.nn.init.constant_(spread.gain, gain)
    return spread(torch.ones(1, 4, 16, 24), torch.full((1, 1, 64, 96), 50.0), hints, color_bins())[0]


@torch.no_grad()
def test_a_spread_hint_speaks_for_its_colour_and_fades_with_distance() -> None:
    hints = torch.zeros(1, 3, 64, 96)
    assert torch.equal(told(hints), torch.zeros(259, 16, 24))
    hints[0, :, 24:32, 24:32] = torch.tensor([40.0, -20.0, 1.0])[:, None, None]
    evidence = told(hints)
    here, far = evidence[:, 7, 7], evidence[:, 7, 22]
    assert color_bins()[here.argmax()].tolist() == [40.0, -20.0]
    # One head, an even photograph, and the place of the key: precision is e^2 / (1 + e^2) of 1 / 5^2.
    distance = (color_bins() - torch.tensor([40.0, -20.0])).square().sum(1)
    expected = -distance / 2 / 5**2 * np.exp(2) / (1 + np.exp(2))
    torch.testing.assert_close(here - here.max(), expected.float(), atol=0.5, rtol=0.05)
    assert (far - far.max()).min() > 0.5 * (here - here.max()).min()


@torch.no_grad()
def test_unlike_places_do_not_hear_a_hint() -> None:
    torch.manual_seed(0)
    spread = HintSpread(4, 1, 8)
    torch.nn.init.constant_(spread.gain, 1.0)
    spread.look.weight *= 10
    x = torch.ones(1, 4, 16, 24)
    x[:, :2, :, 12:] = -1  # the right half is another thing
    hints = torch.zeros(1, 3, 64, 96)
    hints[0, :, 24:32, 36:44] = torch.tensor([40.0, -20.0, 1.0])[:, None, None]
    strength = spread(x, torch.full((1, 1, 64, 96), 50.0), hints, color_bins())[0].abs().amax(0)
    assert strength[7, 10] > 10  # beside the hint, left
    assert strength[7, 13] < 0.01  # as near, but right


@torch.no_grad()
def test_more_hints_than_cells_are_thinned_evenly() -> None:
    hints = torch.zeros(1, 3, 256, 256)
    hints[:] = torch.tensor([10.0, 20.0, 1.0])[:, None, None]  # 1,024 cells
    spread = HintSpread(4, 1, 8)
    keys, heard = spread.cells(torch.rand(1, 10, 64, 64), hints)
    assert keys.shape == (1, 10, spread.CELLS)
    torch.testing.assert_close(heard[0, :, 0], torch.tensor([1.0, 2.0, 4.0]))  # mask, a* and b* over UNIT
    assert (heard[0, 0] == 1).all()


@torch.no_grad()
def test_a_layer_at_each_maps_own_size_is_the_layer_over_the_enlarged_column() -> None:
    channels = {4: 3, 8: 5}
    head = Hypercolumns(channels, 7)
    maps = {4: torch.randn(1, 3, 8, 8), 8: torch.randn(1, 5, 4, 4)}
    column = torch.cat([maps[4], F.interpolate(maps[8], (8, 8), mode="bilinear", align_corners=False)], 1)
    weight = torch.cat([head.parts["4"].weight, head.parts["8"].weight], 1)
    whole = F.relu(F.conv2d(column, weight, head.parts["4"].bias))
    torch.testing.assert_close(head(maps), whole)


def test_picking_has_the_slope_of_gathering() -> None:
    maps = torch.randn(2, 3, 10, requires_grad=True)
    positions = torch.stack([torch.randperm(10)[:4] for _ in range(2)])
    wanted = torch.randn(2, 3, 4)
    (picked,) = torch.autograd.grad((pick(maps, positions) * wanted).sum(), maps)
    index = positions[:, None].expand(-1, 3, -1)
    (gathered,) = torch.autograd.grad((maps.gather(2, index) * wanted).sum(), maps)
    assert torch.equal(picked, gathered)


@torch.no_grad()
def test_positions_pick_from_the_map(tiny: Colorizer) -> None:
    positions = torch.tensor([[0, 17, 383], [5, 100, 200]])
    everywhere, some = tiny(lightness()), tiny(lightness(), positions=positions)
    torch.testing.assert_close(some[1, :, 2, 0], everywhere[1].flatten(1)[:, 200], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 1), (3, 2), (5, 2)])
def test_same_padding_is_tensorflows(kernel: int, stride: int) -> None:
    # TensorFlow: total = max(kernel - stride, 0) for sides divisible by the stride, the smaller half first.
    conv = SameConv(2, 3, kernel, stride)
    x = torch.randn(1, 2, 16, 16)
    total = kernel - stride
    padded = F.pad(x, (total // 2, total - total // 2) * 2)
    torch.testing.assert_close(conv(x), F.conv2d(padded, conv.weight, stride=stride))


def test_dropped_paths_leave_the_mean_and_the_trained_network_alone() -> None:
    torch.manual_seed(0)
    dropped = drop_path(torch.ones(4000, 3, 1, 1), 0.25)
    assert dropped.amin((1, 2, 3)).equal(dropped.amax((1, 2, 3)))  # a photograph at a time
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert dropped.mean().item() == pytest.approx(1, abs=0.03)
    network = Bottleneck(8, 8, 3, 1, 6).eval()
    x = torch.randn(2, 8, 4, 4)
    before = network(x)
    set_drop_path(network, 0.9)
    assert torch.equal(network(x), before)
    assert not torch.equal(network.train()(x), before)


def test_attention_starts_as_the_identity() -> None:
    x = torch.randn(2, 6, 16)
    assert torch.equal(Attention(16, 2)(x), x)


def test_pooled_hints_are_the_mean_of_the_hinted_pixels() -> None:
    hints = torch.zeros(1, 3, 8, 8)
    hints[0, :, 1, 1] = torch.tensor([40.0, -20.0, 1.0])
    hints[0, :, 2, 2] = torch.tensor([20.0, -40.0, 1.0])
    pooled = pool_hints(hints, 4)
    torch.testing.assert_close(pooled[0, :, 0, 0], torch.tensor([0.3, -0.3, 1.0]))
    assert not pooled[0, :, 1, 1].any()


BINS = torch.tensor([[0.0, 0.0], [30.0, 40.0]])


def decoded(probability: float, temperature: float, vividness: float) -> tuple[torch.Tensor, float]:
    """Decode one pixel whose second bin has `probability`, trained with weights 1 and 4."""
    logits = torch.tensor([1 - probability, probability]).log().reshape(1, 2, 1, 1)
    knobs = torch.tensor(temperature), torch.tensor(vividness)
    ab, confidence = decode(logits, BINS, torch.tensor([1.0, 4.0]).log(), *knobs)
    return ab[0, :, 0, 0], float(confidence)


def test_vivid_keeps_and_faithful_undoes_the_class_weights() -> None:
    torch.testing.assert_close(decoded(0.8, 1, 1)[0], 0.8 * BINS[1])
    torch.testing.assert_close(decoded(0.8, 1, 0)[0], 0.5 * BINS[1])  # (.8 / 4) against .2


def test_low_temperature_takes_the_likeliest_bin() -> None:
    torch.testing.assert_close(decoded(0.6, 0.01, 1)[0], BINS[1], atol=1e-3, rtol=0)


def test_confidence_is_the_expected_error() -> None:
    # Unweighted probabilities are 1/2 and 1/2; the answer lies in the middle, 25 from both.
    ab, confidence = decoded(0.8, 1, 0)
    torch.testing.assert_close(ab, BINS[1] / 2)
    assert -CONFIDENCE_SCALE * np.log(confidence) == pytest.approx(25, rel=1e-5)


def test_certainty_is_confidence_one() -> None:
    assert decoded(1 - 1e-7, 1, 1)[1] == pytest.approx(1, abs=1e-2)
