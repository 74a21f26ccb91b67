"""The shipped network tells which way a photograph is up, whichever way it lies, and turns it only where it is sure."""

import numpy as np
import pytest
from PIL import Image

from photochrom import color
from photochrom.photo.turning import TURNS
from support.pictures.photographs import PHOTOS
from workers.network.networks import Networks
from workers.network.turner import OnnxTurner
from workers.settings import SHIPPED_MODEL


@pytest.fixture(scope="module")
def shipped() -> OnnxTurner:
    return OnnxTurner(SHIPPED_MODEL.with_name("turner.onnx"), threads=1)


def lightness(name: str, side: int) -> np.ndarray:
    with Image.open(PHOTOS / f"{name}.jpg") as photo:
        small = photo.convert("RGB").resize((side, side), Image.Resampling.BOX)
    return np.asarray(color.lab(np.asarray(small, np.float32) / 255)[..., 0], np.float32)


@pytest.mark.parametrize("name", ["astronaut", "cat", "camera"])
@pytest.mark.parametrize("lying", TURNS)
def test_a_photograph_is_never_turned_wrongly(lying, name, shipped):
    found = shipped.turned(np.ascontiguousarray(np.rot90(lightness(name, shipped.side), -lying // 90)))
    assert found.turn in (0, (360 - lying) % 360)
    assert (found.turn != 0) <= (found.sureness > shipped.card.threshold)


def test_a_portrait_on_its_side_is_turned_upright(shipped):
    upright = lightness("astronaut", shipped.side)
    for lying in (90, 180, 270):
        found = shipped.turned(np.ascontiguousarray(np.rot90(upright, -lying // 90)))
        assert (found.turn, found.sureness > 0.9) == (360 - lying, True)


def test_what_says_nothing_stays(shipped):
    for grey in (0, 50, 100):
        assert shipped.turned(np.full((shipped.side,) * 2, grey, np.float32)).turn == 0


def test_without_it_nothing_is_told_and_of_one_network_alone_it_stays(predictor, shipped):
    look = (lambda size: np.full(size, 50, np.float32)), (100, 80)
    assert Networks(predictor).turned(*look) is None
    both = Networks(predictor, predictor, turner=shipped)
    for which in ("usual", "film"):
        assert both.only(which).turned(*look) == both.turned(*look)
