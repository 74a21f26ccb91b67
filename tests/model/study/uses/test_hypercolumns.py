import pytest
import torch

from model.study.encoder import Encoder
from model.study.uses.head import Layer
from model.study.uses.hypercolumns import Segmenter, enlarged, hypercolumns, sample, strides


@pytest.fixture
def segmenter(encoder: Encoder) -> Segmenter:
    random = torch.Generator().manual_seed(5)
    layer = Layer(torch.randn(3, sum(encoder.widths), generator=random), torch.randn(3, generator=random))
    return Segmenter(encoder.eval(), layer)


PLACES = torch.tensor([[[0.0, 0.0], [5.0, 7.0], [49.0, 35.0], [16.0, 32.0]]])


@pytest.mark.parametrize("size", [(36, 50), (48, 64), (33, 47)])
def test_whole_pictures_and_sampled_places_agree(segmenter: Segmenter, size: tuple[int, int]) -> None:
    inputs = torch.randn(1, 1, *size, generator=torch.Generator().manual_seed(0))
    x, y = torch.meshgrid(torch.arange(size[1]), torch.arange(size[0]), indexing="xy")
    every = torch.stack([x, y], -1).view(1, -1, 2).float()
    with torch.no_grad():
        dense, sparse = segmenter(inputs), segmenter.sampled(inputs, every)
    torch.testing.assert_close(dense.flatten(2).transpose(1, 2), sparse, atol=1e-4, rtol=1e-4)


def test_the_layer_reads_hypercolumns(segmenter: Segmenter) -> None:
    inputs = torch.randn(1, 1, 36, 50, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        columns = hypercolumns(segmenter.encoder, inputs, PLACES)
        expected = columns @ segmenter.weight.T + segmenter.bias
        torch.testing.assert_close(segmenter.sampled(inputs, PLACES), expected, atol=1e-4, rtol=1e-4)


def test_a_place_of_the_map_is_the_pixel_at_its_stride() -> None:
    maps = torch.tensor([[[[0.0, 10.0], [20.0, 30.0]]]])
    places = torch.tensor([[[0.0, 0.0], [4.0, 0.0], [2.0, 0.0], [4.0, 4.0], [7.0, 7.0]]])
    assert sample(maps, 4, places).flatten().tolist() == pytest.approx([0, 10, 5, 30, 30], abs=1e-5)
    large = enlarged(maps, 4, 8, 7)
    assert large.shape == (1, 1, 8, 7)
    assert large[0, 0, 0].tolist() == pytest.approx([0, 2.5, 5, 7.5, 10, 10, 10])
    assert large[0, 0, :, 0].tolist() == pytest.approx([0, 5, 10, 15, 20, 20, 20, 20])


def test_a_pixel_that_lights_up_does_so_at_its_own_place(encoder: Encoder) -> None:
    """No stage is shifted against the photograph: a response is strongest around the pixel that caused it."""
    inputs = torch.zeros(1, 1, 64, 64)
    inputs[0, 0, 32, 32] = 1
    with torch.no_grad():
        pairs = zip(encoder.eval()(inputs), encoder(inputs * 0), strict=True)
        for (lit, dark), stride in zip(pairs, strides(), strict=True):
            change = enlarged((lit - dark).abs().sum(1, keepdim=True), stride, 64, 64)[0, 0]
            x, y = ((change.sum(axis) * torch.arange(64)).sum() / change.sum() for axis in (0, 1))
            assert abs(x - 32) < stride / 2 + 1
            assert abs(y - 32) < stride / 2 + 1


def test_strides_are_those_of_the_maps(encoder: Encoder) -> None:
    maps = encoder.eval()(torch.zeros(1, 1, 64, 64))
    assert [64 // part.shape[2] for part in maps] == strides()
