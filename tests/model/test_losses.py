import math

import numpy as np
import pytest
import torch

from model.losses import (
    SoftTargets,
    at_positions,
    class_weights,
    color_bins,
    color_loss,
    sparse_positions,
    zhang_bins,
)


def test_bins_are_the_259_grid_points_next_to_srgb() -> None:
    bins = color_bins()
    assert bins.shape == (259, 2)
    assert not (bins % 10).any()
    points = {(float(a), float(b)) for a, b in bins}
    assert (0.0, 0.0) in points
    assert (80.0, 70.0) in points  # pure red: a* 80.1, b* 67.2
    assert (80.0, -110.0) in points  # pure blue: a* 79.2, b* -107.9
    assert (-80.0, -80.0) not in points  # no screen shows it


def test_soft_targets_are_the_gaussian_over_the_five_nearest_bins() -> None:
    bins = color_bins().double()
    ab = torch.randint(-80, 80, (200, 2), generator=torch.Generator().manual_seed(1))
    index, share = SoftTargets(bins)(ab.float())
    squares = (ab[:, None].double() - bins).square().sum(-1)
    nearest = squares.sort(1).values[:, :5]
    weight = torch.exp(-nearest / 50)
    np.testing.assert_allclose(squares.gather(1, index), nearest, atol=1e-9)
    near = weight.sum(1) > 1e-12  # further out the Gaussian underflows, the table does not
    np.testing.assert_allclose(share[near], (weight / weight.sum(1, keepdim=True))[near], atol=1e-6)
    np.testing.assert_allclose(share.sum(1), 1, atol=1e-6)


def test_soft_targets_hold_outside_the_table() -> None:
    index, share = SoftTargets(color_bins())(torch.tensor([[900.0, -900.0]]))
    assert torch.isfinite(share).all()
    assert color_bins()[index[0, 0], 0] > 60


def test_class_weights_have_mean_one_and_favour_the_rare() -> None:
    counts = torch.tensor([900.0, 90, 9, 1])
    weight = class_weights(counts)
    assert float((counts / counts.sum() * weight).sum()) == pytest.approx(1, abs=1e-6)
    assert (weight.diff() > 0).all()
    p = 0.5 * 0.9 + 0.5 / 4
    q = 0.5 * 0.001 + 0.5 / 4
    assert float(weight[3] / weight[0]) == pytest.approx((q / p) ** -0.7, rel=1e-5)


def test_no_power_means_equal_weights() -> None:
    assert torch.equal(class_weights(torch.tensor([5.0, 1.0]), power=0), torch.ones(2))


def test_zhangs_bins_are_313_of_the_same_grid_and_hold_all_of_ours() -> None:
    bins = {tuple(row) for row in zhang_bins().tolist()}
    assert len(bins) == 313
    assert bins >= {tuple(row) for row in color_bins().tolist()}
    assert not (zhang_bins() % 10).any()


def test_zhangs_weights_by_hand() -> None:
    # p = (.9, .1), half uniform: .7 and .3; 1/.7 and 1/.3, divided by their mean under p.
    weights = class_weights(torch.tensor([9.0, 1.0]), mix=0.5, power=1, ceiling=math.inf)
    mean = 0.9 / 0.7 + 0.1 / 0.3
    torch.testing.assert_close(weights, torch.tensor([1 / 0.7 / mean, 1 / 0.3 / mean]))


def test_class_weights_stop_at_the_ceiling() -> None:
    assert float(class_weights(torch.tensor([1e6, 1.0]), mix=0.001, power=1).max()) == 8


def test_positions_are_distinct_and_gather_what_they_name() -> None:
    maps = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    positions = sparse_positions(maps, 7, torch.Generator().manual_seed(0))
    assert positions.shape == (2, 7)
    assert all(len(set(row.tolist())) == 7 for row in positions)
    first = int(positions[1, 0])
    assert at_positions(maps, positions)[1, 0].tolist() == maps[1, :, first // 5, first % 5].tolist()


def test_positions_that_are_taken_are_not_drawn_again() -> None:
    taken = torch.tensor([[0, 5, 7], [1, 2, 3]])
    drawn = sparse_positions(torch.zeros(2, 1, 3, 4), 50, torch.Generator().manual_seed(1), taken)
    for there, rest in zip(taken.tolist(), drawn.tolist(), strict=True):
        assert sorted(there + rest) == list(range(12))


def test_loss_by_hand() -> None:
    bins = torch.tensor([[0.0, 0.0], [10.0, 0.0]])
    targets = SoftTargets(bins)
    logits = torch.tensor([[[math.log(3.0), 0.0]]])  # probabilities 3/4 and 1/4
    far = math.exp(-100 / 50)
    shares = 1 / (1 + far), far / (1 + far)
    expected = 2 * -(shares[0] * math.log(0.75) + shares[1] * math.log(0.25))
    loss = color_loss(logits, torch.zeros(1, 1, 2), targets, torch.tensor([2.0, 5.0]).log())
    assert float(loss) == pytest.approx(expected, rel=1e-5)
