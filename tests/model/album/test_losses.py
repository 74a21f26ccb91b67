import numpy as np
import pytest
import torch

from model.album.losses import loss_of_pages, loss_of_sides


class _Says(torch.nn.Module):
    """A network that gives this answer."""

    def __init__(self, *answer: torch.Tensor) -> None:
        super().__init__()
        self.said = answer[0], answer[1]

    def forward(self, _: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.said


def test_votes_for_what_is_there_cost_nothing() -> None:
    truth = torch.full((1, 4, 8, 8), 12.0)
    truth[..., :4] = -1
    odds = torch.where(truth[:, :1] > 0, 20.0, -20.0)
    right = torch.cat([odds, torch.full((1, 4, 8, 8), float(np.log(12 / 16))), torch.zeros(1, 1, 8, 8)], 1)
    batch = (torch.zeros(1, 3, 32, 32), truth, torch.zeros(1, 8, 8), torch.ones(1, 8, 8), torch.ones(1))
    wrong = right.clone()
    wrong[:, 1] += 0.5
    costs = [float(loss_of_pages(_Says(said, torch.full((1,), 20.0)), batch)) for said in (right, wrong)]
    assert costs[0] == pytest.approx(0, abs=0.02)
    assert costs[1] > 0.1


def test_where_a_side_does_not_cross_nothing_is_learned() -> None:
    truth = torch.full((1, 4, 8), torch.nan)
    batch = (torch.zeros(1, 3, 16, 16), truth, torch.full((1,), -1.0))
    assert float(loss_of_sides(_Says(torch.randn(1, 4, 8, 8), torch.randn(1)), batch)) == 0
