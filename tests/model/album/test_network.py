import pytest
import torch

from model.album.network import Pages, Sides
from model.convolved import folded


@pytest.mark.parametrize("kind", [Pages, Sides])
def test_folded_norms_give_the_same_answers(kind: type[Pages | Sides]) -> None:
    network = kind()
    network(torch.rand(4, 3, 64, 64) * 255)  # norms that are not neutral
    network.eval()
    picture = torch.rand(1, 3, 64, 64) * 255
    with torch.inference_mode():
        for own, other in zip(network(picture), folded(network)(picture), strict=True):
            assert torch.allclose(own, other, atol=1e-3)
