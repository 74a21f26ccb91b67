"""Losses of the decoded colours."""

import math

import pytest
import torch

from model.answers import answer_of
from model.network import Colorizer
from model.predict import SETTINGS, Setting
from model.training.finish import WINDOW, decoded, evenness_loss, expectation_loss, window_positions


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_certain_answer_decodes_to_its_colour_at_every_setting(tiny: Colorizer, setting: Setting) -> None:
    chosen = torch.tensor([[3, 200, 40]])
    outputs = torch.full((1, len(tiny.bins), 3, 1), -200.0)
    outputs[0, chosen[0], torch.arange(3), 0] = 200.0
    assert torch.allclose(decoded(answer_of(tiny), outputs, setting), tiny.bins[chosen])


@pytest.mark.parametrize("setting", SETTINGS)
def test_colours_in_training_are_those_that_a_user_gets(tiny: Colorizer, setting: Setting) -> None:
    outputs = 3 * torch.randn(2, len(tiny.bins), 5, 1, generator=torch.Generator().manual_seed(0))
    answer = answer_of(tiny)
    ab, _ = answer.decode(outputs, torch.tensor(setting.temperature), torch.tensor(setting.vividness))
    torch.testing.assert_close(decoded(answer, outputs, setting), ab[..., 0].transpose(1, 2))


def test_the_error_of_the_expectation_by_hand() -> None:
    truth = torch.zeros(2, 4, 2)
    given = torch.stack([torch.full((4, 2), 4.0), torch.zeros(4, 2)])  # mean squared errors 16 and 0
    assert expectation_loss(given, truth).item() == pytest.approx((math.log(25) + math.log(9)) / 2)


def test_even_windows_cost_nothing_and_blotches_do() -> None:
    truth = torch.full((1, 2, 64, 2), 20.0)
    blotched = truth.clone()
    blotched[0, 0, ::2, 0] += 20  # one window of two: a* spreads by 10
    assert evenness_loss(truth, truth).item() == pytest.approx(0, abs=1e-6)
    assert evenness_loss(truth + 30, truth).item() == pytest.approx(0, abs=1e-6)  # wrong, but even
    assert evenness_loss(blotched, truth).item() == pytest.approx(0.5, rel=0.02)


def test_many_coloured_windows_are_left_alone() -> None:
    torch.manual_seed(0)
    truth = 40 * torch.randn(1, 1, 64, 2)
    plain, wild = torch.zeros(1, 1, 64, 2), truth
    both_true, both_given = torch.cat([plain, wild], 1), torch.cat([plain, 2 * wild], 1)
    assert evenness_loss(both_given, both_true).item() < 1e-3


def test_slopes_are_finite_where_all_is_even() -> None:
    given = torch.zeros(1, 1, 64, 2, requires_grad=True)
    evenness_loss(given, torch.zeros(1, 1, 64, 2)).backward()  # type: ignore[no-untyped-call]
    assert given.grad is not None
    assert torch.isfinite(given.grad).all()


def test_windows_are_squares_within_the_map() -> None:
    random = torch.Generator().manual_seed(3)
    positions = window_positions(torch.zeros(3, 1, 20, 28), 5, random).reshape(3, 5, WINDOW, WINDOW)
    rows, columns = positions // 28, positions % 28
    assert all(len(places.unique()) == 5 * 64 for places in positions)
    assert int(positions.max()) < 20 * 28
    assert (rows.diff(dim=2) == 1).all()
    assert (columns.diff(dim=3) == 1).all()
    assert (rows.diff(dim=3) == 0).all()
