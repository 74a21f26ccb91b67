"""The shipped recognizer tells a photograph from the same one on old film."""

import numpy as np
import pytest
import torch
from PIL import Image

from model.recognizer.photographs import FILM, glances
from model.training.film import photograph
from photochrom import color
from photochrom.photo.options import ColorizeOptions
from support.pictures.photographs import PHOTOS
from workers.network.networks import Networks
from workers.network.recognizer import OnnxRecognizer
from workers.settings import SHIPPED_MODEL

SEEDS = 3


@pytest.fixture(scope="module")
def shipped() -> OnnxRecognizer:
    return OnnxRecognizer(SHIPPED_MODEL.with_name("recognizer.onnx"), threads=1)


def lab(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """L* (1,1,256,256) and a*, b* (1,2,64,64)."""
    with Image.open(PHOTOS / f"{name}.jpg") as photo:
        small = photo.convert("RGB").resize((256, 256), Image.Resampling.BOX)
    planes = torch.from_numpy(color.lab(np.asarray(small, np.float32) / 255)).permute(2, 0, 1)[None]
    return planes[:, :1], torch.nn.functional.avg_pool2d(planes[:, 1:], 4)


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_a_photograph_is_told_from_the_same_on_blue_sensitive_film(name, shipped):
    clean, ab = lab(name)
    film = FILM.model_copy(update={"blue": 1.0})
    taken = [photograph(clean, ab, film, torch.Generator().manual_seed(seed))[0] for seed in range(SEEDS)]
    told = [shipped.recognizes(glance[0]) for glance in glances(torch.cat([clean, *taken])).numpy()]
    assert told == [False, *[True] * SEEDS]


def test_it_chooses_between_the_networks(predictor, shipped):
    film = type(predictor)()
    networks = Networks(predictor, film, shipped)
    clean, ab = lab("astronaut")
    old, _ = photograph(clean, ab, FILM.model_copy(update={"blue": 1.0}), torch.Generator().manual_seed(0))
    for seen, chosen in ((clean, predictor), (old, film)):
        at = lambda size, seen=seen: seen[0, 0].numpy()  # noqa: E731 - of each, with its own photograph
        assert networks.choose(ColorizeOptions(), at, (256, 256)) is chosen
