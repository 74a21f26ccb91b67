from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from model.convolved import convolved, folded, settle, unfold

PICTURES = torch.rand((4, 3, 24, 24), generator=torch.Generator().manual_seed(1))


class Two(nn.Module):
    """Two filters with norms, and one without."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = convolved(3, 6, 2), convolved(6, 8, 1, 2), nn.Conv2d(8, 2, 1)

    def forward(self, picture: Tensor) -> Tensor:
        answer: Tensor = self.last(self.second(self.first(picture)))
        return answer


def _norms(network: nn.Module) -> Iterator[nn.BatchNorm2d]:
    return (each for each in network.modules() if isinstance(each, nn.BatchNorm2d))


def _lengths(*layers: nn.Sequential) -> Tensor:
    filters = [each for layer in layers for each in layer if isinstance(each, nn.Conv2d)]
    return torch.cat([each.weight.detach().flatten(1).norm(dim=1) for each in filters])


@pytest.fixture
def learned() -> Two:
    """A network whose norms have taken statistics, factors and biases of their own."""
    torch.manual_seed(2)
    network = Two()
    for norm in _norms(network):
        nn.init.uniform_(norm.weight, 0.3, 2)
        nn.init.normal_(norm.bias)
    network(3 * PICTURES)
    return network.eval()


@pytest.fixture
def again(learned: Two) -> Two:
    network = Two().eval()
    unfold(network, folded(learned).state_dict())
    return network


def test_a_network_with_norms_answers_as_the_folded_one_whose_weights_it_gets(
    learned: Two, again: Two
) -> None:
    torch.testing.assert_close(again(PICTURES), learned(PICTURES), atol=1e-4, rtol=1e-4)


def test_statistics_change_no_answer_and_make_training_begin_where_it_ended(learned: Two, again: Two) -> None:
    wanted = learned(PICTURES)
    assert not torch.allclose(again.train()(PICTURES), wanted, atol=0.1)
    unfold(again.eval(), folded(learned).state_dict())
    settle(again, [PICTURES[:2], PICTURES[2:]])
    torch.testing.assert_close(again(PICTURES), wanted, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(again.train()(PICTURES), wanted, atol=1e-4, rtol=1e-4)


def test_filters_that_were_folded_get_the_length_of_new_ones(again: Two) -> None:
    settle(again, [PICTURES])
    torch.testing.assert_close(_lengths(again.first, again.second), torch.full((14,), 3**-0.5))
    assert abs(float(_lengths(*(convolved(64, 64, 1) for _ in range(4))).mean()) - 3**-0.5) < 0.02


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises((KeyError, RuntimeError)):
        unfold(Two(), nn.Conv2d(3, 6, 3).state_dict())
