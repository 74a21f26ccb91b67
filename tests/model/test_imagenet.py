import pytest
import torch

from model.imagenet import imagenet_weights, load_imagenet, weights_file
from model.network import ENCODERS, Encoder
from photochrom.errors import ModelRejected


def test_every_weight_of_the_encoder_comes_from_imagenet() -> None:
    torch.manual_seed(0)
    encoder = Encoder(ENCODERS["lite2"])
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    load_imagenet(encoder, "lite2")
    weights = imagenet_weights("lite2")
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, weights[name])
        if value.ndim > 1:
            assert not torch.equal(value, before[name])


@torch.no_grad()
def test_the_maps_are_those_of_a_trained_network() -> None:
    # With wrong padding, order or activation the statistics drift from those the norms hold.
    encoder = Encoder(ENCODERS["lite2"]).eval()
    load_imagenet(encoder, "lite2")
    stage = encoder.stages[6][0]
    seen: list[torch.Tensor] = []
    stage.project.register_forward_hook(lambda module, inputs, output: seen.append(output))
    random = torch.Generator().manual_seed(0)
    blobs = torch.nn.functional.interpolate(torch.randn(4, 3, 16, 16, generator=random), 256, mode="bicubic")
    encoder(blobs.clamp(-1, 1))
    ratio = seen[0].var((0, 2, 3)).median() / stage.project_norm.running_var.median()
    assert 0.2 < ratio < 5


def test_an_encoder_without_weights_is_refused() -> None:
    with pytest.raises(ModelRejected, match="efficientnet-tiny-pytorch-model"):
        weights_file("tiny")
